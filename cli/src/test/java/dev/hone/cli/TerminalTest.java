package dev.hone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TerminalTest {

    @Test
    void name_of_the_database_cannot_command_the_terminal() {
        assertThat(Terminal.visible("a\u001b]0;title\u0007b\u001b[2Jc\u009bd\u202ee\rf"))
                .isEqualTo("a\\u001b]0;title\\u0007b\\u001b[2Jc\\u009bd\\u202ee\\u000df");
    }

    @Test
    void line_feeds_styles_and_letters_of_all_scripts_stay() {
        String text = "\u001b[31mhone: \u001b[0m\n  Größe, 表, 😀, $1 \\ ${x}";
        assertThat(Terminal.visible(text)).isEqualTo(text);
    }
}
