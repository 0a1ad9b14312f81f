package dev.hone.advise;

import dev.hone.postgres.Statistics.ColumnStatistics;
import dev.hone.twin.ArrayText;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Which values a column has, and how often, as ANALYZE found: its most common values with their frequencies, the rest
 * spread evenly over its histogram.
 *
 * @param values most common first
 * @param frequencies share of all rows, one for each value
 * @param histogram bounds of bins that hold equally many of the other rows
 */
record ValueDistribution(List<String> values, List<Double> frequencies, List<String> histogram, double nullShare) {

    /** The distribution of a column. */
    static ValueDistribution of(ColumnStatistics column) {
        List<String> values = ArrayText.elements(column.mostCommonValues());
        List<Double> frequencies = ArrayText.elements(column.mostCommonFrequencies()).stream()
                .map(Double::valueOf)
                .toList();
        if (values.size() != frequencies.size()) {
            values = List.of();
            frequencies = List.of();
        }
        return new ValueDistribution(
                values, frequencies, ArrayText.elements(column.histogramBounds()), column.nullFraction());
    }

    /** Share of the rows that have a value; for one that is not common, an upper bound. */
    double share(String value) {
        int at = values.indexOf(value);
        if (at >= 0) {
            return frequencies.get(at);
        }
        return frequencies.isEmpty() ? 1 : Math.min(rest(), frequencies.getLast());
    }

    /**
     * The value at a quantile of all rows that have one, most common values first.
     *
     * @param quantile from 0 to 1
     */
    Optional<String> at(double quantile) {
        double left = quantile * (1 - nullShare);
        for (int i = 0; i < values.size(); i++) {
            left -= frequencies.get(i);
            if (left < 0) {
                return Optional.of(values.get(i));
            }
        }
        if (histogram.isEmpty()) {
            return values.isEmpty() ? Optional.empty() : Optional.of(values.getLast());
        }
        double share = rest() <= 0 ? 0 : Math.min(1, left / rest());
        return Optional.of(histogram.get((int) Math.round(share * (histogram.size() - 1))));
    }

    /** Like {@link #at}, the least common values first. */
    Optional<String> rare(double quantile) {
        if (values.isEmpty()) {
            return at(quantile);
        }
        return Optional.of(values.get(values.size() - 1 - (int) (quantile * values.size() / 2)));
    }

    /**
     * The value below which a share of all rows lies, where values have an order.
     *
     * @param share from 0 to 1
     */
    Optional<String> inOrder(double share) {
        List<String> ordered = histogram;
        if (ordered.size() < 2) {
            ordered = values.stream().sorted(ValueDistribution::compare).toList();
        }
        if (ordered.isEmpty()) {
            return Optional.empty();
        }
        double at = Math.clamp(share, 0, 1) * (ordered.size() - 1);
        int before = (int) Math.min(at, Math.max(0, ordered.size() - 2));
        int after = Math.min(before + 1, ordered.size() - 1);
        return Optional.of(Between.value(ordered.get(before), ordered.get(after), at - before));
    }

    private static int compare(String one, String other) {
        Double a = number(one);
        Double b = number(other);
        return a != null && b != null ? Double.compare(a, b) : one.compareTo(other);
    }

    /** Share of the rows with a larger value, where values are numbers; 1 if not known. */
    double shareAbove(@Nullable String value) {
        Double bound = number(value);
        if (bound == null || (values.isEmpty() && histogram.isEmpty())) {
            return 1;
        }
        double share = 0;
        for (int i = 0; i < values.size(); i++) {
            Double one = number(values.get(i));
            share += one != null && one > bound ? frequencies.get(i) : 0;
        }
        long above = histogram.stream()
                .map(ValueDistribution::number)
                .filter(one -> one != null && one > bound)
                .count();
        return share + (histogram.isEmpty() ? 0 : rest() * above / histogram.size());
    }

    private static @Nullable Double number(@Nullable String text) {
        try {
            return text == null ? null : Double.valueOf(text);
        } catch (NumberFormatException e) {
            return null;
        }
    }

    private double rest() {
        return Math.max(
                0, 1 - nullShare - frequencies.stream().mapToDouble(f -> f).sum());
    }
}
