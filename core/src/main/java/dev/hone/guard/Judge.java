package dev.hone.guard;

import dev.hone.guard.GuardReport.Change;
import dev.hone.guard.GuardReport.Row;
import dev.hone.guard.GuardReport.Verdict;
import dev.hone.measure.Comparison;
import dev.hone.measure.Interval;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Decides by what was seen before and after. Stateless.
 *
 * <p>The unit is the window and not the request, since neighbouring requests are slow together. A query's figure of every
 * window, as a logarithm and less what untouched queries did in the same window, is compared by Welch's t test (Biometrika
 * 34, 1947), whose variances need not be equal. One guard makes many comparisons: of every query, and at every look; by
 * Bonferroni's inequality each gets its part of 5 %, so that all intervals hold together with 95 %.
 *
 * <p>Shares of errors are compared exactly: given how many errors there were in all, those that fall after are binomial
 * (Przyborowski and Wilenski, Biometrika 31, 1940).
 */
final class Judge {

    private static final double CONFIDENCE_LOST = 0.05;

    /** With 1,000 requests, the 95th percentile lies between those of rank 936 and 964 with 95 % confidence. */
    static final long LEAST_FOR_P95 = 1000;

    static final long LEAST_FOR_MEAN = 30;

    /** A share of errors below it is no reason to take anything back, where there was none before. */
    static final double FEWEST_ERRORS = 0.001;

    private static final int CONSECUTIVE = 2;

    /** So much of the time, or of the promised gain, must be decided before it is called decided. */
    private static final double MOST = 0.8;

    /** An improvement that a comparison must be able to exclude before it is said that there is none. */
    private static final double WORTH_HAVING = 0.3;

    private final List<Series> series;
    private final List<Promise> promises;
    private final GuardOptions options;
    private final boolean last;

    private Judge(List<Series> series, List<Promise> promises, GuardOptions options, boolean last) {
        this.series = series;
        this.promises = promises;
        this.options = options;
        this.last = last;
    }

    /**
     * Judges.
     *
     * @param last whether this is the last look: then what is not certain is decided by what is likelier, and what was
     *     promised is asked for
     */
    static GuardReport judge(List<Series> series, List<Promise> promises, GuardOptions options, boolean last) {
        return new Judge(series, promises, options, last).judge();
    }

    private GuardReport judge() {
        List<Compared> all = new ArrayList<>();
        for (Series one : series) {
            all.addAll(compare(one));
        }
        long judged = all.stream().filter(Compared::judged).count();
        double chance = CONFIDENCE_LOST / Math.max(1, judged) / options.looks().size();
        List<String> reasons = new ArrayList<>();
        List<Row> rows = new ArrayList<>();
        Map<String, Boolean> worthwhile = new HashMap<>();
        for (Compared one : all) {
            boolean excusable =
                    paying(one) && worthwhile.computeIfAbsent(one.series.source(), source -> savesTime(source, all));
            Row row = one.row(chance, excusable);
            rows.add(row);
            if (row.change() == Change.SLOWER) {
                reasons.add(slower(row));
            }
        }
        List<Row> silent = series.stream().flatMap(this::silent).toList();
        rows.addAll(silent);
        List<String> notes = new ArrayList<>(uncontrolled(all));
        errors(reasons, notes);
        reasons.addAll(pools());
        for (Row row : silent) {
            notes.add(row.text() + ": had " + row.requestsBefore()
                    + " calls before and none since: it may not finish any more.");
        }
        Verdict verdict = reasons.isEmpty() && last ? conclude(rows, reasons, notes) : Verdict.INCONCLUSIVE;
        if (verdict == Verdict.KEPT && !silent.isEmpty()) {
            verdict = Verdict.INCONCLUSIVE;
        }
        rows.sort(Comparator.comparing((Row row) -> row.change() == Change.CONTROL)
                .thenComparing(row -> row.interval() == null)
                .thenComparingDouble(row -> row.ratio() == null ? Double.NEGATIVE_INFINITY : -row.ratio()));
        return new GuardReport(
                reasons.isEmpty() ? verdict : Verdict.ROLLED_BACK,
                reasons,
                notes,
                rows,
                series.stream().mapToInt(one -> one.before().size()).max().orElse(0),
                series.stream().mapToInt(one -> one.after().size()).max().orElse(0));
    }

