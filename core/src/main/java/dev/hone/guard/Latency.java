package dev.hone.guard;

import static dev.hone.guard.Figures.count;
import static dev.hone.guard.Figures.figures;
import static dev.hone.guard.Figures.less;
import static dev.hone.guard.Figures.mean;
import static dev.hone.guard.Figures.sum;
import static dev.hone.guard.Figures.variance;

import dev.hone.guard.GuardReport.Change;
import dev.hone.guard.GuardReport.Row;
import dev.hone.measure.Comparison;
import dev.hone.measure.Interval;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How long one query of a source took, window by window, before and after; less what untouched queries did in the same
 * windows, where there are any. The unit is the window and not the request, since neighbouring requests are slow together.
 * Both sides' logarithms are compared by Welch's t test (Biometrika 34, 1947), whose variances need not be equal.
 */
final class Latency {

    /** With 1,000 requests, the 95th percentile lies between those of rank 936 and 964 with 95 % confidence. */
    static final long LEAST_FOR_P95 = 1000;

    static final long LEAST_FOR_MEAN = 30;

    /** Windows in a row, so that it was not one outlier. */
    static final int CONSECUTIVE = 2;

    private final Series series;
    private final String id;
    private final boolean p95;
    private final boolean controlled;
    private final double[] rawBefore;
    private final double[] rawAfter;
    private final double[] adjustedBefore;
    private final double[] adjustedAfter;
    private final long requestsBefore;
    private final long requestsAfter;

    private Latency(Series series, String id, boolean p95, @Nullable Levels levels) {
        this.series = series;
        this.id = id;
        this.p95 = p95;
        this.controlled = levels != null;
        this.rawBefore = figures(series.before(), id, p95);
        this.rawAfter = figures(series.after(), id, p95);
        this.adjustedBefore = levels == null ? rawBefore : less(rawBefore, levels.before);
        this.adjustedAfter = levels == null ? rawAfter : less(rawAfter, levels.after);
        this.requestsBefore = sum(series.before(), id, false);
        this.requestsAfter = sum(series.after(), id, false);
    }

    String source() {
        return series.source();
    }

    String id() {
        return id;
    }

    /** Whether untouched queries were seen beside it. */
    boolean controlled() {
        return controlled;
    }

    String text() {
        Series.Query known = series.queries().get(id);
        return known == null ? id : known.text();
    }

    String figure() {
        return p95 ? "p95" : "mean";
    }

    /** Whether it is of the same source. */
    boolean of(Series one) {
        return series.source().equals(one.source());
    }

    Role role() {
        Series.Query known = series.queries().get(id);
        return known == null ? Role.APART : known.role();
    }

    boolean comparable() {
        return count(adjustedBefore) >= 3 && count(adjustedAfter) >= 3;
    }

    boolean enough() {
        long least = p95 ? LEAST_FOR_P95 : LEAST_FOR_MEAN;
        return comparable() && requestsBefore >= least && requestsAfter >= least;
    }

    boolean judged() {
        return enough() && role().judged();
    }

    private double before() {
        return Math.exp(mean(rawBefore));
    }

    /** Milliseconds that its calls took less in all than they would have taken before. */
    double saved() {
        return requestsAfter * before() * (1 - ratio());
    }

    private double ratio() {
        return Math.exp(mean(adjustedAfter) - mean(adjustedBefore));
    }

    /**
     * Compares.
     *
     * @param chance that the interval may be wrong
     * @param excusable whether it may get slower, since it pays for others
     */
    Row row(GuardOptions options, boolean last, double chance, boolean excusable) {
        double raw = Math.exp(mean(rawAfter) - mean(rawBefore));
        double ratio = comparable() ? ratio() : raw;
        Interval interval = enough() ? interval(chance) : null;
        return new Row(
                series.source(),
                id,
                text(),
                role(),
                figure(),
                requestsBefore,
                requestsAfter,
                sum(series.before(), id, true),
                sum(series.after(), id, true),
                before(),
                Math.exp(mean(rawAfter)),
                controlled ? raw / ratio : 1,
                ratio,
                interval,
                change(options, last, ratio, interval, excusable));
    }

    private Change change(
            GuardOptions options, boolean last, double ratio, @Nullable Interval interval, boolean excusable) {
        if (role() == Role.CONTROL) {
            return Change.CONTROL;
        }
        if (interval == null) {
            return Change.TOO_FEW;
        }
        double limit = 1 + options.slower();
        boolean likely = last && controlled && ratio > limit && interval.lower() > 1;
        if ((interval.lower() > limit || likely) && consecutive(limit)) {
            return excusable ? Change.ANNOUNCED : Change.SLOWER;
        }
        if (interval.upper() < 1) {
            return Change.FASTER;
        }
        return interval.upper() < limit ? Change.WITHIN : Change.UNCERTAIN;
    }

