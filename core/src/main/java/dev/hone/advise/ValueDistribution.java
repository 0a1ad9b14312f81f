package dev.hone.advise;

import dev.hone.postgres.Statistics.ColumnStatistics;
import java.util.ArrayList;
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
        List<String> values = elements(column.mostCommonValues());
        List<Double> frequencies = elements(column.mostCommonFrequencies()).stream()
                .map(Double::valueOf)
                .toList();
        if (values.size() != frequencies.size()) {
            values = List.of();
            frequencies = List.of();
        }
        return new ValueDistribution(values, frequencies, elements(column.histogramBounds()), column.nullFraction());
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

    private double rest() {
        return Math.max(
                0, 1 - nullShare - frequencies.stream().mapToDouble(f -> f).sum());
    }

    /** The elements of a one-dimensional array in PostgreSQL's text form; empty if it is another kind of array. */
    private static List<String> elements(@Nullable String text) {
        if (text == null || !text.startsWith("{") || !text.endsWith("}") || text.startsWith("{{")) {
            return List.of();
        }
        List<String> elements = new ArrayList<>();
        StringBuilder element = new StringBuilder();
        boolean quoted = false;
        boolean any = false;
        for (int i = 1; i < text.length() - 1; i++) {
            char c = text.charAt(i);
            any = true;
            if (c == '\\') {
                element.append(text.charAt(++i));
            } else if (c == '"') {
                quoted = !quoted;
            } else if (c == ',' && !quoted) {
                elements.add(element.toString());
                element.setLength(0);
            } else {
                element.append(c);
            }
        }
        if (any) {
            elements.add(element.toString());
        }
        return elements;
    }
}
