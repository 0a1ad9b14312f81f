package dev.hone.cli;

import java.time.Duration;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads times as people write them: {@code 500ms}, {@code 30s}, {@code 5m}, {@code 1h}; a bare number is seconds. */
final class DurationConverter implements ITypeConverter<Duration> {

    private static final Pattern TIME = Pattern.compile("([0-9]{1,9})(ms|s|m|min|h)?");

    @Override
    public Duration convert(String text) {
        Matcher time = TIME.matcher(text.strip());
        if (!time.matches()) {
            throw new TypeConversionException("'" + text + "' is no time; write 500ms, 30s, 5m or 1h");
        }
        long value = Long.parseLong(time.group(1));
        return switch (Objects.requireNonNullElse(time.group(2), "s")) {
            case "ms" -> Duration.ofMillis(value);
            case "m", "min" -> Duration.ofMinutes(value);
            case "h" -> Duration.ofHours(value);
            default -> Duration.ofSeconds(value);
        };
    }
}
