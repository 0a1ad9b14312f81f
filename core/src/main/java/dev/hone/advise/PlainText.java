package dev.hone.advise;

import java.util.Locale;

/** Text from a database made harmless for the place it is shown in: names and statements may hold anything. */
final class PlainText {

    /** A comment after it keeps it from being read as the start of somebody's name. */
    private static final String ALONE = "@<!-- -->";

    private PlainText() {}

    /** On one line; what would end it, or would show text in another order than it is, is made visible. */
    static String line(String text) {
        return visible(text, false);
    }

    /** The same, but for line feeds and tabs. */
    static String lines(String text) {
        return visible(text.replace("\r\n", "\n"), true);
    }

    /** As Markdown text on one line that means nothing but itself, and calls nobody. */
    static String markdown(String text) {
        return line(text)
                .replace("&", "&amp;")
                .replaceAll("([\\\\`*_{}\\[\\]<>#|~])", "\\\\$1")
                .replace("@", ALONE);
    }

    /** As HTML text, also within a quoted attribute. */
    static String html(String text) {
        return lines(text)
                .replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replace("'", "&#39;");
    }

    /** As HTML within Markdown, on one line; it calls nobody. */
    static String markdownHtml(String text) {
        return html(line(text)).replace("@", ALONE);
    }

    /** As a block of Markdown code, in a fence that nothing in it closes. */
    static String fenced(String language, String text) {
        String shown = lines(text).stripTrailing();
        int longest = 2;
        int run = 0;
        for (int i = 0; i < shown.length(); i++) {
            run = shown.charAt(i) == '`' ? run + 1 : 0;
            longest = Math.max(longest, run);
        }
        String fence = "`".repeat(longest + 1);
        return fence + language + "\n" + shown + "\n" + fence + "\n";
    }

    /** A statement with the semicolon that ends it, which a comment at its end does not swallow. */
    static String terminated(String statement) {
        String last = statement.substring(statement.lastIndexOf('\n') + 1);
        return statement + (last.contains("--") ? "\n;" : ";");
    }

    /** The text on one line and no longer than this many characters. */
    static String shortened(String text, int length) {
        String line = line(text.replaceAll("\\s+", " ").strip());
        return line.length() <= length ? line : line.substring(0, Math.max(1, length - 1)) + "…";
    }

    private static String visible(String text, boolean several) {
        StringBuilder safe = new StringBuilder();
        text.codePoints().forEach(c -> {
            if (several && (c == '\n' || c == '\t')) {
                safe.appendCodePoint(c);
                return;
            }
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
}
