package dev.hone.workload;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A piece of a statement that means something by itself. What stands in quotes or comments is never taken for code.
 *
 * @param text a word in lower case; a symbol; a number; a quoted name or literal with its quotes; a parameter as in
 *     {@code $1}
 */
public record SqlToken(Kind kind, String text) {

    /** What it is. */
    public enum Kind {
        WORD,
        NUMBER,
        PARAMETER,
        /** A literal, a quoted name or a dollar-quoted string. */
        QUOTED,
        SYMBOL
    }

    private static final Pattern CODE = Pattern.compile(
            "(?<word>[\\p{L}_][\\p{L}\\p{N}_$]*+)|(?<parameter>\\$\\d++)|(?<number>\\d[\\d_]*+(?:\\.\\d*+)?)|(?<symbol>::|\\S)");

    /** The tokens of a statement in order; none if a quote or comment in it is never closed. */
    public static List<SqlToken> of(String sql) {
        List<SqlText.Piece> pieces;
        try {
            pieces = SqlText.pieces(sql);
        } catch (SqlText.UnclosedException e) {
            return List.of();
        }
        List<SqlToken> tokens = new ArrayList<>();
        for (SqlText.Piece piece : pieces) {
            String text = sql.substring(piece.start(), piece.end());
            switch (piece.kind()) {
                case CODE -> code(text, tokens);
                case QUOTED -> tokens.add(new SqlToken(Kind.QUOTED, text));
                case LINE_COMMENT, BLOCK_COMMENT -> {
                    // Says nothing to the server.
                }
            }
        }
        return tokens;
    }

    private static void code(String text, List<SqlToken> tokens) {
        Matcher matcher = CODE.matcher(text);
        while (matcher.find()) {
            if (matcher.group("word") != null) {
                tokens.add(new SqlToken(Kind.WORD, matcher.group().toLowerCase(Locale.ROOT)));
            } else if (matcher.group("parameter") != null) {
                tokens.add(new SqlToken(Kind.PARAMETER, matcher.group()));
            } else if (matcher.group("number") != null) {
                tokens.add(new SqlToken(Kind.NUMBER, matcher.group()));
            } else {
                tokens.add(new SqlToken(Kind.SYMBOL, matcher.group()));
            }
        }
    }

    /** True for this word, or this symbol. */
    public boolean is(String wordOrSymbol) {
        return (kind == Kind.WORD || kind == Kind.SYMBOL) && text.equals(wordOrSymbol);
    }
}
