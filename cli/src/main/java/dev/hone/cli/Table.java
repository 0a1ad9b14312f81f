package dev.hone.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/** Text in columns: as wide as its widest cell, numbers to the right. Mutable; for one thread. */
final class Table {

    private static final Pattern ESCAPES = Pattern.compile("\u001b\\[[0-9;]*m");
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
        for (int r = 0; r < rows.size(); r++) {
            StringBuilder line = new StringBuilder();
            for (int c = 0; c < columns; c++) {
                String cell = rows.get(r).get(c);
                String padding = " ".repeat(widths[c] - Paragraph.width(cell));
                boolean last = c == columns - 1;
                line.append(numeric[c] ? padding + cell : last ? cell : cell + padding);
                line.append(last ? "" : "  ");
            }
            terminal.println("  " + line);
            if (r == 0) {
                terminal.println("  "
                        + terminal.styled(
                                Terminal.Style.DIM,
                                "─".repeat(Arrays.stream(widths).sum() + 2 * (columns - 1))));
            }
        }
    }

    private static String plain(String text) {
        return ESCAPES.matcher(text).replaceAll("");
    }
}
