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
        return plain.codePoints().map(Paragraph::width).sum();
    }

    /** Marks stand on the character before them; East Asian characters and pictures take two columns. */
    private static int width(int character) {
        return switch (Character.getType(character)) {
            case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.FORMAT -> 0;
            default -> isWide(character) ? 2 : 1;
        };
    }

    private static boolean isWide(int character) {
        return character >= 0x1100
                && (character <= 0x115f
                        || (character >= 0x2e80 && character <= 0xa4cf && character != 0x303f)
                        || (character >= 0xac00 && character <= 0xd7a3)
                        || (character >= 0xf900 && character <= 0xfaff)
                        || (character >= 0xfe30 && character <= 0xfe6f)
                        || (character >= 0xff00 && character <= 0xff60)
                        || (character >= 0xffe0 && character <= 0xffe6)
                        || (character >= 0x1f300 && character <= 0x1f64f)
                        || (character >= 0x1f680 && character <= 0x1f6ff)
                        || (character >= 0x1f900 && character <= 0x1f9ff)
                        || (character >= 0x20000 && character <= 0x3fffd));
    }
}