    private Verdict conclude(List<Row> rows, List<String> reasons, List<String> notes) {
        List<Row> touched =
                rows.stream().filter(row -> row.role() == Role.TOUCHED).toList();
        double all = time(touched.stream());
        double decided = time(touched.stream()
                .filter(row -> row.change() == Change.FASTER
                        || row.change() == Change.WITHIN
                        || row.change() == Change.ANNOUNCED));
        boolean enough = all > 0 && decided >= MOST * all;
        if (touched.isEmpty()) {
            notes.add("No query that uses what was changed was seen both before and after.");
        } else if (!enough) {
            notes.add(String.format(
                    Locale.ROOT,
                    "Too few requests, or too uneven ones, to tell: only %.0f %% of the time of the queries that use what"
                            + " was changed could be judged. Watch longer, or add a probe (--probe).",
                    all > 0 ? 100 * decided / all : 0));
        }
        boolean kept = true;
        double promised = promises.stream()
                .filter(Promise::gains)
                .mapToDouble(Promise::gain)
                .sum();
        if (promised > 0) {
            double missed = 0;
            boolean helped = false;
            for (Promise promise : promises) {
                List<Row> seen = rows.stream()
                        .filter(row -> promise.gains() && concerns(promise, row))
                        .toList();
                helped |= seen.stream().anyMatch(row -> row.change() == Change.FASTER);
                if (!seen.isEmpty() && seen.stream().allMatch(Judge::excludesGain)) {
                    missed += promise.gain();
                }
            }
            if (!helped && missed >= MOST * promised) {
                reasons.add("no benefit: none of the queries that it was meant to help got measurably faster");
            } else if (!helped) {
                kept = false;
                notes.add(
                        "Whether the queries that it was meant to help got faster cannot be told: they were called too"
                                + " seldom, or not at all.");
            }
        }
        return enough && kept ? Verdict.KEPT : Verdict.INCONCLUSIVE;
    }

    private static boolean excludesGain(Row row) {
        Interval interval = row.interval();
        return interval != null && row.change() != Change.FASTER && interval.lower() > 1 - WORTH_HAVING;
    }

    private static double time(Stream<Row> rows) {
        return rows.mapToDouble(row -> row.requestsBefore() * row.before()).sum();
    }

    /** A statement of several in a request is told apart by its number: "bets of a user #2". */
    private static boolean concerns(Promise promise, Row row) {
        return promise.query().equals(row.query())
                || promise.sql().equalsIgnoreCase(row.text())
                || promise.query().replaceFirst(" #[0-9]+$", "").equals(row.query());
    }

    private boolean paying(Compared one) {
        return promises.stream()
                .anyMatch(promise -> !promise.gains()
                        && (promise.query().equals(one.id) || promise.sql().equalsIgnoreCase(one.text())));
    }

    /** Whether the queries of a source took less time in all than they would have taken before. */
    private static boolean savesTime(String source, List<Compared> all) {
        double saved = 0;
        for (Compared one : all) {
            if (one.series.source().equals(source) && one.role() != Role.CONTROL && one.comparable()) {
                saved += one.requestsAfter * one.before() * (1 - one.ratio());
            }
        }
        return saved > 0;
    }

    private String slower(Row row) {
        Interval interval = Objects.requireNonNull(row.interval());
        return String.format(
                Locale.ROOT,
                "%s: %s %.3g → %.3g ms, %.2f× as long as before%s (%.2f–%.2f); the limit is %.2f×",
                row.text(),
                row.figure(),
                row.before(),
                row.after(),
                row.ratio(),
                row.load() == 1 ? "" : " and as untouched queries",
                interval.lower(),
                interval.upper(),
                1 + options.slower());
    }

    /** Queries that were called before and not since: a statement is counted when it ends, and one that hangs never does. */
    private Stream<Row> silent(Series one) {
        if (one.after().isEmpty()) {
            // The source is blind, which is said elsewhere.
            return Stream.of();
        }
        boolean p95 = tellsP95(one);
        return one.queries().entrySet().stream()
                .filter(query -> judged(query.getValue().role()))
                .map(Map.Entry::getKey)
                .sorted()
                .filter(id -> seen(one.before(), id, p95)
                        && sum(one.before(), id, false) >= LEAST_FOR_MEAN
                        && sum(one.after(), id, false) == 0)
                .map(id -> silent(new Compared(one, id, p95, null)));
    }

    private static Row silent(Compared one) {
        return new Row(
                one.series.source(),
                one.id,
                one.text(),
                one.role(),
                one.figure(),
                one.requestsBefore,
                0,
                sum(one.series.before(), one.id, true),
                0,
                one.before(),
                null,
                1,
                null,
                null,
                Change.TOO_FEW);
    }

    private static boolean judged(Role role) {
        return role == Role.TOUCHED || role == Role.UNCLEAR;
    }

    private List<String> uncontrolled(List<Compared> all) {
        List<String> notes = new ArrayList<>();
        for (Series one : series) {
            boolean any = all.stream().anyMatch(compared -> compared.of(one) && compared.judged());
            boolean control = all.stream().anyMatch(compared -> compared.of(one) && compared.controlled);
            if (any && !control) {
                notes.add(one.source()
                        + ": no untouched query was seen throughout, so that a change of the load cannot be"
                        + " told from the deployment's doing.");
            }
        }
        return notes;
    }

    // Latencies

    /** One query of a source with its figures window by window; those that are compared are adjusted logarithms. */
    private final class Compared {
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

        private Compared(Series series, String id, boolean p95, @Nullable Levels levels) {
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

        String text() {
            Series.Query known = series.queries().get(id);
            return known == null ? id : known.text();
        }

        String figure() {
            return p95 ? "p95" : "mean";
        }

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
            return enough() && Judge.judged(role());
        }

        double before() {
            return Math.exp(mean(rawBefore));
        }

