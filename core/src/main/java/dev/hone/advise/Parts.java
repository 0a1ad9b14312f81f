package dev.hone.advise;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;

/** An SQL text as a tree: tokens, and what stands between parentheses or brackets. */
final class Parts {

    enum Kind {
        NAME,
        STRING,
        NUMBER,
        PARAMETER,
        OPERATOR,
        CAST,
        OTHER,
        GROUP
    }

    /** A token, or what stands between two parentheses or brackets. */
    record Part(Kind kind, String text, boolean quoted, List<Part> inner) {
        boolean is(String word) {
            return !quoted && (kind == Kind.NAME || kind == Kind.OTHER) && text.equalsIgnoreCase(word);
        }
    }

    private static final String OPERATOR_CHARACTERS = "+-*/<>=~!@#%^&|`?";
    private static final Set<String> COMPARISONS = Set.of("=", "<>", "!=", "<", "<=", ">", ">=");
    private final String text;
    private int at;

    private Parts(String text) {
        this.text = text;
    }

    /** What a text consists of. */
    static List<Part> parse(String text) {
        return List.copyOf(new Parts(text).parts());
    }

    /** The text again, one space apart and without parentheses around all of it. */
    static String render(List<Part> parts) {
        if (parts.size() == 1 && parts.getFirst().kind() == Kind.GROUP) {
            return render(parts.getFirst().inner());
        }
        StringBuilder result = new StringBuilder();
        for (Part part : parts) {
            if (part.kind() == Kind.GROUP) {
                result.append('(').append(render(part.inner())).append(')');
            } else {
                result.append(part.text());
            }
            result.append(' ');
        }
        return result.toString().strip();
    }

    /** Whether the name at an index is followed by arguments. */
    static boolean isCall(List<Part> parts, int name) {
        return name + 1 < parts.size() && parts.get(name + 1).kind() == Kind.GROUP;
    }

    /** The index of a word; -1 if it is not there. */
    static int indexOf(List<Part> parts, String word) {
        for (int i = 0; i < parts.size(); i++) {
            if (parts.get(i).is(word)) {
                return i;
            }
        }
        return -1;
    }

    /** Whether words stand at the end, behind something else. */
    static boolean endsWith(List<Part> parts, String... words) {
        if (parts.size() <= words.length) {
            return false;
        }
        for (int i = 0; i < words.length; i++) {
            if (!parts.get(parts.size() - words.length + i).is(words[i])) {
                return false;
            }
        }
        return true;
    }

    /** What stands between a word, however often it is there. */
    static List<List<Part>> split(List<Part> parts, String word) {
        List<List<Part>> all = new ArrayList<>();
        int from = 0;
        for (int i = 0; i <= parts.size(); i++) {
            if (i == parts.size() || parts.get(i).is(word)) {
                all.add(parts.subList(from, i));
                from = i + 1;
            }
        }
        return all;
    }

    private List<Part> parts() {
        List<Part> parts = new ArrayList<>();
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == ')' || c == ']') {
                return parts;
            } else if (c == '(' || c == '[') {
                at++;
                List<Part> inner = parts();
                at++;
                parts.add(new Part(Kind.GROUP, String.valueOf(c), false, List.copyOf(inner)));
            } else if (Character.isWhitespace(c)) {
                at++;
            } else {
                parts.add(token(c));
            }
            foldOperator(parts);
        }
        return parts;
    }

    /**
     * {@code OPERATOR(schema.%)} is {@code %} where that is no sign of comparison: these could be anything under another
     * schema.
     */
    private static void foldOperator(List<Part> parts) {
        int size = parts.size();
        if (size < 2 || !parts.get(size - 2).is("OPERATOR") || parts.getLast().kind() != Kind.GROUP) {
            return;
        }
        List<Part> inner = parts.getLast().inner();
        if (!inner.isEmpty()
                && inner.getLast().kind() == Kind.OPERATOR
                && !COMPARISONS.contains(inner.getLast().text())) {
            parts.subList(size - 2, size).clear();
            parts.add(inner.getLast());
        }
    }

    private Part token(char c) {
        int start = at;
        if (c == '"') {
            String name = quoted('"', false);
            return new Part(Kind.NAME, name.replace("\"\"", "\""), true, List.of());
        }
        if (c == '\'' || ((c == 'E' || c == 'B' || c == 'X') && text.startsWith("'", at + 1))) {
            at += c == '\'' ? 0 : 1;
            quoted('\'', c == 'E');
            return new Part(Kind.STRING, text.substring(start, at), false, List.of());
        }
        if (c == '$' && at + 1 < text.length() && Character.isDigit(text.charAt(at + 1))) {
            at++;
            skip(Character::isDigit);
            return new Part(Kind.PARAMETER, text.substring(start, at), false, List.of());
        }
        if (Character.isDigit(c)) {
            skip(digit -> Character.isLetterOrDigit(digit) || digit == '.');
            return new Part(Kind.NUMBER, text.substring(start, at), false, List.of());
        }
        if (Character.isLetter(c) || c == '_' || c > 127) {
            skip(letter -> Character.isLetterOrDigit(letter) || letter == '_' || letter == '$' || letter > 127);
            return new Part(Kind.NAME, text.substring(start, at), false, List.of());
        }
        if (text.startsWith("::", at)) {
            at += 2;
            return new Part(Kind.CAST, "::", false, List.of());
        }
        if (OPERATOR_CHARACTERS.indexOf(c) >= 0) {
            skip(sign -> OPERATOR_CHARACTERS.indexOf(sign) >= 0);
            return new Part(Kind.OPERATOR, text.substring(start, at), false, List.of());
        }
        at++;
        return new Part(Kind.OTHER, String.valueOf(c), false, List.of());
    }

    /** Passes a quoted text and gives what stands between its quotes. */
    private String quoted(char quote, boolean escapes) {
        int start = ++at;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (escapes && c == '\\') {
                at += 2;
            } else if (c == quote && at + 1 < text.length() && text.charAt(at + 1) == quote) {
                at += 2;
            } else if (c == quote) {
                at++;
                return text.substring(start, at - 1);
            } else {
                at++;
            }
        }
        at = text.length();
        return text.substring(Math.min(start, at));
    }

    private void skip(IntPredicate wanted) {
        while (at < text.length() && wanted.test(text.charAt(at))) {
            at++;
        }
    }
}
