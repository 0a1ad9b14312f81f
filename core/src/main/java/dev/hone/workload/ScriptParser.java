package dev.hone.workload;

import dev.hone.HoneException;
import dev.hone.workload.SqlText.Kind;
import dev.hone.workload.SqlText.Piece;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads a {@link Script} from text. Every mistake is refused with the file's name and the line. */
public final class ScriptParser {

    private static final Pattern HEADER = Pattern.compile(
            "--[ \\t]*([A-Za-z]+)((?:[ \\t,]+[A-Za-z_][A-Za-z0-9_]*)*)[ \\t]*:(?!:)(.*)", Pattern.DOTALL);
    private static final Pattern CONTINUATION = Pattern.compile("--(?: {3,}|\\t)\\s*(\\S.*)", Pattern.DOTALL);

    private final String name;
    private final String text;
    private final List<Script.Request> requests = new ArrayList<>();
    private final Set<String> names = new HashSet<>();
    private Draft draft = new Draft(null, 1);
    private @Nullable DraftSample continued;
    private StringBuilder statement = new StringBuilder();
    private List<String> parameters = new ArrayList<>();
    private boolean hasCode;
    private int statementLine;
    private int loneStatements;

    private ScriptParser(String name, String text) {
        this.name = name;
        this.text = text;
    }

    /**
     * Reads a script.
     *
     * @param name what to call it in messages: the file's name
     * @throws HoneException of kind {@code USAGE} that says what is wrong in which line
     */
    public static Script parse(String name, String text) {
        String normalised = text.startsWith("\uFEFF") ? text.substring(1) : text;
        return new ScriptParser(name, normalised.replace("\r\n", "\n")).parse();
    }

    /**
     * Reads a script from a file in UTF-8.
     *
     * @throws HoneException of kind {@code USAGE} if it cannot be read, or says what is wrong in which line
     */
    public static Script read(Path file) {
        try {
            return parse(file.toString(), Files.readString(file, StandardCharsets.UTF_8));
        } catch (NoSuchFileException e) {
            throw HoneException.usage("There is no file " + file, "Nothing was run. Check the script's path.");
        } catch (MalformedInputException e) {
            throw HoneException.usage(
                    file + " is not text in UTF-8", "Nothing was run. Save the script in UTF-8 and try again.");
        } catch (IOException e) {
            throw HoneException.usage(
                    "Cannot read " + file + ": " + e.getMessage(), "Nothing was run. Check the script's path.");
        }
    }

    private Script parse() {
        List<Piece> pieces;
        try {
            pieces = SqlText.pieces(text);
        } catch (SqlText.UnclosedException e) {
            throw mistake(e.offset(), String.valueOf(e.getMessage()), "Close it.");
        }
        for (Piece piece : pieces) {
            String part = text.substring(piece.start(), piece.end());
            switch (piece.kind()) {
                case CODE -> code(part, piece.start());
                case QUOTED -> {
                    begin(piece.start());
                    statement.append(part);
                }
                case LINE_COMMENT -> {
                    if (hasCode) {
                        statement.append(part);
                    } else {
                        comment(part, piece.start());
                    }
                }
                case BLOCK_COMMENT -> {
                    // Before a statement it may be a planner hint, so it stays with the statement.
                    statement.append(part);
                    continued = null;
                }
            }
        }
        endStatement(text.length());
        endRequest(text.length());
        if (requests.isEmpty()) {
            throw mistake(text.length(), "there is no statement in it", "Write at least one SQL statement.");
        }
        return new Script(name, requests);
    }

    private void code(String part, int offset) {
        int i = 0;
        while (i < part.length()) {
            char c = part.charAt(i);
            if (c == ';') {
                endStatement(offset + i);
                i++;
            } else if (Character.isWhitespace(c)) {
                if (hasCode || !statement.isEmpty()) {
                    statement.append(c);
                }
                i++;
            } else {
                begin(offset + i);
                if (c == '\\') {
                    throw mistake(
                            offset + i,
                            "commands of psql and pgbench, which begin with a backslash, are not SQL",
                            "Remove it. Values come from a line like '-- sample id: SELECT id FROM orders'.");
                }
                i = word(part, i, offset);
            }
        }
    }

