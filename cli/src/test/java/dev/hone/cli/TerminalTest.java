package dev.hone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TerminalTest {

    private static final Terminal COLOURED = new Terminal(System.out, System.err, true, false, 100);
    private static final Terminal PLAIN = new Terminal(System.out, System.err, false, false, 100);

    @Test
    void name_of_the_database_cannot_command_the_terminal() {
        assertThat(COLOURED.harmless("a\u001b]0;title\u0007b\u001b[2Jc\u009bd\u202ee\rf"))
                .isEqualTo("a\\u001b]0;title\\u0007b\\u001b[2Jc\\u009bd\\u202ee\\u000df");
    }

    @Test
    void where_there_is_no_colour_a_name_brings_none() {
        assertThat(PLAIN.harmless("a\u001b[31mb")).isEqualTo("a\\u001b[31mb");
    }

    @Test
    void line_feeds_styles_and_letters_of_all_scripts_stay() {
        String text = "\u001b[31mhone: \u001b[0m\n  Größe, 表, 😀, $1 \\ ${x}";
        assertThat(COLOURED.harmless(text)).isEqualTo(text);
    }
}
