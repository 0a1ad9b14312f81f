package dev.hone.workload;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * SQL text cut into the pieces that mean different things to the server: code, quoted text and comments, by the rules
 * of PostgreSQL's own lexer with {@code standard_conforming_strings} on. The pieces joined give the text again.
 */
final class SqlText {

    enum Kind {
        CODE,
        /** A literal, a quoted identifier or a dollar-quoted string, with its quotes. */
        QUOTED,
        /** From two dashes to the end of the line, without the line feed. */
        LINE_COMMENT,
        BLOCK_COMMENT
    }

    /**
     * A part of the text.
     *
     * @param start offset of its first character
     * @param end offset after its last character
     */
    record Piece(Kind kind, int start, int end) {}

    /** A quote or comment that is never closed. */
    static final class UnclosedException extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final int offset;

        UnclosedException(String what, int offset) {
            super(what);
            this.offset = offset;
        }

        /** Where it was opened. */
        int offset() {
            return offset;
        }
    }

    private static final Pattern DOLLAR_TAG = Pattern.compile("\\$(?:[\\p{L}_][\\p{L}\\p{N}_]*)?\\$");

    private final String text;
    private final List<Piece> pieces = new ArrayList<>();
    private int at;
    private int codeStart;

    private SqlText(String text) {
        this.text = text;
    }

    /**
     * Cuts a text.
     *
     * @throws UnclosedException if a quote or comment does not end
     */
    static List<Piece> pieces(String text) {
        SqlText scanner = new SqlText(text);
        scanner.scan();
        return scanner.pieces;
    }

    /** The first word of the code, in lower case; empty if there is none. */
    static String firstWord(String sql) {
        for (Piece piece : pieces(sql)) {
            if (piece.kind() == Kind.CODE) {
                String code = sql.substring(piece.start(), piece.end()).strip();
                int end = 0;
                while (end < code.length() && Character.isLetter(code.charAt(end))) {
                    end++;
                }
                if (!code.isEmpty()) {
                    return code.substring(0, end).toLowerCase(Locale.ROOT);
                }
            } else if (piece.kind() == Kind.QUOTED) {
                return "";
            }
        }
        return "";
    }

    /** True if the planner has a part in the statement: a query, or an insert, update, delete or merge. */
    static boolean isPlanned(String sql) {
        return switch (firstWord(sql)) {
            case "select", "insert", "update", "delete", "merge", "with", "values", "table" -> true;
            case "" -> sql.indexOf('(') >= 0;
            default -> false;
        };
    }

    /** True for a character that may stand in an unquoted name after its first. */
    static boolean isNamePart(char c) {
        return Character.isLetterOrDigit(c) || c == '_' || c == '$';
    }

    private void scan() {
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '\'') {
                quoted('\'', isEscapeString());
            } else if (c == '"') {
                quoted('"', false);
            } else if (text.startsWith("--", at)) {
                int end = text.indexOf('\n', at);
                add(Kind.LINE_COMMENT, end < 0 ? text.length() : end);
            } else if (text.startsWith("/*", at)) {
                blockComment();
            } else if (c == '$' && !(at > codeStart && isNamePart(text.charAt(at - 1)))) {
                dollar();
            } else {
                at++;
            }
        }
        closeCode(at);
    }

    /** E'…' takes backslash escapes, unless the E ends a longer name. */
    private boolean isEscapeString() {
        return at > codeStart
                && Character.toLowerCase(text.charAt(at - 1)) == 'e'
                && !(at - 1 > codeStart && isNamePart(text.charAt(at - 2)));
    }

    private void quoted(char quote, boolean escapes) {
        int end = at + 1;
        while (end < text.length()) {
            char c = text.charAt(end);
            if (escapes && c == '\\') {
                end += 2;
            } else if (c == quote) {
                if (end + 1 < text.length() && text.charAt(end + 1) == quote) {
                    end += 2;
                } else {
                    add(Kind.QUOTED, end + 1);
                    return;
                }
            } else {
                end++;
            }
        }
        throw new UnclosedException("the quote " + quote + " is never closed", at);
    }

    private void blockComment() {
        int depth = 1;
        int end = at + 2;
        while (depth > 0) {
            if (end >= text.length()) {
                throw new UnclosedException("the comment /* is never closed", at);
            }
            if (text.startsWith("/*", end)) {
                depth++;
                end += 2;
            } else if (text.startsWith("*/", end)) {
                depth--;
                end += 2;
            } else {
                end++;
            }
        }
        add(Kind.BLOCK_COMMENT, end);
    }

    private void dollar() {
        Matcher tag = DOLLAR_TAG.matcher(text).region(at, text.length());
        if (!tag.lookingAt()) {
            at++;
            return;
        }
        int close = text.indexOf(tag.group(), tag.end());
        if (close < 0) {
            throw new UnclosedException("the quote " + tag.group() + " is never closed", at);
        }
        add(Kind.QUOTED, close + tag.group().length());
    }

    private void add(Kind kind, int end) {
        closeCode(at);
        pieces.add(new Piece(kind, at, end));
        at = end;
        codeStart = end;
    }

    private void closeCode(int end) {
        if (end > codeStart) {
            pieces.add(new Piece(Kind.CODE, codeStart, end));
        }
    }
}