    /** Takes one word or sign from the code and returns the place after it. */
    private int word(String part, int i, int offset) {
        char c = part.charAt(i);
        if (c == ':' && i + 1 < part.length()) {
            char next = part.charAt(i + 1);
            if (next == ':' || next == '=') {
                statement.append(c).append(next);
                return i + 2;
            }
            if (isNameStart(next)) {
                int end = i + 1;
                while (end < part.length() && (isNameStart(part.charAt(end)) || isDigit(part.charAt(end)))) {
                    end++;
                }
                parameters.add(part.substring(i + 1, end));
                statement.append('$').append(parameters.size());
                return end;
            }
        }
        if (c == '$' && i + 1 < part.length() && isDigit(part.charAt(i + 1))) {
            throw mistake(
                    offset + i,
                    "a parameter without a name: $" + part.charAt(i + 1),
                    "Write :name, and give its values by a line '-- sample name: SELECT …'.");
        }
        int end = i + 1;
        if (SqlText.isNamePart(c)) {
            while (end < part.length() && SqlText.isNamePart(part.charAt(end))) {
                end++;
            }
        }
        statement.append(part, i, end);
        return end;
    }

    private void begin(int offset) {
        if (!hasCode) {
            hasCode = true;
            statementLine = offset;
            continued = null;
        }
    }

    private void comment(String comment, int offset) {
        Matcher header = HEADER.matcher(comment);
        if (header.matches()) {
            String word = header.group(1).toLowerCase(Locale.ROOT);
            String arguments = header.group(2).strip();
            String value = header.group(3).strip();
            if (word.equals("sample") || (arguments.isEmpty() && (word.equals("request") || word.equals("weight")))) {
                continued = null;
                switch (word) {
                    case "request" -> request(value, offset);
                    case "weight" -> weight(value, offset);
                    default -> sample(arguments, value, offset);
                }
                return;
            }
            if (arguments.isEmpty() && header.group(1).equals(word)) {
                throw mistake(
                        offset,
                        "unknown header '" + word + ":'",
                        "Known are request:, weight: and sample …:. To write a note, begin it with a capital letter.");
            }
        }
        Matcher more = CONTINUATION.matcher(comment);
        DraftSample open = continued;
        if (open != null && more.matches()) {
            open.query.append('\n').append(more.group(1).stripTrailing());
        } else {
            continued = null;
        }
    }

    private void request(String value, int offset) {
        endRequest(offset);
        if (value.isEmpty()) {
            throw mistake(offset, "a request without a name", "Write '-- request: what it does'.");
        }
        draft = new Draft(value, offset);
    }

    private void weight(String value, int offset) {
        beforeStatements("weight", offset);
        if (draft.weight != null) {
            throw mistake(offset, "a second weight for the same request", "Keep one of the two.");
        }
        double weight;
        try {
            weight = Double.parseDouble(value);
        } catch (NumberFormatException e) {
            throw mistake(
                    offset, "the weight '" + value + "' is not a number", "Write a positive number, such as 2.5.");
        }
        if (!(weight > 0) || Double.isInfinite(weight)) {
            throw mistake(offset, "the weight " + value + " is not positive", "Write a positive number, such as 2.5.");
        }
        draft.weight = weight;
    }

    private void sample(String arguments, String value, int offset) {
        beforeStatements("sample", offset);
        List<String> sampled = List.of(arguments.split("[ \\t,]+")).stream()
                .filter(one -> !one.isEmpty())
                .toList();
        if (sampled.isEmpty()) {
            throw mistake(
                    offset,
                    "a sample without a parameter",
                    "Name the parameters that its columns fill: '-- sample user_id: SELECT user_id FROM bets'.");
        }
        for (String one : sampled) {
            if (!draft.sampled.add(one)) {
                throw mistake(offset, "a second sample for :" + one, "Keep one of the two.");
            }
        }
        DraftSample sample = new DraftSample(sampled, value, offset);
        draft.samples.add(sample);
        continued = sample;
    }

    private void beforeStatements(String header, int offset) {
        if (!draft.statements.isEmpty()) {
            throw mistake(
                    offset,
                    "the " + header + " comes after a statement of its request",
                    "Move it up, next to the line '-- request:', or begin a new request before it.");
        }
    }

    private void endStatement(int offset) {
        if (!hasCode) {
            statement = new StringBuilder();
            return;
        }
        try {
            draft.statements.add(
                    new DraftStatement(new Script.Statement(statement.toString().strip(), parameters), statementLine));
        } finally {
            statement = new StringBuilder();
            parameters = new ArrayList<>();
            hasCode = false;
        }
        if (draft.name == null) {
            endRequest(offset);
        }
    }

