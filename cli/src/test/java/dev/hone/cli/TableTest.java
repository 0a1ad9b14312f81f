package dev.hone.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.cli.Terminal.Style;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class TableTest {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    private Terminal terminal(boolean colour) {
        PrintStream stream = new PrintStream(out, true, StandardCharsets.UTF_8);
        return new Terminal(stream, stream, colour, false, 80);
    }

    private List<String> lines() {
        return out.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void numbers_stand_right_and_text_left() {
        Table table = new Table(terminal(false), "name", "size", "last");
        table.row("a", "-1.5 MB", "x");
        table.row("Größe", "12,000 B", "yy");
        table.row("", "–", "");
        table.print();
        assertThat(lines())
                .containsExactly(
                        "  name       size  last",
                        "  ─────────────────────",
                        "  a       -1.5 MB  x",
                        "  Größe  12,000 B  yy",
                        "                –  ");
    }

    @Test
    void colour_takes_no_room() {
        Terminal terminal = terminal(true);
        Table table = new Table(terminal, "a", "b");
        table.row(terminal.styled(Style.RED, "12 ms"), "x");
        table.row("3 ms", "x");
        table.print();
        Pattern escapes = Pattern.compile("\u001b\\[[0-9;]*m");
        assertThat(lines().stream().map(line -> escapes.matcher(line).replaceAll("")))
                .containsExactly("      a  b", "  ────────", "  12 ms  x", "   3 ms  x");
        assertThat(lines().get(2)).contains("\u001b[31m12 ms\u001b[0m");
    }

    @Test
    void what_a_name_holds_neither_breaks_lines_nor_steers_the_terminal() {
        Table table = new Table(terminal(false), "name", "other");
        table.row("a\nb\tc\r", "\u001b[2J\u001b]0;title\u0007$1 \\");
        table.print();
        assertThat(lines()).hasSize(3);
        assertThat(out.toString(StandardCharsets.UTF_8)).doesNotContain("\u001b", "\u0007", "\t", "\r");
    }

    @Test
    void wide_characters_and_marks_keep_the_columns_straight() {
        Table table = new Table(terminal(false), "name", "other");
        table.row("日本語", "x");
        table.row("e\u0301te\u0301", "x");
        table.row("abcdef", "x");
        table.print();
        assertThat(lines())
                .containsExactly(
                        "  name    other", "  ─────────────", "  日本語  x", "  e\u0301te\u0301     x", "  abcdef  x");
    }

    @Test
    void a_row_has_as_many_cells_as_the_header() {
        Table table = new Table(terminal(false), "a", "b");
        assertThatThrownBy(() -> table.row("only one")).isInstanceOf(IllegalArgumentException.class);
    }
}
