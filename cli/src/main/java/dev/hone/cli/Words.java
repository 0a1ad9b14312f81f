package dev.hone.cli;

import java.time.Duration;
import java.util.Locale;

/** Numbers as people read them. */
final class Words {

    private static final String[] BYTE_UNITS = {"B", "kB", "MB", "GB", "TB"};

    private Words() {}

    /** Bytes in powers of 1024 with PostgreSQL's unit names, such as {@code 12.3 MB}. */
    static String bytes(long bytes) {
        double value = Math.abs((double) bytes);
        int unit = 0;
        // What would be written as 1024 of a unit is 1 of the next.
        while (value >= 1023.5 && unit < BYTE_UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        String sign = bytes < 0 ? "-" : "";
        return sign + (unit == 0 || value >= 100 ? decimal("%.0f", value) : decimal("%.1f", value)) + " "
                + BYTE_UNITS[unit];
    }

    /** Milliseconds with the digits that mean something, such as {@code 0.42 ms}, {@code 12.3 ms} or {@code 1,840 ms}. */
    static String millis(double millis) {
        return number(millis) + " ms";
    }

    static String number(double value) {
        double size = Math.abs(value);
        if (size < 0.0001) {
            return "0.00";
        }
        if (size >= 99.95) {
            return decimal("%,.0f", value);
        }
        if (size >= 9.995) {
            return decimal("%.1f", value);
        }
        return decimal(size >= 0.1 ? "%.2f" : "%.2g", value);
    }

    /** A share from 0 to 1 in percent, with as many decimals as it takes to tell it from nothing and from all. */
    static String percent(double share) {
        double percent = share * 100;
        double distance = Math.min(Math.abs(percent), Math.abs(100 - percent));
        return distance >= 0.05 || distance == 0
                ? decimal("%.1f %%", percent)
                : decimal(percent < 50 ? "%.2g %%" : "%.4f %%", percent);
    }

    static String seconds(Duration duration) {
        if (duration.toMillis() < 59_950) {
            return decimal("%.1f s", duration.toMillis() / 1000.0);
        }
        long seconds = Math.round(duration.toMillis() / 1000.0);
        return seconds / 60 + " min " + seconds % 60 + " s";
    }

    /** One word for one, another for any other count: {@code 1 finding}, {@code 3 findings}. */
    static String count(long count, String one, String many) {
        return decimal("%,d", count) + " " + (count == 1 ? one : many);
    }

    private static String decimal(String format, Object value) {
        return String.format(Locale.ROOT, format, value);
    }
}
