package dev.hone.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Where text goes, and what it may look like there. The launcher says by system properties whether standard output and
 * standard error are terminals, since Java 21 cannot tell them apart.
 *
 * @param out for results
 * @param err for progress and errors
 * @param colour whether results may be coloured
 * @param interactive whether progress may redraw its line
 * @param columns width of a line
 */
public record Terminal(PrintStream out, PrintStream err, boolean colour, boolean interactive, int columns) {

    private static final int DEFAULT_COLUMNS = 100;

    /** Control and formatting characters, those that turn the direction of text among them. */
    private static final Pattern UNPRINTABLE =
            Pattern.compile("(?!\\n|\u001b\\[(?:0|1|2|3[1-6])m)[\\p{Cc}\\p{Cf}\\u2028\\u2029]");

    /** The terminal of this process. */
    public static Terminal ofThisProcess(Map<String, String> environment) {
        boolean terminal = Boolean.getBoolean("hone.terminal.out");
        String noColour = environment.getOrDefault("NO_COLOR", "");
        return new Terminal(
                new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8),
                new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
                terminal && noColour.isEmpty(),
                Boolean.getBoolean("hone.terminal.err"),
                Math.max(60, Integer.getInteger("hone.terminal.columns", DEFAULT_COLUMNS)));
    }

    /** How a piece of text stands out. */
    public enum Style {
        BOLD("1"),
        DIM("2"),
        RED("31"),
        GREEN("32"),
        YELLOW("33"),
        BLUE("34"),
        CYAN("36");

        private final String code;

        Style(String code) {
            this.code = code;
        }
    }

    /** The text in a style, or as it is where colour is not wanted. */
    public String styled(Style style, String text) {
        return colour ? "\u001b[" + style.code + "m" + text + "\u001b[0m" : text;
    }

    /** The same terminal with results going nowhere. */
    Terminal silent() {
        return new Terminal(
                new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8),
                err,
                false,
                interactive,
                columns);
    }

    public void println(String text) {
        out.println(visible(text));
    }

    /**
     * The text with nothing in it that a terminal would obey, but for line feeds and our own styles: names and queries
     * are whoever's who could create them.
     */
    static String visible(String text) {
        return UNPRINTABLE
                .matcher(text)
                .replaceAll(match -> String.format(Locale.ROOT, "\\\\u%04x", text.codePointAt(match.start())));
    }
}
