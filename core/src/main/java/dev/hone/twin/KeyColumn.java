package dev.hone.twin;

import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A column of an index as far as its size goes.
 *
 * @param fixedBytes length of a fixed-length type; 0 for variable length
 * @param alignment in bytes, of a fixed-length type
 * @param nullFraction share of rows with NULL
 * @param frequencies shares of rows of the most common values
 * @param commonWidths stored widths of the most common values in bytes; empty where unknown
 * @param otherWidths a sample of the stored widths of all other values in bytes, never empty
 * @param distinct number of distinct values in all, NULL aside
 */
record KeyColumn(
        int fixedBytes,
        int alignment,
        double nullFraction,
        List<Double> frequencies,
        List<Integer> commonWidths,
        List<Integer> otherWidths,
        double distinct) {

    /** A value drawn at random as often as rows have it. */
    record Value(int width, double frequency, boolean isNull) {}

    KeyColumn {
        frequencies = List.copyOf(frequencies);
        commonWidths = List.copyOf(commonWidths);
        otherWidths = List.copyOf(otherWidths);
        if (otherWidths.isEmpty()) {
            throw new IllegalArgumentException("a column without widths");
        }
    }

    Value draw(RandomGenerator random) {
        double at = random.nextDouble();
        if (at < nullFraction) {
            return new Value(0, nullFraction, true);
        }
        at -= nullFraction;
        double common = 0;
        for (int i = 0; i < frequencies.size(); i++) {
            common += frequencies.get(i);
            if (at < common) {
                int width = !commonWidths.isEmpty() ? commonWidths.get(i) : otherWidth(random);
                return new Value(width, frequencies.get(i), false);
            }
        }
        double rest = Math.max(0, 1 - common - nullFraction);
        double frequency = rest > 0 ? rest / Math.max(1, distinct - frequencies.size()) : 1 / Math.max(1, distinct);
        return new Value(otherWidth(random), frequency, false);
    }

    private int otherWidth(RandomGenerator random) {
        return otherWidths.get(random.nextInt(otherWidths.size()));
    }

    /** Where a value of this column ends in a tuple whose data so far end at an offset. */
    int end(int offset, int width) {
        if (fixedBytes > 0) {
            return align(offset, alignment) + fixedBytes;
        }
        // Up to 126 bytes a value has a header of one byte and needs no alignment.
        return width > 127 ? align(offset, 4) + width : offset + width;
    }

    static int align(int bytes, int to) {
        return (bytes + to - 1) / to * to;
    }
}