    private Interval interval(double chance) {
        int one = count(adjustedBefore);
        int other = count(adjustedAfter);
        double ofOne = variance(adjustedBefore) / one;
        double ofOther = variance(adjustedAfter) / other;
        double sum = ofOne + ofOther;
        double degrees = sum == 0
                ? one + other - 2.0
                : sum * sum / (ofOne * ofOne / (one - 1) + ofOther * ofOther / (other - 1));
        double half = Distributions.student(chance / 2, degrees) * Math.sqrt(sum) + Math.log1p(Comparison.NOISE);
        double middle = mean(adjustedAfter) - mean(adjustedBefore);
        return new Interval(Math.exp(middle - half), Math.exp(middle + half));
    }

    /** Whether windows in a row were beyond the limit, so that it was not one outlier. */
    private boolean consecutive(double limit) {
        double base = mean(adjustedBefore);
        int run = 0;
        for (double value : adjustedAfter) {
            if (!Double.isNaN(value)) {
                run = value - base > Math.log(limit) ? run + 1 : 0;
                if (run >= CONSECUTIVE) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Queries that were called before and not since: a statement is counted when it ends, and one that hangs never does. */
    static Stream<Row> silent(Series one) {
        if (one.after().isEmpty()) {
            // The source is blind, which is said elsewhere.
            return Stream.of();
        }
        boolean p95 = tellsP95(one);
        return one.queries().entrySet().stream()
                .filter(query -> query.getValue().role().judged())
                .map(Map.Entry::getKey)
                .sorted()
                .filter(id -> seen(one.before(), id, p95)
                        && sum(one.before(), id, false) >= LEAST_FOR_MEAN
                        && sum(one.after(), id, false) == 0)
                .map(id -> new Latency(one, id, p95, null).silent());
    }

    private Row silent() {
        return new Row(
                series.source(),
                id,
                text(),
                role(),
                figure(),
                requestsBefore,
                0,
                sum(series.before(), id, true),
                0,
                before(),
                null,
                1,
                null,
                null,
                Change.TOO_FEW);
    }

    /** What untouched queries did, window by window, as a logarithm; NaN where none was seen. */
    private static final class Levels {
        private final double[] before;
        private final double[] after;

        private Levels(double[] before, double[] after) {
            this.before = before;
            this.after = after;
        }
    }

    /** Its queries that were seen before and after, in the order of their ids. */
    static List<Latency> of(List<Series> all) {
        return all.stream().flatMap(Latency::compare).toList();
    }

    private static Stream<Latency> compare(Series one) {
        boolean p95 = tellsP95(one);
        Levels levels = levels(one, p95);
        return one.queries().entrySet().stream()
                .filter(query -> query.getValue().role() != Role.APART)
                .map(Map.Entry::getKey)
                .sorted()
                .filter(id -> seen(one.before(), id, p95) && seen(one.after(), id, p95))
                .map(id -> new Latency(one, id, p95, levels));
    }

    private static boolean tellsP95(Series one) {
        return one.before().stream()
                .flatMap(window -> window.samples().stream())
                .anyMatch(sample -> sample.p95() != null);
    }

    private static boolean seen(List<Window> windows, String id, boolean p95) {
        return count(figures(windows, id, p95)) > 0;
    }

    /** Steady queries count for more than those that jump about. */
    private static @Nullable Levels levels(Series one, boolean p95) {
        double[] before = new double[one.before().size()];
        double[] after = new double[one.after().size()];
        double[] weightBefore = new double[before.length];
        double[] weightAfter = new double[after.length];
        one.queries().forEach((id, query) -> {
            double[] figures = figures(one.before(), id, p95);
            if (query.role() == Role.CONTROL && count(figures) >= 3) {
                double base = mean(figures);
                double weight = 1 / (variance(figures) + Comparison.NOISE * Comparison.NOISE);
                add(figures, base, weight, before, weightBefore);
                add(figures(one.after(), id, p95), base, weight, after, weightAfter);
            }
        });
        divide(before, weightBefore);
        divide(after, weightAfter);
        return count(before) >= 3 && count(after) >= 3 ? new Levels(before, after) : null;
    }

    private static void add(double[] figures, double base, double weight, double[] sum, double[] weights) {
        for (int i = 0; i < figures.length; i++) {
            if (!Double.isNaN(figures[i])) {
                sum[i] += weight * (figures[i] - base);
                weights[i] += weight;
            }
        }
    }

    private static void divide(double[] sum, double[] weights) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] = weights[i] == 0 ? Double.NaN : sum[i] / weights[i];
        }
    }
}
