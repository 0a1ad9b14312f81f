package dev.hone.cli;

import java.util.regex.Pattern;

/** Text broken into lines between words. */
final class Paragraph {

    private static final Pattern ESCAPES = Pattern.compile("\u001b\\[[0-9;]*m");

    private Paragraph() {}

    /** The text after a prefix, its further lines indented by as much; no line longer than the columns where words allow. */
    static String wrap(String prefix, String text, int columns) {
        int indent = width(prefix);
        StringBuilder wrapped = new StringBuilder(prefix);
        int at = indent;
        boolean first = true;
        for (String word : text.split(" ", -1)) {
            if (!first && at + 1 + width(word) > columns) {
                wrapped.append('\n').append(" ".repeat(indent));
                at = indent;
            } else if (!first) {
                wrapped.append(' ');
                at++;
            }
            wrapped.append(word);
            at += width(word);
            first = false;
        }
        return wrapped.toString();
    }

    /** Columns that the text takes on a terminal. */
    static int width(String text) {
        String plain = ESCAPES.matcher(text).replaceAll("");
        return plain.codePointCount(0, plain.length());
    }
}
