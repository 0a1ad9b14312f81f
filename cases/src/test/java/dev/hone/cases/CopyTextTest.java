package dev.hone.cases;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class CopyTextTest {

    @Test
    void values_are_written_as_copy_reads_them() {
        CopyText out = new CopyText();
        out.number(-120)
                .hundredths(100_005)
                .thousandths(1_070)
                .bool(true)
                .text("a\tb\\c\nd\re ñ €")
                .nothing();
        out.time(0).time(951_782_399).end();
        out.number(0).end();
        assertThat(text(out))
                .isEqualTo("-120\t1000.05\t1.070\tt\ta\\tb\\\\c\\nd\\re ñ €\t\\N\t1970-01-01 00:00:00+00"
                        + "\t2000-02-28 23:59:59+00\n0\n");
    }

    @Test
    void buffer_grows_with_a_long_row_and_is_used_again_after_clearing() {
        CopyText out = new CopyText();
        out.text("x".repeat(1_000_000)).end();
        assertThat(out.length()).isEqualTo(1_000_001);
        out.clear();
        out.text("y").end();
        assertThat(text(out)).isEqualTo("y\n");
    }

    @Test
    void character_it_cannot_write_is_refused_not_mangled() {
        assertThatThrownBy(() -> new CopyText().text("🐓")).isInstanceOf(IllegalArgumentException.class);
    }

    private static String text(CopyText out) {
        return new String(out.bytes(), 0, out.length(), StandardCharsets.UTF_8);
    }
}
