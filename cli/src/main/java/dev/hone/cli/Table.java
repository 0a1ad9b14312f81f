package dev.hone.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Text in columns: as wide as its widest cell, numbers to the right. What is too wide for the terminal breaks its widest
 * texts between words. Mutable; for one thread.
 */
final class Table {

    private static final Pattern ESCAPES = Pattern.compile("\u001b\\[[0-9;]*m");
    private static final Pattern STYLED = Pattern.compile("(\u001b\\[[0-9;]*m)(.*)(\u001b\\[0m)");
    private static final int LEAST_WIDTH = 6;
    private static final Pattern NUMBER = Pattern.compile("[-+−<>≤≥~]*\\s*[0-9].*|–|");

    private final Terminal terminal;
    private final List<List<String>> rows = new ArrayList<>();

    Table(Terminal terminal, String... header) {
        this.terminal = terminal;
        rows.add(Arrays.stream(header)
                .map(text -> terminal.styled(Terminal.Style.BOLD, text))
                .toList());
    }

    void row(String... cells) {
        if (cells.length != rows.getFirst().size()) {
            throw new IllegalArgumentException("a row of " + cells.length + " cells in a table of "
                    + rows.getFirst().size());
        }
        rows.add(Arrays.stream(cells)
                .map(cell -> terminal.harmless(cell).replace("\n", "\\n").replace("\t", "\\t"))
                .toList());
    }

    void print() {
        int columns = rows.getFirst().size();
        int[] widths = new int[columns];
        boolean[] numeric = new boolean[columns];
        for (int c = 0; c < columns; c++) {
            int column = c;
            widths[c] = rows.stream()
                    .mapToInt(row -> Paragraph.width(row.get(column)))
                    .max()
                    .orElse(0);
            numeric[c] = rows.size() > 1
                    && rows.stream()
                            .skip(1)
                            .allMatch(row ->
                                    NUMBER.matcher(plain(row.get(column))).matches());
        }
        narrow(widths, numeric);
        for (int r = 0; r < rows.size(); r++) {
            line(rows.get(r), widths, numeric);
            if (r == 0) {
                terminal.println("  " + terminal.styled(Terminal.Style.DIM, "─".repeat(width(widths))));
            }
        }
    }

    private static int width(int[] widths) {
        return Arrays.stream(widths).sum() + 2 * (widths.length - 1);
    }

    /** Takes from the widest column of texts until all fit, or none has more to give. */
    private void narrow(int[] widths, boolean[] numeric) {
        for (int over = width(widths) + 2 - terminal.columns(); over > 0; over--) {
            int widest = -1;
            for (int c = 0; c < widths.length; c++) {
                if (!numeric[c] && widths[c] > LEAST_WIDTH && (widest < 0 || widths[c] > widths[widest])) {
                    widest = c;
                }
            }
            if (widest < 0) {
                return;
            }
            widths[widest]--;
        }
    }

    private void line(List<String> row, int[] widths, boolean[] numeric) {
        List<List<String>> cells = new ArrayList<>();
        for (int c = 0; c < widths.length; c++) {
            cells.add(broken(row.get(c), widths[c]));
        }
        int height = cells.stream().mapToInt(List::size).max().orElse(0);
        for (int i = 0; i < height; i++) {
            StringBuilder line = new StringBuilder(" ");
            for (int c = 0; c < widths.length; c++) {
                String part = i < cells.get(c).size() ? cells.get(c).get(i) : "";
                String padding = " ".repeat(Math.max(0, widths[c] - Paragraph.width(part)));
                boolean last = c == widths.length - 1;
                line.append(' ').append(numeric[c] ? padding + part : last ? part : part + padding);
                line.append(last ? "" : " ");
            }
            terminal.println(line.toString());
        }
    }

    /** A cell's lines, each in the cell's style. */
    private static List<String> broken(String cell, int width) {
        if (Paragraph.width(cell) <= width) {
            return List.of(cell);
        }
        Matcher styled = STYLED.matcher(cell);
        boolean whole = styled.matches();
        return Arrays.stream(Paragraph.wrap("", whole ? styled.group(2) : cell, width)
                        .split("\n"))
                .map(line -> whole ? styled.group(1) + line + styled.group(3) : line)
                .toList();
    }

    private static String plain(String text) {
        return ESCAPES.matcher(text).replaceAll("");
    }
}