    private void endRequest(int offset) {
        Draft ended = draft;
        draft = new Draft(null, offset);
        if (ended.statements.isEmpty()) {
            if (ended.name != null || ended.weight != null || !ended.samples.isEmpty()) {
                String what = ended.name == null ? "a weight or sample" : "request '" + ended.name + "'";
                throw mistake(
                        ended.name == null ? offset : ended.offset,
                        what + " without a statement",
                        "Write its SQL below it, or remove it.");
            }
            return;
        }
        String requestName = ended.name == null ? "statement " + ++loneStatements : ended.name;
        if (!names.add(requestName)) {
            throw mistake(
                    ended.offset,
                    "a second request '" + requestName + "'",
                    "Results are told apart by the name: change one.");
        }
        Set<String> used = new TreeSet<>();
        for (DraftStatement one : ended.statements) {
            for (String parameter : one.statement.parameters()) {
                if (!ended.sampled.contains(parameter)) {
                    throw mistake(
                            one.offset,
                            "no sample for the parameter :" + parameter,
                            "Write '-- sample " + parameter + ": SELECT …' before the request's first statement.");
                }
                used.add(parameter);
            }
        }
        List<Script.Sample> samples = new ArrayList<>();
        for (DraftSample one : ended.samples) {
            samples.add(new Script.Sample(one.parameters, query(one)));
            if (one.parameters.stream().noneMatch(used::contains)) {
                throw mistake(
                        one.offset,
                        "no statement of the request uses :" + String.join(" or :", one.parameters),
                        "Remove the sample, or correct the name.");
            }
        }
        requests.add(new Script.Request(
                requestName,
                ended.weight == null ? 1 : ended.weight,
                samples,
                ended.statements.stream().map(DraftStatement::statement).toList()));
    }

    private String query(DraftSample sample) {
        String query = sample.query.toString().strip();
        try {
            boolean hasStatement = false;
            int end = query.length();
            for (Piece piece : SqlText.pieces(query)) {
                if (piece.kind() == Kind.CODE) {
                    String code = query.substring(piece.start(), piece.end());
                    int semicolon = code.indexOf(';');
                    if (end < query.length() && !code.replace(";", "").isBlank()) {
                        throw mistake(sample.offset, "a sample of more than one statement", "Keep one SELECT.");
                    }
                    if (semicolon >= 0 && end == query.length()) {
                        end = piece.start() + semicolon;
                        if (!code.substring(semicolon).replace(";", "").isBlank()) {
                            throw mistake(sample.offset, "a sample of more than one statement", "Keep one SELECT.");
                        }
                    }
                    hasStatement |= !code.replace(";", "").isBlank();
                } else if (piece.kind() == Kind.QUOTED && end < query.length()) {
                    throw mistake(sample.offset, "a sample of more than one statement", "Keep one SELECT.");
                }
            }
            if (!hasStatement) {
                throw mistake(
                        sample.offset,
                        "a sample without a query",
                        "Write a SELECT or VALUES after the colon that returns the values.");
            }
            return query.substring(0, end).strip();
        } catch (SqlText.UnclosedException e) {
            throw mistake(sample.offset, e.getMessage() + " in the sample", "Close it.");
        }
    }

    private HoneException mistake(int offset, String what, String advice) {
        long line = 1
                + text.substring(0, Math.min(offset, text.length()))
                        .chars()
                        .filter(c -> c == '\n')
                        .count();
        return HoneException.usage(name + ":" + line + ": " + what, "Nothing was run. " + advice);
    }

    private static boolean isNameStart(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    /** A request not yet complete; without a name it takes one statement. */
    private static final class Draft {
        private final @Nullable String name;
        private final int offset;
        private final List<DraftSample> samples = new ArrayList<>();
        private final Set<String> sampled = new HashSet<>();
        private final List<DraftStatement> statements = new ArrayList<>();
        private @Nullable Double weight;

        private Draft(@Nullable String name, int offset) {
            this.name = name;
            this.offset = offset;
        }
    }

    private record DraftStatement(Script.Statement statement, int offset) {}

    private static final class DraftSample {
        private final List<String> parameters;
        private final StringBuilder query;
        private final int offset;

        private DraftSample(List<String> parameters, String query, int offset) {
            this.parameters = parameters;
            this.query = new StringBuilder(query);
            this.offset = offset;
        }
    }
}
