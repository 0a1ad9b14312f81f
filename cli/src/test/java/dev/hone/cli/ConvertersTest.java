package dev.hone.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class ConvertersTest {

    private final DurationConverter durations = new DurationConverter();
    private final Bytes.Converter sizes = new Bytes.Converter();

    @ParameterizedTest
    @CsvSource({"500ms, PT0.5S", "30s, PT30S", "30, PT30S", "5m, PT5M", "5min, PT5M", "1h, PT1H", "0s, PT0S"})
    void times(String text, Duration duration) {
        assertThat(durations.convert(text)).isEqualTo(duration);
        assertThat(durations.convert(" " + text + " ")).isEqualTo(duration);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1s", "s", "1d", "1.5s", "1 s", "1s1s", "٣s", "99999999999s", "1s\n2s", "$(id)"})
    void what_is_no_time(String text) {
        assertThatThrownBy(() -> durations.convert(text))
                .isInstanceOf(TypeConversionException.class)
                .hasMessageContaining("500ms");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "12, 12",
        "12B, 12",
        "1kb, 1024",
        "500MB, 524288000",
        "2 GB, 2147483648",
        "1tb, 1099511627776",
        "8388607TB, 9223370937343148032"
    })
    void sizes(String text, long bytes) {
        assertThat(sizes.convert(text).count()).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-1MB",
                "MB",
                "1.5GB",
                "1PB",
                "1MiB",
                "١MB",
                "9999999999999999",
                "8388608TB",
                "999999999999999TB"
            })
    void what_is_no_size(String text) {
        assertThatThrownBy(() -> sizes.convert(text))
                .isInstanceOf(TypeConversionException.class)
                .hasMessageContaining("500MB");
    }
}
