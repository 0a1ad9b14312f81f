package dev.hone.cases;

import java.time.LocalDate;
import java.util.Arrays;

/**
 * Writes rows in the text format of {@code COPY} into one buffer that is used again and again. Not safe for use by
 * several threads.
 */
public final class CopyText {

    private static final int SECONDS_PER_DAY = 86_400;

    private byte[] bytes = new byte[1 << 17];
    private int length;
    private boolean first = true;
    private long cachedDay = Long.MIN_VALUE;
    private String cachedDate = "";

    /** A whole number. */
    public CopyText number(long value) {
        separate();
        digits(value);
        return this;
    }

    /** A number with two decimals, given in hundredths. */
    public CopyText hundredths(long value) {
        return decimals(value, 100);
    }

    /** A number with three decimals, given in thousandths. */
    public CopyText thousandths(long value) {
        return decimals(value, 1000);
    }

    public CopyText bool(boolean value) {
        separate();
        put(value ? 't' : 'f');
        return this;
    }

    public CopyText text(String value) {
        separate();
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '\t' -> ascii("\\t");
                case '\n' -> ascii("\\n");
                case '\r' -> ascii("\\r");
                case '\\' -> ascii("\\\\");
                default -> character(c);
            }
        }
        return this;
    }

    /** A moment in UTC, in whole seconds since 1970. */
    public CopyText time(long epochSecond) {
        separate();
        long day = Math.floorDiv(epochSecond, SECONDS_PER_DAY);
        int second = Math.floorMod(epochSecond, SECONDS_PER_DAY);
        if (day != cachedDay) {
            cachedDay = day;
            cachedDate = LocalDate.ofEpochDay(day).toString();
        }
        ascii(cachedDate);
        put(' ');
        two(second / 3600);
        put(':');
        two(second / 60 % 60);
        put(':');
        two(second % 60);
        ascii("+00");
        return this;
    }

    /** NULL. */
    public CopyText nothing() {
        separate();
        ascii("\\N");
        return this;
    }

    /** Ends the row. */
    void end() {
        put('\n');
        first = true;
    }

    byte[] bytes() {
        return bytes;
    }

    int length() {
        return length;
    }

    void clear() {
        length = 0;
    }

    private CopyText decimals(long value, int unit) {
        separate();
        digits(value / unit);
        put('.');
        for (int place = unit / 10; place > 0; place /= 10) {
            put((char) ('0' + value / place % 10));
        }
        return this;
    }

    private void separate() {
        if (!first) {
            put('\t');
        }
        first = false;
    }

    private void digits(long value) {
        if (value < 0) {
            put('-');
            digits(-value);
            return;
        }
        if (value >= 10) {
            digits(value / 10);
        }
        put((char) ('0' + value % 10));
    }

    private void two(int value) {
        put((char) ('0' + value / 10));
        put((char) ('0' + value % 10));
    }

    private void ascii(String value) {
        for (int i = 0; i < value.length(); i++) {
            put(value.charAt(i));
        }
    }

    /** One character of the basic multilingual plane in UTF-8. */
    private void character(char c) {
        if (c < 0x80) {
            put(c);
        } else if (Character.isSurrogate(c)) {
            throw new IllegalArgumentException("made-up data has no characters beyond U+FFFF");
        } else if (c < 0x800) {
            put((char) (0xC0 | (c >> 6)));
            put((char) (0x80 | (c & 0x3F)));
        } else {
            put((char) (0xE0 | (c >> 12)));
            put((char) (0x80 | ((c >> 6) & 0x3F)));
            put((char) (0x80 | (c & 0x3F)));
        }
    }

    private void put(char octet) {
        if (length == bytes.length) {
            bytes = Arrays.copyOf(bytes, length * 2);
        }
        bytes[length++] = (byte) octet;
    }
}
