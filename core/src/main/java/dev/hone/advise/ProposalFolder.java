package dev.hone.advise;

import dev.hone.HoneException;
import dev.hone.Json;
import dev.hone.change.Change;
import dev.hone.change.RunSql;
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
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectReader;

/**
 * A Proposal on disk: {@code proposal.json} for programs, {@code proposal.md}, {@code proposal.html} and numbered SQL
 * with its undo beside it for people. Each SQL file runs as it stands in psql, outside a transaction block.
 */
public final class ProposalFolder {

    private static final String JSON = "proposal.json";
    private static final String MARKDOWN = "proposal.md";
    private static final String HTML = "proposal.html";
    private static final String SQL = "sql";
    /** Of a field that is there twice, one would be lost. */
    private static final ObjectReader TREE =
            Json.MAPPER.reader().with(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY);

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
            Files.writeString(folder.resolve(MARKDOWN), ProposalMarkdown.of(proposal));
            Files.writeString(folder.resolve(HTML), ProposalHtml.of(proposal));
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
            JsonNode json = TREE.readTree(text);
            JsonNode format = json.path("format");
            if (!format.isIntegralNumber()) {
                throw HoneException.usage(file + " is not a proposal: it names no format", advice);
            }
            if (format.asLong(Long.MAX_VALUE) > Proposal.FORMAT) {
                throw HoneException.usage(
                        file + " is of format " + format + "; this Hone reads up to " + Proposal.FORMAT,
                        "Nothing was changed. Use the Hone that wrote it, or a newer one.");
            }
            new WrittenProposal(file.toString(), json).require();
            return Json.MAPPER.treeToValue(json, Proposal.class);
        } catch (JacksonException | NullPointerException e) {
            // Lists refuse entries that are null by themselves; Jackson reports some of these bare.
            throw HoneException.usage(
                    file + " is not a proposal: " + firstLine(String.valueOf(e.getMessage())), advice);
        }
    }

    /** The statements of one SQL file, with why, locks and size above them. */
    private static String forward(Recommendation one) {
        StringBuilder text = new StringBuilder();
        comment(text, one.change().title());
        comment(text, "Why: " + one.reason());
        comment(text, "Evidence: " + Phrases.evidence(one));
        comment(text, "Locks: " + one.change().locks());
        if (one.sizeBytes() != 0) {
            comment(
                    text,
                    (one.sizeBytes() > 0 ? "Size: " : "Gives back: ") + Quantity.bytes(Math.abs(one.sizeBytes())));
        }
        if (one.buildTime() != null) {
            comment(text, "Time to build, an estimate: " + Phrases.buildTime(one.buildTime()));
        }
        one.upkeep().stream().limit(MOST_EFFECTS).forEach(upkeep -> comment(text, "Writes: " + Phrases.upkeep(upkeep)));
        for (Recommendation.Effect effect : Phrases.foremost(one.effects(), MOST_EFFECTS)) {
            comment(
                    text,
                    String.format(
                            Locale.ROOT,
                            "Query %s: cost %s -> %s a call",
                            effect.query(),
                            Quantity.units(effect.costBefore()),
                            Quantity.units(effect.costAfter())));
        }
        byHand(text, one.change());
        comment(text, "Run outside a transaction block.");
        return statements(text, one.change(), one.change().sql());
    }

    private static String backward(Recommendation one) {
        StringBuilder text = new StringBuilder();
        comment(text, "Takes back: " + one.change().title());
        byHand(text, one.change());
        if (one.change().undoSql().isEmpty()) {
            String irreversible = one.change().irreversible();
            String nothing = one.change().byHand().isEmpty()
                    ? "There is nothing to take back."
                    : "There is no statement that takes it back.";
            comment(text, irreversible.isEmpty() ? nothing : irreversible);
        }
        return statements(text, one.change(), one.change().undoSql());
    }

    private static void byHand(StringBuilder text, Change change) {
        if (!change.byHand().isEmpty()) {
            comment(text, "Without Hone: " + change.byHand());
        }
    }

    private static String statements(StringBuilder text, Change change, List<String> statements) {
        boolean together = change instanceof RunSql run && run.transactional() && !statements.isEmpty();
        text.append(together ? "BEGIN;\n" : "");
        statements.forEach(
                statement -> text.append(PlainText.terminated(statement)).append('\n'));
        text.append(together ? "COMMIT;\n" : "");
        return text.toString();
    }

    /** One comment line, which nothing in it ends. */
    private static void comment(StringBuilder text, String line) {
        text.append("-- ").append(PlainText.line(line)).append('\n');
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
        List<Path> old = new ArrayList<>();
        for (String name : List.of(JSON, MARKDOWN, HTML, Guide.MARKDOWN, Guide.HTML, "README.md")) {
            old.add(folder.resolve(name));
        }
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
