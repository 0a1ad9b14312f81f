package dev.hone.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
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
    private static final String CONTROLS =
            "[\\p{Cc}\\u2028\\u2029\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069&&[^\\n\\t\\x1b]]";
    private static final Pattern STEERING = Pattern.compile(CONTROLS + "|\\x1b");
    private static final Pattern STEERING_BUT_COLOUR = Pattern.compile(CONTROLS + "|\\x1b(?!\\[[0-9;]*m)");

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

    /** The same terminal with results going where errors go, without colour. */
    Terminal ofErrors() {
        return new Terminal(err, err, false, interactive, columns);
    }

    public void println(String text) {
        out.println(harmless(text));
    }

    /**
     * The text with whatever would steer the terminal, or show text in another order, written out: names and messages
     * come from databases. Line feeds, tabs and, where there is colour, colours stay.
     */
    String harmless(String text) {
        return (colour ? STEERING_BUT_COLOUR : STEERING)
                .matcher(text)
                .replaceAll(
                        found -> String.format("\\\\u%04x", (int) found.group().charAt(0)));
    }
}
