package dev.hone.advise;

import dev.hone.HoneException;
import dev.hone.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;

/**
 * A Proposal on disk: {@code proposal.json} for programs, {@code README.md} and numbered SQL with its undo beside it for
 * people. Each SQL file runs as it stands in psql, outside a transaction block.
 */
public final class ProposalFolder {

    private static final String JSON = "proposal.json";
    private static final String README = "README.md";
    private static final String SQL = "sql";
    private static final int MOST_NAME = 60;
    private static final int MOST_EFFECTS = 5;

    private ProposalFolder() {}

    /**
     * Writes a Proposal into a folder, in the place of the one that is there.
     *
     * @throws HoneException of kind {@code REFUSED} if the folder holds something that is no proposal; of kind {@code
     *     FAILED} if it cannot be written
     */
    public static void write(Proposal proposal, Path folder) {
        try {
            if (Files.exists(folder) && !Files.isDirectory(folder)) {
                throw HoneException.refused(
                        folder + " is a file, not a folder", "Nothing was written. Name another folder.");
            }
            if (Files.isDirectory(folder)) {
                if (!isEmpty(folder)) {
                    requireProposal(folder);
                    clear(folder);
                }
            }
            if (!Files.isDirectory(folder)) {
                // Queries and conditions may hold data: for its owner alone, as a snapshot is.
                Files.createDirectories(
                        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
            Files.createDirectories(folder.resolve(SQL));
            int number = 0;
            for (Recommendation one : proposal.recommendations()) {
                number++;
                String name = fileName(number, one);
                Files.writeString(folder.resolve(SQL).resolve(name + ".sql"), forward(one));
                Files.writeString(folder.resolve(SQL).resolve(name + ".undo.sql"), backward(one));
            }
            Files.writeString(folder.resolve(README), readme(proposal));
            // Last and in one move: a folder that has it is whole.
            Path unfinished = Files.writeString(folder.resolve(JSON + ".part"), Json.pretty(proposal));
            Files.move(unfinished, folder.resolve(JSON), StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw HoneException.failed(
                    "Cannot write the proposal to " + folder + ": " + reason(e),
                    "No database was touched. Name a folder that can be written.",
                    e);
        }
    }

    /**
     * Reads the Proposal of a folder.
     *
     * @param folder the folder, or the {@code proposal.json} in it
     * @throws HoneException of kind {@code USAGE} if there is none, or it cannot be understood
     */
    public static Proposal read(Path folder) {
        Path file = Files.isDirectory(folder) ? folder.resolve(JSON) : folder;
        String advice = "Nothing was changed. Write the proposal again with `hone advise --out`.";
        String text;
        try {
            text = Files.readString(file);
        } catch (IOException e) {
            throw HoneException.usage("There is no proposal in " + folder + ": " + reason(e), advice);
        }
        try {
            Object format = Json.object(text).get("format");
            if (!(format instanceof Integer number)) {
                throw HoneException.usage(file + " is not a proposal: it names no format", advice);
            }
            if (number > Proposal.FORMAT) {
                throw HoneException.usage(
                        file + " is of format " + number + "; this Hone reads up to " + Proposal.FORMAT,
                        "Nothing was changed. Use the Hone that wrote it, or a newer one.");
            }
            return Json.read(text, Proposal.class);
        } catch (JacksonException | NullPointerException e) {
            // Records refuse missing lists by themselves; Jackson reports some of these bare.
            throw HoneException.usage(
                    file + " is not a proposal: " + firstLine(String.valueOf(e.getMessage())), advice);
        }
    }

    /** The statements of one SQL file, with why, locks and size above them. */
    private static String forward(Recommendation one) {
        StringBuilder text = new StringBuilder();
        comment(text, one.change().title());
        comment(text, "Why: " + one.reason());
        comment(text, "Locks: " + one.change().locks());
        if (one.sizeBytes() != 0) {
            comment(text, (one.sizeBytes() > 0 ? "Size: " : "Gives back: ") + size(Math.abs(one.sizeBytes())));
        }
        for (Recommendation.Effect effect : first(one.effects())) {
            comment(
                    text,
                    String.format(
                            Locale.ROOT,
                            "Query %s: cost %s -> %s a call",
                            effect.query(),
                            cost(effect.costBefore()),
                            cost(effect.costAfter())));
        }
        comment(text, "Run outside a transaction block.");
        return statements(text, one.change().sql());
    }

    private static String backward(Recommendation one) {
        StringBuilder text = new StringBuilder();
        comment(text, "Takes back: " + one.change().title());
        if (one.change().undoSql().isEmpty()) {
            String irreversible = one.change().irreversible();
            comment(text, irreversible.isEmpty() ? "There is nothing to take back." : irreversible);
        }
        return statements(text, one.change().undoSql());
    }

    private static String statements(StringBuilder text, List<String> statements) {
        statements.forEach(statement -> text.append(statement).append(";\n"));
        return text.toString();
    }

    /** One comment line; what would end it, or would show text in another order than it runs, is made visible. */
    private static void comment(StringBuilder text, String line) {
        text.append("-- ").append(oneLine(line)).append('\n');
    }

    private static String oneLine(String text) {
        StringBuilder safe = new StringBuilder();
        text.codePoints().forEach(c -> {
            switch (Character.getType(c)) {
                case Character.CONTROL,
                        Character.FORMAT,
                        Character.LINE_SEPARATOR,
                        Character.PARAGRAPH_SEPARATOR,
                        Character.SURROGATE -> safe.append(String.format(Locale.ROOT, "\\u%04x", c));
                default -> safe.appendCodePoint(c);
            }
        });
        return safe.toString();
    }

    /** Letters, digits and underscores only, so that the name is one on every file system. */
    private static String fileName(int number, Recommendation one) {
        String plain = Normalizer.normalize(one.change().title(), Normalizer.Form.NFKD)
                .toLowerCase(Locale.ROOT)
                .replaceAll("\\p{M}", "")
                .replaceAll("[^a-z0-9_]+", "-")
                .replaceAll("^-+|-+$", "");
        String cut = plain.substring(0, Math.min(MOST_NAME, plain.length())).replaceAll("-+$", "");
        return String.format(Locale.ROOT, "%03d-%s", number, cut.isEmpty() ? "change" : cut);
    }

    private static String readme(Proposal proposal) {
        StringBuilder text = new StringBuilder();
        text.append("# Proposal for ").append(markdown(proposal.database())).append("\n\n");
        text.append("Worked out ")
                .append(proposal.createdAt())
                .append(" from ")
                .append(markdown(proposal.workload()))
                .append(".\n");
        if (proposal.costBefore() > 0) {
            text.append(String.format(
                    Locale.ROOT,
                    "The planner's cost of the whole workload falls from %s to %s (%.1f %% of before).%n",
                    cost(proposal.costBefore()),
                    cost(proposal.costAfter()),
                    100 * proposal.costAfter() / proposal.costBefore()));
        }
        text.append(
                "\nApply it with `hone apply`, or run the files of `sql/` in order, each outside a transaction block."
                        + " The `.undo.sql` beside each takes it back.\n");
        int number = 0;
        for (Recommendation one : proposal.recommendations()) {
            number++;
            text.append("\n## ")
                    .append(number)
                    .append(". ")
                    .append(markdown(one.change().title()))
                    .append("\n\n")
                    .append(markdown(one.reason()))
                    .append("\n\n");
            one.change().sql().forEach(sql -> block(text, sql));
            text.append("\n- ").append(markdown(one.change().locks())).append('\n');
            if (one.sizeBytes() != 0) {
                text.append(one.sizeBytes() > 0 ? "- Size: " : "- Gives back: ")
                        .append(size(Math.abs(one.sizeBytes())))
                        .append('\n');
            }
            effects(text, one);
            if (!one.alternatives().isEmpty()) {
                text.append("\nAlso tried:\n\n");
                for (Recommendation.Alternative other : one.alternatives()) {
                    text.append("- ")
                            .append(markdown(other.sql()))
                            .append(" (")
                            .append(size(other.sizeBytes()))
                            .append("): ")
                            .append(markdown(other.reason()))
                            .append('\n');
                }
            }
        }
        if (!proposal.notes().isEmpty()) {
            text.append("\n## Notes\n\n");
            proposal.notes()
                    .forEach(note -> text.append("- ").append(markdown(note)).append('\n'));
        }
        return text.toString();
    }

    private static void effects(StringBuilder text, Recommendation one) {
        if (one.effects().isEmpty()) {
            return;
        }
        text.append("\n| query | calls | cost before | cost after |\n|---|---:|---:|---:|\n");
        for (Recommendation.Effect effect : first(one.effects())) {
            text.append("| ")
                    .append(markdown(effect.query()))
                    .append(String.format(Locale.ROOT, " | %,.0f | ", effect.calls()))
                    .append(cost(effect.costBefore()))
                    .append(" | ")
                    .append(cost(effect.costAfter()))
                    .append(" |\n");
        }
        if (one.effects().size() > MOST_EFFECTS) {
            text.append("\nand ").append(one.effects().size() - MOST_EFFECTS).append(" more in proposal.json.\n");
        }
    }

    /** As an indented block: there is no fence in it that a name could close. */
    private static void block(StringBuilder text, String sql) {
        sql.lines().forEach(line -> text.append("    ").append(line).append('\n'));
    }

    private static String markdown(String text) {
        return oneLine(text).replaceAll("([\\\\`*_{}\\[\\]<>#|])", "\\\\$1");
    }

    private static List<Recommendation.Effect> first(List<Recommendation.Effect> effects) {
        return effects.subList(0, Math.min(MOST_EFFECTS, effects.size()));
    }

    private static String cost(double cost) {
        return String.format(Locale.ROOT, cost < 100 ? "%,.1f" : "%,.0f", cost);
    }

    private static String size(long bytes) {
        return bytes < 10L << 20
                ? String.format(Locale.ROOT, "%,d kB", bytes >> 10)
                : String.format(Locale.ROOT, "%,d MB", bytes >> 20);
    }

    private static boolean isEmpty(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.findAny().isEmpty();
        }
    }

    private static void requireProposal(Path folder) {
        try {
            read(folder);
        } catch (HoneException e) {
            throw HoneException.refused(
                    folder + " is not empty, and holds no proposal that could be replaced",
                    "Nothing was written. Name another folder, or empty this one.");
        }
    }

    /** Removes what an earlier proposal left, and nothing else. */
    private static void clear(Path folder) throws IOException {
        List<Path> old = new ArrayList<>(List.of(folder.resolve(JSON), folder.resolve(README)));
        Path sql = folder.resolve(SQL);
        if (Files.isDirectory(sql)) {
            try (Stream<Path> files = Files.list(sql)) {
                files.filter(file -> file.getFileName().toString().matches("\\d{3,}-[a-z0-9_-]+(\\.undo)?\\.sql"))
                        .forEach(old::add);
            }
        }
        for (Path file : old) {
            Files.deleteIfExists(file);
        }
    }

    private static String reason(IOException e) {
        return e instanceof java.nio.file.NoSuchFileException
                ? "no file " + e.getMessage()
                : e.getClass().getSimpleName() + " " + e.getMessage();
    }

    private static String firstLine(String text) {
        return text.lines().findFirst().orElse("");
    }
}
