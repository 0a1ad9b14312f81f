package dev.hone.cli;

import dev.hone.check.Checks;
import dev.hone.check.Diagnosis;
import dev.hone.check.Finding;
import dev.hone.check.Light;
import dev.hone.check.Severity;
import dev.hone.cli.Terminal.Style;
import dev.hone.postgres.BlindSpot;
import dev.hone.postgres.Snapshot;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A diagnosis for people: a line of lights for each category, then the findings, gravest first, then what is blind. */
final class DiagnosisText {

    private static final int SHOWN_OF_A_CHECK = 10;

    /** Keeps a light's words on one line. */
    private static final char NO_BREAK = '\u00a0';

    private final Terminal terminal;
    private final boolean all;

    DiagnosisText(Terminal terminal, boolean all) {
        this.terminal = terminal;
        this.all = all;
    }

    void print(Snapshot snapshot, Diagnosis diagnosis) {
        Snapshot.Database database = snapshot.database();
        terminal.println("%s on PostgreSQL %s%s%s, as %s"
                .formatted(
                        terminal.styled(Style.BOLD, database.name()),
                        database.version(),
                        database.sizeBytes() < 0 ? "" : ", " + Words.bytes(database.sizeBytes()),
                        database.standby() ? ", a standby" : "",
                        database.role()));
        terminal.println("");
        lights(diagnosis.lights());
        Map<String, List<Finding>> byCheck = diagnosis.findings().stream()
                .collect(Collectors.groupingBy(Finding::check, LinkedHashMap::new, Collectors.toList()));
        byCheck.forEach((check, findings) -> findings(check, findings));
        blind(snapshot.blindSpots(), diagnosis.lights());
        summary(diagnosis);
    }

    /** The lights, and a line for each check that found something. */
    void printBriefly(Diagnosis diagnosis) {
        lights(diagnosis.lights());
        diagnosis.lights().stream()
                .filter(light -> light.state() == Light.State.FINDING)
                .sorted(Comparator.comparing(Light::worst, Comparator.nullsLast(Comparator.reverseOrder())))
                .forEach(light -> {
                    List<Finding> found = diagnosis.findings(light.check());
                    terminal.println(wrap(
                            "  " + mark(light.worst()) + " ",
                            found.getFirst().subject() + ": " + found.getFirst().summary()
                                    + (found.size() > 1 ? " (and " + (found.size() - 1) + " more)" : "")));
                });
    }

    private void lights(List<Light> lights) {
        Map<String, List<Light>> byCategory = lights.stream()
                .collect(Collectors.groupingBy(Light::category, LinkedHashMap::new, Collectors.toList()));
        int width = byCategory.keySet().stream().mapToInt(String::length).max().orElse(0);
        byCategory.forEach((category, members) -> {
            String shown = members.stream()
                    .map(light -> light(light).replace(' ', NO_BREAK))
                    .collect(Collectors.joining(NO_BREAK + "  "));
            terminal.println(wrap("  " + category + " ".repeat(width - category.length() + 2), shown)
                    .replace(NO_BREAK, ' '));
        });
        terminal.println("");
    }

    private String light(Light light) {
        return switch (light.state()) {
            case OK -> terminal.styled(Style.GREEN, "✔") + " " + light.title();
            case FINDING -> mark(light.worst()) + " " + light.title() + " (" + light.findings() + ")";
            case BLIND -> terminal.styled(Style.BLUE, "?") + " " + light.title();
        };
    }

    private void findings(String check, List<Finding> findings) {
        String title = Checks.all().stream()
                .filter(one -> one.id().equals(check))
                .map(one -> one.title())
                .findFirst()
                .orElse(check);
        Finding first = findings.getFirst();
        terminal.println(mark(first.severity()) + " " + terminal.styled(Style.BOLD, title) + "  "
                + terminal.styled(Style.DIM, check));
        terminal.println(wrap("  ", first.why()));
        int shown = all ? findings.size() : Math.min(findings.size(), SHOWN_OF_A_CHECK);
        @Nullable String remedy = null;
        for (Finding finding : findings.subList(0, shown)) {
            if (!finding.remedy().equals(remedy)) {
                remedy = finding.remedy();
                terminal.println(wrap("  → ", remedy));
            }
            terminal.println("  " + mark(finding.severity()) + " " + terminal.styled(Style.CYAN, finding.subject()));
            terminal.println(wrap("      ", finding.summary()));
            finding.sql().forEach(sql -> terminal.println("      " + sql + (sql.endsWith(";") ? "" : ";")));
        }
        if (shown < findings.size()) {
            terminal.println("    … and " + (findings.size() - shown) + " more: --all shows them.");
        }
        terminal.println("");
    }

    private void blind(List<BlindSpot> spots, List<Light> lights) {
        for (BlindSpot spot : spots) {
            terminal.println(
                    terminal.styled(Style.BLUE, "? ") + terminal.styled(Style.BOLD, "Blind") + "  " + spot.what());
            terminal.println("      " + spot.cure());
        }
        for (Light light : lights) {
            if (light.blindness() != null) {
                terminal.println(terminal.styled(Style.BLUE, "? ") + light.title() + ": " + light.blindness());
            }
        }
        if (!spots.isEmpty() || lights.stream().anyMatch(light -> light.blindness() != null)) {
            terminal.println("");
        }
    }

    private void summary(Diagnosis diagnosis) {
        Map<Severity, Long> counts =
                diagnosis.findings().stream().collect(Collectors.groupingBy(Finding::severity, Collectors.counting()));
        terminal.println(
                Words.count(counts.getOrDefault(Severity.CRITICAL, 0L), "critical finding", "critical findings")
                        + ", " + Words.count(counts.getOrDefault(Severity.WARNING, 0L), "warning", "warnings")
                        + ", " + Words.count(counts.getOrDefault(Severity.INFO, 0L), "note", "notes")
                        + ". Nothing was changed. Next: hone advise URL --out proposal");
    }

    private String mark(@Nullable Severity severity) {
        return switch (severity) {
            case CRITICAL -> terminal.styled(Style.RED, "✖");
            case WARNING -> terminal.styled(Style.YELLOW, "▲");
            case INFO -> terminal.styled(Style.DIM, "•");
            case null -> " ";
        };
    }

    private String wrap(String indent, String text) {
        return Paragraph.wrap(indent, text, terminal.columns());
    }
}