        double ratio() {
            return Math.exp(mean(adjustedAfter) - mean(adjustedBefore));
        }

        Row row(double chance, boolean excusable) {
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
                    change(ratio, interval, excusable));
        }

        private Change change(double ratio, @Nullable Interval interval, boolean excusable) {
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

    private List<Compared> compare(Series one) {
        boolean p95 = tellsP95(one);
        Levels levels = levels(one, p95);
        return one.queries().entrySet().stream()
                .filter(query -> query.getValue().role() != Role.APART)
                .map(Map.Entry::getKey)
                .sorted()
                .filter(id -> seen(one.before(), id, p95) && seen(one.after(), id, p95))
                .map(id -> new Compared(one, id, p95, levels))
                .toList();
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

    /** Logarithms of a query's figure, a window each; NaN where it was not called. */
    private static double[] figures(List<Window> windows, String id, boolean p95) {
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

    private static long sum(List<Window> windows, String id, boolean errors) {
        return windows.stream()
                .flatMap(window -> window.samples().stream())
                .filter(sample -> sample.query().equals(id))
                .mapToLong(sample -> errors ? sample.errors() : sample.requests())
                .sum();
    }

    private static double[] less(double[] values, double[] levels) {
        double[] less = new double[values.length];
        Arrays.setAll(less, i -> values[i] - levels[i]);
        return less;
    }

    private static DoubleStream known(double[] values) {
        return Arrays.stream(values).filter(value -> !Double.isNaN(value));
    }

    private static int count(double[] values) {
        return (int) known(values).count();
    }

    private static double mean(double[] values) {
        return known(values).average().orElse(Double.NaN);
    }

    private static double variance(double[] values) {
        double mean = mean(values);
        return known(values).map(value -> (value - mean) * (value - mean)).sum() / Math.max(1, count(values) - 1);
    }

    // Errors and pools

    /** Errors of what uses something changed are reasons; of anything else, they may be anybody's. */
    private void errors(List<String> reasons, List<String> notes) {
        long compared = series.stream()
                .mapToLong(one -> one.queries().keySet().stream()
                        .filter(id -> sum(one.after(), id, true) > 0)
                        .count())
                .sum();
        double chance =
                CONFIDENCE_LOST / Math.max(1, compared) / options.looks().size();
        for (Series one : series) {
            for (Map.Entry<String, Series.Query> query : new TreeMap<>(one.queries()).entrySet()) {
                String more = errors(one, query.getKey(), chance);
                if (more != null && judged(query.getValue().role())) {
                    reasons.add(more
                            + String.format(Locale.ROOT, "; they may rise by %.0f %%", 100 * options.moreErrors()));
                } else if (more != null) {
                    notes.add(more
                            + ". That is no reason to take the deployment back: nothing shows that it is its doing.");
                }
            }
        }
    }

    private @Nullable String errors(Series one, String id, double chance) {
        long before = sum(one.before(), id, false);
        long after = sum(one.after(), id, false);
        long errorsBefore = sum(one.before(), id, true);
        long errorsAfter = sum(one.after(), id, true);
        if (before == 0 || after == 0 || errorsAfter == 0) {
            return null;
        }
        double shareBefore = (double) errorsBefore / before;
        double shareAfter = (double) errorsAfter / after;
        long windows = one.after().stream()
                .filter(window -> window.samples().stream()
                        .anyMatch(sample -> sample.query().equals(id) && sample.errors() > 0))
                .count();
        double limit = 1 + options.moreErrors();
        if (shareAfter <= limit * shareBefore
                || (errorsBefore == 0 && shareAfter < FEWEST_ERRORS)
                || windows < CONSECUTIVE) {
            return null;
        }
        // At the last look it is enough that errors certainly rose, and by more than they may as it seems.
        double borne = last ? 1 : limit;
        double tail = Distributions.binomialTail(
                errorsAfter, errorsBefore + errorsAfter, borne * after / (borne * after + before));
        Series.Query known = one.queries().get(id);
        return tail >= chance
                ? null
                : String.format(
                        Locale.ROOT,
                        "%s: %.2f %% of requests fail, %.2f %% did before (%d of %d against %d of %d)",
                        known == null ? id : known.text(),
                        100 * shareAfter,
                        100 * shareBefore,
                        errorsAfter,
                        after,
                        errorsBefore,
                        before);
    }

    private List<String> pools() {
        List<String> reasons = new ArrayList<>();
        for (Series one : series) {
            long before = one.before().stream().filter(Judge::exhausted).count();
            int run = 0;
            for (Window window : one.after()) {
                run = exhausted(window) ? run + 1 : 0;
                Window.Pool pool = window.pool();
                if (run >= CONSECUTIVE
                        && pool != null
                        && 2 * before < one.before().size()) {
                    reasons.add(one.source() + ": connections are exhausted: " + pool.active() + " of " + pool.size()
                            + " in use" + (pool.waiting() == null ? "" : ", " + pool.waiting() + " wait"));
                    break;
                }
            }
        }
        return reasons;
    }

    private static boolean exhausted(Window window) {
        return window.pool() != null && window.pool().exhausted();
    }
}
