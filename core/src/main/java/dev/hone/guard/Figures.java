package dev.hone.guard;

import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;

/** Figures of a query, window by window, and what is worked out of them. A NaN is a window without a figure. */
final class Figures {

    private Figures() {}

    /** Logarithms of a query's figure, a window each; NaN where it was not called. */
    static double[] figures(List<Window> windows, String id, boolean p95) {
        return windows.stream()
                .mapToDouble(window -> window.samples().stream()
                        .filter(sample -> sample.query().equals(id))
                        .map(sample -> p95 ? sample.p95() : sample.mean())
                        .filter(value -> value != null && value > 0)
                        .mapToDouble(Math::log)
                        .findFirst()
                        .orElse(Double.NaN))
                .toArray();
    }

    /** Requests of a query, or those of them that failed. */
    static long sum(List<Window> windows, String id, boolean errors) {
        return windows.stream()
                .flatMap(window -> window.samples().stream())
                .filter(sample -> sample.query().equals(id))
                .mapToLong(sample -> errors ? sample.errors() : sample.requests())
                .sum();
    }

    /** Values less others, one by one. */
    static double[] less(double[] values, double[] levels) {
        double[] less = new double[values.length];
        Arrays.setAll(less, i -> values[i] - levels[i]);
        return less;
    }

    private static DoubleStream known(double[] values) {
        return Arrays.stream(values).filter(value -> !Double.isNaN(value));
    }

    /** How many are known. */
    static int count(double[] values) {
        return (int) known(values).count();
    }

    static double mean(double[] values) {
        return known(values).average().orElse(Double.NaN);
    }

    static double variance(double[] values) {
        double mean = mean(values);
        return known(values).map(value -> (value - mean) * (value - mean)).sum() / Math.max(1, count(values) - 1);
    }
}
