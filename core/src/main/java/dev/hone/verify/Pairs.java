package dev.hone.verify;

import dev.hone.measure.Comparison;
import dev.hone.measure.Interval;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * Runs of a query with one set of indexes and with another, taken in turns: before, after, after, before and so on, so that
 * whatever else the machine does falls on both alike. The interval is Student's over the logarithms of the pairs' ratios,
 * and is never taken for finer than {@link Comparison#NOISE}.
 */
final class Pairs {

    private static final int LEAST = 3;
    private static final int MOST = 30;
    private static final double FINE = 0.015;
    private static final double SHORT_MILLIS = 20;
    private static final int MOST_REPEATS = 15;

    /** The 97.5th percentile of Student's distribution, by degrees of freedom from 1 on. */
    private static final double[] STUDENT = {
        12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
        2.110, 2.101, 2.093, 2.086
    };

    /**
     * What pairs say.
     *
     * @param beforeMillis middle time of one mean call with the first set
     * @param afterMillis and with the second
     * @param ratio after divided by before
     * @param interval where the ratio lies with 95 % confidence, the noise included
     */
    record Result(double beforeMillis, double afterMillis, double ratio, Interval interval, int pairs) {

        boolean slower() {
            return interval.lower() > 1;
        }

        boolean faster() {
            return interval.upper() < 1;
        }
    }

    private final Stage stage;
    private final List<Call> calls;
    private final Duration longest;

    /**
     * Pairs of a query's calls.
     *
     * @param longest after which a run is ended
     */
    Pairs(Stage stage, List<Call> calls, Duration longest) {
        this.stage = stage;
        this.calls = List.copyOf(calls);
        this.longest = longest;
    }

    /**
     * Takes pairs until the difference is clear, or clearly none, or time is up; at least three in any case.
     *
     * @param millis what each call is known to take: short ones are run several times over
     */
    Result compare(BitSet before, BitSet after, List<Double> millis, Deadline deadline) throws SQLException {
        List<Integer> repeats = millis.stream().map(Pairs::repeats).toList();
        List<Double> one = new ArrayList<>();
        List<Double> other = new ArrayList<>();
        Result result = null;
        for (int pair = 0; pair < MOST && (pair < LEAST || !deadline.isOver()); pair++) {
            if (pair % 2 == 0) {
                one.add(side(before, repeats));
                other.add(side(after, repeats));
            } else {
                other.add(side(after, repeats));
                one.add(side(before, repeats));
            }
            if (pair + 1 >= LEAST) {
                result = result(one, other);
                double width = result.interval().upper() / result.interval().lower() - 1;
                if (result.faster() || (result.slower() && pair + 1 >= 6) || width < 2 * (FINE + Comparison.NOISE)) {
                    break;
                }
            }
        }
        if (result == null) {
            throw new IllegalStateException("no pairs");
        }
        return result;
    }

    private static int repeats(double millis) {
        return (int) Math.clamp(Math.ceil(SHORT_MILLIS / Math.max(0.01, millis)), 1, MOST_REPEATS);
    }

    /** Mean over the calls, each its middle time. */
    private double side(BitSet set, List<Integer> repeats) throws SQLException {
        stage.show(set);
        double sum = 0;
        for (int i = 0; i < calls.size(); i++) {
            double[] millis = new double[repeats.get(i)];
            for (int j = 0; j < millis.length; j++) {
                millis[j] = stage.runner().run(calls.get(i), longest).millis();
            }
            sum += middle(millis);
        }
        return sum / calls.size();
    }

    static double middle(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int half = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }

    static Result result(List<Double> before, List<Double> after) {
        int n = before.size();
        double[] logs = new double[n];
        for (int i = 0; i < n; i++) {
            logs[i] = Math.log(Math.max(1e-6, after.get(i)) / Math.max(1e-6, before.get(i)));
        }
        double mean = Arrays.stream(logs).average().orElseThrow();
        double squares =
                Arrays.stream(logs).map(log -> (log - mean) * (log - mean)).sum();
        double student = n - 2 < STUDENT.length ? STUDENT[n - 2] : 2.0;
        double half = student * Math.sqrt(squares / (n - 1) / n) + Math.log1p(Comparison.NOISE);
        return new Result(
                middle(before.stream().mapToDouble(Double::doubleValue).toArray()),
                middle(after.stream().mapToDouble(Double::doubleValue).toArray()),
                Math.exp(mean),
                new Interval(Math.exp(mean - half), Math.exp(mean + half)),
                n);
    }
}
