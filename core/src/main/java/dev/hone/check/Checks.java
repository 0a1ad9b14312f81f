package dev.hone.check;

import dev.hone.check.Light.State;
import dev.hone.postgres.Evidence;
import dev.hone.postgres.ServerVersion;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.Sql;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All checks there are: the resources that {@code checks.txt} beside this class names, gravest consequences first. To
 * add one, write its SQL, its page in docs/checks, and its name in that list.
 *
 * <p>Asking and judging are apart: {@link #queries} goes to a server through a SnapshotReader, {@link #diagnose} needs
 * nothing but the Snapshot that came of it.
 */
public final class Checks {

    /** Asks which of the predefined roles we have, so that an empty answer is not taken for an all-clear. */
    private static final String ROLES = "roles";

    private static final List<Check> ALL = read("checks.txt")
            .lines()
            .filter(line -> !line.isBlank())
            .map(id -> Check.parse(id, read(id + ".sql")))
            .toList();

    private Checks() {}

    /** The checks, in their order. */
    public static List<Check> all() {
        return ALL;
    }

    /** What to ask a server of this version. */
    public static List<Evidence.Query> queries(ServerVersion version) {
        return Stream.concat(Stream.of(ROLES), ALL.stream().map(Check::id))
                .map(id -> new Evidence.Query(id, select(id, version)))
                .toList();
    }

    /** Judges what the queries brought back. What was not asked, or not answered, is a blind light. */
    public static Diagnosis diagnose(Snapshot snapshot) {
        Map<String, Evidence> evidence = snapshot.evidence();
        List<Finding> findings = new ArrayList<>();
        List<Light> lights = new ArrayList<>();
        for (Check check : ALL) {
            @Nullable Evidence answer = evidence.get(check.id());
            List<Row> rows = answer == null
                    ? List.of()
                    : answer.rows().stream().map(Row::new).toList();
            List<Finding> found = rows.stream()
                    .filter(row -> row.blindness() == null)
                    .map(row -> row.finding(check))
                    .toList();
            findings.addAll(found);
            lights.add(light(check, found, blindness(check, answer, rows, evidence.get(ROLES))));
        }
        // A stable sort: what comes first stays first among equals.
        findings.sort(Comparator.comparing(Finding::severity).reversed());
        return new Diagnosis(findings, lights);
    }

    private static Light light(Check check, List<Finding> found, @Nullable String blindness) {
        State state = !found.isEmpty() ? State.FINDING : blindness != null ? State.BLIND : State.OK;
        @Nullable Severity worst = found.stream()
                .map(Finding::severity)
                .max(Comparator.naturalOrder())
                .orElse(null);
        return new Light(check.id(), check.title(), check.category(), state, found.size(), worst, blindness);
    }

    private static @Nullable String blindness(
            Check check, @Nullable Evidence answer, List<Row> rows, @Nullable Evidence roles) {
        if (answer == null) {
            return "The Snapshot holds no answer to this check: it was taken without it.";
        }
        if (answer.unavailable() != null) {
            return "The server did not answer: " + answer.unavailable();
        }
        String missing = Stream.concat(
                        check.needs().stream().map(need -> cure(need, roles)),
                        rows.stream().map(Row::blindness))
                .filter(Objects::nonNull)
                .collect(Collectors.joining("; "));
        return missing.isEmpty() ? null : missing;
    }

    /** What to grant so that a predefined role is held; null if it is. */
    private static @Nullable String cure(String need, @Nullable Evidence roles) {
        List<Map<String, Object>> rows = roles == null ? List.of() : roles.rows();
        for (Map<String, Object> row : rows) {
            if (need.equals(row.get("role"))) {
                return Boolean.TRUE.equals(row.get("held"))
                        ? null
                        : "Other roles' sessions are hidden: GRANT " + need + " TO "
                                + Sql.identifier(String.valueOf(row.get("grantee")));
            }
        }
        return "It is not known whether this role has the rights of " + need;
    }

    private static String select(String id, ServerVersion version) {
        return Check.select(Sql.text(Checks.class, id, version));
    }

    private static String read(String file) {
        try (InputStream in = Checks.class.getResourceAsStream(file)) {
            return new String(Objects.requireNonNull(in, file).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
