package dev.hone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WordsTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            0                    | 0 B
            1023                 | 1023 B
            1024                 | 1.0 kB
            -1536                | -1.5 kB
            102400               | 100 kB
            1073741823           | 1.0 GB
            1048575              | 1.0 MB
            -1                   | -1 B
            9223372036854775807  | 8388608 TB
            -9223372036854775808 | -8388608 TB
            """)
    void bytes(long bytes, String words) {
        assertThat(Words.bytes(bytes)).isEqualTo(words);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            0        | 0.00
            -0.004   | -0.0040
            0.00001  | 0.00
            0.42     | 0.42
            -0.42    | -0.42
            9.999    | 10.0
            99.96    | 100
            12.34    | 12.3
            1840.4   | 1,840
            -1840.4  | -1,840
            1e15     | 1,000,000,000,000,000
            """)
    void numbers(double number, String words) {
        assertThat(Words.number(number)).isEqualTo(words);
        assertThat(Words.millis(number)).isEqualTo(words + " ms");
    }

    @Test
    void shares_counts_and_times() {
        assertThat(Words.percent(0.0123)).isEqualTo("1.2 %");
        assertThat(Words.percent(-0.5)).isEqualTo("-50.0 %");
        assertThat(Words.count(1, "finding", "findings")).isEqualTo("1 finding");
        assertThat(Words.count(0, "finding", "findings")).isEqualTo("0 findings");
        assertThat(Words.count(5000, "table", "tables")).isEqualTo("5,000 tables");
        assertThat(Words.seconds(Duration.ofMillis(59_949))).isEqualTo("59.9 s");
        assertThat(Words.seconds(Duration.ofMillis(59_960))).isEqualTo("1 min 0 s");
        assertThat(Words.seconds(Duration.ofSeconds(61))).isEqualTo("1 min 1 s");
    }

    @Test
    void a_language_with_other_signs_changes_nothing() {
        java.util.Locale usual = java.util.Locale.getDefault();
        try {
            java.util.Locale.setDefault(java.util.Locale.GERMANY);
            assertThat(Words.number(1840.4)).isEqualTo("1,840");
            assertThat(Words.bytes(1536)).isEqualTo("1.5 kB");
        } finally {
            java.util.Locale.setDefault(usual);
        }
    }
}
