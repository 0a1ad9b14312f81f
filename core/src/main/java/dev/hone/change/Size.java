package dev.hone.change;

import java.util.Locale;

/** Bytes as people read them. */
final class Size {

    private static final String[] UNITS = {"kB", "MB", "GB", "TB"};

    private Size() {}

    /** In powers of 1024 with PostgreSQL's unit names, such as {@code 12.3 MB}. */
    static String text(long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        double value = bytes / 1024.0;
        int unit = 0;
        while (value >= 1023.5 && unit < UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, value >= 100 ? "%.0f %s" : "%.1f %s", value, UNITS[unit]);
    }
}
