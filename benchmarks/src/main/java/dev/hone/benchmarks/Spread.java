package dev.hone.benchmarks;

import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** What the figure of several runs was: the middle, and how far it went. */
record Spread(double median, double least, double most) {

    /**
     * Of a figure of each run.
     *
     * @throws IndexOutOfBoundsException if there is no run
     */
    static <R> Spread of(List<R> runs, ToDoubleFunction<R> figure) {
        double[] sorted = runs.stream().mapToDouble(figure).sorted().toArray();
        return new Spread(median(sorted), sorted[0], sorted[sorted.length - 1]);
    }

    /** The middle of sorted values, or the mean of the two that are. */
    static double median(double[] sorted) {
        int half = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }

    /**
     * Median (least – most).
     *
     * @param format of each, such as {@code %.1f}
     */
    String text(String format) {
        return String.format(Locale.ROOT, format + " (" + format + " – " + format + ")", median, least, most);
    }
}
