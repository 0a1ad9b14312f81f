package dev.hone.advise;

import dev.hone.HoneException;
import dev.hone.change.Change;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A Proposal as the migrations of another tool, for teams whose databases change by its files only. Each change is one
 * migration that runs outside a transaction, as building an index without blocking writers must, with its undo.
 */
public final class Migrations {

    private static final int MOST_NAME = 60;
    private static final DateTimeFormatter VERSION = DateTimeFormatter.ofPattern("yyyyMMddHHmmss", Locale.ROOT);

    /** Lines that Liquibase takes for its own wherever they stand. */
    private static final Pattern DIRECTIVE =
            Pattern.compile("(?m)^\\s*(?:--|/\\*|\\*/)", Pattern.UNICODE_CHARACTER_CLASS);

    private Migrations() {}

    /** The tool to write for. */
    public enum Tool {
        /** {@code V…__….sql}, {@code U…__….sql} and a configuration for each. */
        FLYWAY,
        /** One changelog of formatted SQL. */
        LIQUIBASE
    }

    /**
     * Writes them into a folder, which may hold other migrations.
     *
     * @return the files written, in order
     * @throws HoneException of kind {@code REFUSED} if one of the files is there already, or a change cannot be written
     *     for the tool; then nothing is written. Of kind {@code FAILED} if the folder cannot be written
     */
    public static List<Path> write(Proposal proposal, Tool tool, Path folder) {
        Map<String, String> files = switch (tool) {
            case FLYWAY -> flyway(proposal);
            case LIQUIBASE -> liquibase(proposal);
        };
        try {
            Files.createDirectories(folder);
            for (String name : files.keySet()) {
                if (Files.exists(folder.resolve(name))) {
                    throw HoneException.refused(
                            folder.resolve(name) + " is there already",
                            "Nothing was written. Move the migrations of the earlier export away, or name another folder.");
                }
            }
            List<Path> written = new ArrayList<>();
            for (Map.Entry<String, String> file : files.entrySet()) {
                written.add(Files.writeString(folder.resolve(file.getKey()), file.getValue()));
            }
            return written;
        } catch (IOException e) {
            throw HoneException.failed(
                    "Cannot write migrations to " + folder + ": " + e.getClass().getSimpleName() + " " + e.getMessage(),
                    "No database was touched. Name a folder that can be written.",
                    e);
        }
    }

    /** When the Proposal was made, so that its migrations come after older ones and before younger ones. */
    private static String version(Proposal proposal) {
        return VERSION.format(proposal.createdAt().atOffset(ZoneOffset.UTC));
    }

    private static Map<String, String> flyway(Proposal proposal) {
        Map<String, String> files = new LinkedHashMap<>();
        int number = 0;
        for (Recommendation one : proposal.recommendations()) {
            number++;
            String name = String.format(Locale.ROOT, "%s_%03d__%s.sql", version(proposal), number, name(one.change()));
            flyway(files, "V" + name, one, one.change().title(), one.change().sql());
            flyway(
                    files,
                    "U" + name,
                    one,
                    "Takes back: " + one.change().title(),
                    one.change().undoSql());
        }
        return files;
    }

    private static void flyway(
            Map<String, String> files, String name, Recommendation one, String title, List<String> statements) {
        StringBuilder text = new StringBuilder();
        comment(text, title);
        comment(text, "Why: " + one.reason());
        comment(text, "Evidence: " + Phrases.evidence(one));
        comment(text, "Locks: " + one.change().locks());
        if (statements.isEmpty()) {
            comment(text, "There is nothing to take back.");
        }
        statements.forEach(
                statement -> text.append(PlainText.terminated(statement)).append('\n'));
        files.put(name, text.toString());
        // Names may hold what Flyway takes for a placeholder.
        files.put(name + ".conf", "executeInTransaction=false\nplaceholderReplacement=false\n");
    }

    private static Map<String, String> liquibase(Proposal proposal) {
        StringBuilder text = new StringBuilder("--liquibase formatted sql\n");
        int number = 0;
        for (Recommendation one : proposal.recommendations()) {
            number++;
            Change change = one.change();
            int part = 0;
            int last = change.sql().size() - 1;
            for (String statement : change.sql()) {
                // A changeset is a statement: Liquibase would cut several at any semicolon.
                String id = String.format(Locale.ROOT, "%s-%03d", version(proposal), number)
                        + (last == 0 ? "" : "-" + (part + 1));
                text.append("\n--changeset hone:")
                        .append(id)
                        .append(" runInTransaction:false splitStatements:false rollbackSplitStatements:false"
                                + " stripComments:false\n");
                text.append("--comment: ")
                        .append(PlainText.line(change.title()).replace("${", "$ {"))
                        .append('\n');
                text.append(liquibase(change, statement)).append(";\n");
                rollback(text, change, part);
                part++;
            }
        }
        return Map.of("hone-" + version(proposal) + ".sql", text.toString());
    }

    /** All that undoes a change goes with its first statement, which is taken back last. */
    private static void rollback(StringBuilder text, Change change, int part) {
        if (part > 0 || change.undoSql().isEmpty()) {
            text.append("--rollback empty\n");
            return;
        }
        if (change.undoSql().size() > 1) {
            throw refused(change, "it takes several statements to undo");
        }
        String undo = liquibase(change, change.undoSql().getFirst());
        undo.lines().forEach(line -> text.append("--rollback ").append(line).append('\n'));
    }

    private static String liquibase(Change change, String statement) {
        if (DIRECTIVE.matcher(statement).find()) {
            throw refused(change, "a line of its SQL begins as a comment");
        }
        if (statement.contains("${")) {
            // Even a property of the machine it runs on would be put there, and not every version can be kept from it.
            throw refused(change, "it holds ${, in the place of which Liquibase puts a property");
        }
        return statement;
    }

    private static HoneException refused(Change change, String why) {
        return HoneException.refused(
                "Cannot write \"" + PlainText.line(change.title()) + "\" as a Liquibase changeset: " + why,
                "Nothing was written. Export to Flyway, or run it by `hone apply`.");
    }

    private static void comment(StringBuilder text, String line) {
        text.append("-- ").append(PlainText.line(line)).append('\n');
    }

    private static String name(Change change) {
        String plain = Normalizer.normalize(change.title(), Normalizer.Form.NFKD)
                .toLowerCase(Locale.ROOT)
                .replaceAll("\\p{M}", "")
                .replaceAll("[^a-z0-9]+", "_")
                .replaceAll("^_+|_+$", "");
        String cut = plain.substring(0, Math.min(MOST_NAME, plain.length())).replaceAll("_+$", "");
        return cut.isEmpty() ? "change" : cut;
    }
}
