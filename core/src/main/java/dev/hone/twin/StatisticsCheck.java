package dev.hone.twin;

import dev.hone.postgres.Statistics.ColumnStatistics;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Looks for what must not reach a planner. PostgreSQL trusts its statistics: it reads as many frequencies as there are
 * values, for one, and goes astray where there are fewer.
 */
final class StatisticsCheck {

    private StatisticsCheck() {}

    /** What is wrong with a row; empty if nothing is. */
    static Optional<String> problem(ColumnStatistics row) {
        try {
            fraction("null fraction", row.nullFraction());
            finite("number of distinct values", row.distinct());
            if (row.distinct() < -1) {
                throw new IllegalArgumentException("a number of distinct values below -1");
            }
            if (row.averageWidth() < 0) {
                throw new IllegalArgumentException("a negative width");
            }
            if (row.correlation() != null && !(Math.abs(row.correlation()) <= 1.0001)) {
                throw new IllegalArgumentException("a correlation outside -1 to 1");
            }
            if (row.rangeEmptyFraction() != null) {
                fraction("fraction of empty ranges", row.rangeEmptyFraction());
            }
            frequencies(row.mostCommonValues(), row.mostCommonFrequencies(), 0, 0, 1.001);
            // Elements have the minimum, the maximum and, in arrays, the frequency of NULL besides.
            frequencies(row.mostCommonElements(), row.mostCommonElementFrequencies(), 2, 3, Double.MAX_VALUE);
            histogram(row.histogramBounds());
            histogram(row.rangeBoundsHistogram());
            histogram(row.rangeLengthHistogram());
            if (row.elementCountHistogram() != null) {
                for (double count : ArrayText.numbers(row.elementCountHistogram())) {
                    finite("number of elements", count);
                }
            }
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of("malformed: " + e.getMessage());
        }
    }

    private static void frequencies(
            @Nullable String values, @Nullable String frequencies, int fewestMore, int mostMore, double largestSum) {
        if (values == null && frequencies == null) {
            return;
        }
        if (values == null || frequencies == null) {
            throw new IllegalArgumentException("values without frequencies, or frequencies without values");
        }
        List<Double> numbers = ArrayText.numbers(frequencies);
        int more = numbers.size() - ArrayText.parse(values).size();
        if (more < fewestMore || more > mostMore) {
            throw new IllegalArgumentException("not as many frequencies as values");
        }
        double sum = 0;
        for (double number : numbers) {
            fraction("frequency", number);
            sum += number;
        }
        if (sum > largestSum) {
            throw new IllegalArgumentException("frequencies above 1 in all");
        }
    }

    private static void histogram(@Nullable String bounds) {
        if (bounds != null && ArrayText.parse(bounds).size() < 2) {
            throw new IllegalArgumentException("a histogram of fewer than two bounds");
        }
    }

    private static void fraction(String what, double value) {
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException("a " + what + " outside 0 to 1");
        }
    }

    private static void finite(String what, double value) {
        if (!Double.isFinite(value)) {
            throw new IllegalArgumentException("a " + what + " that is no number");
        }
    }
}
