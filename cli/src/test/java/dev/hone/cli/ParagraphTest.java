package dev.hone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ParagraphTest {

    @Test
    void lines_end_between_words_and_go_on_under_the_text() {
        assertThat(Paragraph.wrap("why ", "one two three four", 12)).isEqualTo("why one two\n    three\n    four");
        assertThat(Paragraph.wrap("", "", 10)).isEmpty();
        assertThat(Paragraph.wrap("  ", "short", 80)).isEqualTo("  short");
    }

    @Test
    void a_word_that_is_too_long_keeps_whole() {
        String long63 = "x".repeat(63);
        assertThat(Paragraph.wrap("- ", "a " + long63 + " b", 20)).isEqualTo("- a\n  " + long63 + "\n  b");
    }

    @Test
    void colour_takes_no_room() {
        assertThat(Paragraph.wrap("\u001b[33m▲ \u001b[0m", "ab cd ef", 7))
                .isEqualTo("\u001b[33m▲ \u001b[0mab cd\n  ef");
    }

    @Test
    void width_is_what_a_terminal_shows() {
        assertThat(Paragraph.width("")).isZero();
        assertThat(Paragraph.width("Größe")).isEqualTo(5);
        assertThat(Paragraph.width("\u001b[1;31mred\u001b[0m")).isEqualTo(3);
        assertThat(Paragraph.width("日本語")).isEqualTo(6);
        assertThat(Paragraph.width("한글")).isEqualTo(4);
        assertThat(Paragraph.width("e\u0301")).isEqualTo(1);
        assertThat(Paragraph.width("😀")).isEqualTo(2);
        assertThat(Paragraph.width("→ – ▲ ✔ ─")).isEqualTo(9);
    }
}
