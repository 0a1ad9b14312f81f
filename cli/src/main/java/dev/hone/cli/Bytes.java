package dev.hone.cli;

import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A size as people write it: {@code 500MB}, {@code 2GB}; units are powers of 1024, as PostgreSQL's are.
 *
 * @param count in bytes
 */
record Bytes(long count) {

    private static final Pattern SIZE = Pattern.compile("([0-9]{1,15})\\s*(B|KB|MB|GB|TB)?");

    /** Reads one. */
    static final class Converter implements ITypeConverter<Bytes> {
        @Override
        public Bytes convert(String text) {
            Matcher size = SIZE.matcher(text.strip().toUpperCase(Locale.ROOT));
            if (!size.matches()) {
                throw new TypeConversionException("'" + text + "' is no size; write 500MB or 2GB");
            }
            int shift = switch (Objects.requireNonNullElse(size.group(2), "B")) {
                case "KB" -> 10;
                case "MB" -> 20;
                case "GB" -> 30;
                case "TB" -> 40;
                default -> 0;
            };
            long number = Long.parseLong(size.group(1));
            if (number > Long.MAX_VALUE >> shift) {
                throw new TypeConversionException("'" + text + "' is more than can be counted; write 500MB or 2GB");
            }
            return new Bytes(number << shift);
        }
    }
}
