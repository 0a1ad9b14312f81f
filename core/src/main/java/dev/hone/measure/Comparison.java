package dev.hone.measure;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.hone.HoneException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Two measurements of the same script side by side, by the bootstrap that {@link Bootstrap} describes.
 *
 * @param requests that both sides know, in the order of the first run after
 * @param total over all requests
 * @param notes what speaks against comparing the two: other settings, another mix; empty if nothing does
 */
public record Comparison(List<Row> requests, Row total, List<String> notes) {

    /** Differences below it are noise, however certain they are; criterion's default too. */
    public static final double NOISE = 0.01;

    /** What is compared. */
    static final List<Metric> METRICS = List.of(Metric.P50, Metric.P95, Metric.P99, Metric.REQUESTS_PER_SECOND);

    public Comparison {
        requests = List.copyOf(requests);
        notes = List.copyOf(notes);
    }

    /** What a difference means to users. */
    public enum Difference {
        FASTER("faster"),
        SLOWER("slower"),
        NONE("no measurable difference");

        private final String words;

        Difference(String words) {
            this.words = words;
        }

        @JsonValue
        public String words() {
            return words;
        }
    }

    /**
     * One request.
     *
     * @param figures p50, p95, p99 and requests per second; empty if one of the sides has no answered request
     */
    public record Row(String name, List<Figure> figures) {

        public Row {
            figures = List.copyOf(figures);
        }

        /** The figure of a metric; null if there is none. */
        public @Nullable Figure figure(Metric metric) {
            return figures.stream()
                    .filter(figure -> figure.metric() == metric)
                    .findFirst()
                    .orElse(null);
        }
    }

    /**
     * One figure of a request.
     *
     * @param before in the metric's unit, over all runs
     * @param ratio after divided by before
     * @param ratioInterval where the ratio lies with 95 % confidence
     */
    public record Figure(
            Metric metric,
            double before,
            Interval beforeInterval,
            double after,
            Interval afterInterval,
            double ratio,
            Interval ratioInterval,
            Difference difference) {}

    /** Compares one run before with one after. */
    public static Comparison of(LoadResult before, LoadResult after) {
        return of(List.of(before), List.of(after));
    }

    /**
     * Compares runs before with runs after.
     *
     * @throws HoneException of kind {@code USAGE} if they have no request in common
     */
    public static Comparison of(List<LoadResult> before, List<LoadResult> after) {
        if (before.isEmpty() || after.isEmpty()) {
            throw new IllegalArgumentException("nothing to compare");
        }
        List<Row> rows = new ArrayList<>();
        for (LoadResult.Request request : after.getFirst().requests()) {
            if (before.stream().allMatch(run -> find(run, request.name()) != null)
                    && after.stream().allMatch(run -> find(run, request.name()) != null)) {
                rows.add(row(request.name(), sliced(before, request.name()), sliced(after, request.name())));
            }
        }
        if (rows.isEmpty()) {
            throw HoneException.usage(
                    "The results have no request in common: "
                            + before.getFirst().script() + " and "
                            + after.getFirst().script(),
                    "Nothing was changed. Compare runs of the same script.");
        }
        return new Comparison(rows, row("total", sliced(before, null), sliced(after, null)), notes(before, after));
    }

    /** One side of a comparison: runs, each cut into slices. */
    private record Side(List<List<Histogram>> slices, List<Double> sliceSeconds, Histogram all, double seconds) {

        double figure(Metric metric) {
            return metric == Metric.REQUESTS_PER_SECOND
                    ? all.getTotalCount() / seconds
                    : all.getValueAtPercentile(percentile(metric)) / 1000.0;
        }
    }

    private static Side sliced(List<LoadResult> runs, @Nullable String request) {
        List<List<Histogram>> slices = runs.stream()
                .map(run -> request == null
                        ? run.slicesOfTotal()
                        : run.slicesOf(Objects.requireNonNull(find(run, request))))
                .toList();
        Histogram all = Slices.empty();
        slices.forEach(run -> run.forEach(all::add));
        double seconds = runs.stream().mapToDouble(LoadResult::seconds).sum();
        return new Side(slices, runs.stream().map(LoadResult::sliceSeconds).toList(), all, seconds);
    }

    private static Row row(String name, Side before, Side after) {
        if (before.all.getTotalCount() == 0 || after.all.getTotalCount() == 0) {
            return new Row(name, List.of());
        }
        Bootstrap.Figures resampledBefore = Bootstrap.resample(before.slices, before.sliceSeconds, 1);
        Bootstrap.Figures resampledAfter = Bootstrap.resample(after.slices, after.sliceSeconds, 2);
        return new Row(
                name,
                METRICS.stream()
                        .map(metric -> figure(metric, before, resampledBefore, after, resampledAfter))
                        .toList());
    }

    private static Figure figure(
            Metric metric,
            Side before,
            Bootstrap.Figures resampledBefore,
            Side after,
            Bootstrap.Figures resampledAfter) {
        double[] manyBefore = resampledBefore.of(metric);
        double[] manyAfter = resampledAfter.of(metric);
        double[] ratios = IntStream.range(0, manyBefore.length)
                .mapToDouble(i -> ratio(manyBefore[i], manyAfter[i]))
                .toArray();
        double measuredBefore = before.figure(metric);
        double measuredAfter = after.figure(metric);
        double ratio = ratio(measuredBefore, measuredAfter);
        Interval interval = Bootstrap.interval(ratios, ratio);
        return new Figure(
                metric,
                measuredBefore,
                Bootstrap.interval(manyBefore, measuredBefore),
                measuredAfter,
                Bootstrap.interval(manyAfter, measuredAfter),
                ratio,
                interval,
                difference(metric, interval));
    }

    /** A latency below half a microsecond is kept as 0; it counts as one microsecond here. */
    private static double ratio(double before, double after) {
        return Math.max(after, 0.001) / Math.max(before, 0.001);
    }

    private static Difference difference(Metric metric, Interval ratio) {
        if (ratio.upper() < 1 - NOISE) {
            return metric.isLatency() ? Difference.FASTER : Difference.SLOWER;
        }
        if (ratio.lower() > 1 + NOISE) {
            return metric.isLatency() ? Difference.SLOWER : Difference.FASTER;
        }
        return Difference.NONE;
    }

    /** The interval of a figure of one run; null if no request was answered. */
    static @Nullable Interval interval(LoadResult run, @Nullable String request, Metric metric) {
        Side side = sliced(List.of(run), request);
        if (side.all.getTotalCount() == 0) {
            return null;
        }
        return Bootstrap.interval(
                Bootstrap.resample(side.slices, side.sliceSeconds, 2).of(metric), side.figure(metric));
    }

    static LoadResult.@Nullable Request find(LoadResult run, @Nullable String request) {
        if (request == null) {
            return run.total();
        }
        return run.requests().stream()
                .filter(one -> one.name().equals(request))
                .findFirst()
                .orElse(null);
    }

    static double percentile(Metric metric) {
        return switch (metric) {
            case P50 -> 50;
            case P95 -> 95;
            case P99 -> 99;
            case REQUESTS_PER_SECOND,
                    ERROR_SHARE,
                    SEQUENTIAL_SCAN_SHARE,
                    INDEX_USE_SHARE,
                    STORAGE_OVERHEAD,
                    P95_RATIO -> throw new IllegalArgumentException(metric + " is no percentile");
        };
    }

    private static List<String> notes(List<LoadResult> before, List<LoadResult> after) {
        List<String> notes = new ArrayList<>();
        LoadResult one = before.getFirst();
        LoadResult other = after.getFirst();
        if (one.connections() != other.connections()) {
            notes.add("Different loads: " + one.connections() + " connections before, " + other.connections()
                    + " after.");
        }
        List<String> settings = other.settings().keySet().stream()
                .filter(name -> !Objects.equals(
                        one.settings().get(name), other.settings().get(name)))
                .map(name -> name + " " + one.settings().get(name) + " → "
                        + other.settings().get(name))
                .toList();
        if (!settings.isEmpty()) {
            notes.add("Different settings: " + String.join(", ", settings) + ".");
        }
        List<String> namesBefore =
                one.requests().stream().map(LoadResult.Request::name).toList();
        List<String> namesAfter =
                other.requests().stream().map(LoadResult.Request::name).toList();
        if (!namesBefore.equals(namesAfter)) {
            notes.add("Different scripts: only requests of the same name are compared, and the total is of different"
                    + " requests.");
        }
        for (LoadResult run : concat(before, after)) {
            run.warnings().forEach(warning -> notes.add(run.startedAt() + ": " + warning));
        }
        double errorsBefore = one.total().errorShare();
        double errorsAfter = other.total().errorShare();
        if (Math.abs(errorsAfter - errorsBefore) > NOISE) {
            notes.add(String.format(
                    Locale.ROOT,
                    "Different errors: %.1f %% of requests failed before, %.1f %% after; a request that fails is often a"
                            + " fast one, and is not part of the figures.",
                    100 * errorsBefore,
                    100 * errorsAfter));
        }
        return notes;
    }

    private static List<LoadResult> concat(List<LoadResult> before, List<LoadResult> after) {
        return Arrays.asList(before, after).stream().flatMap(List::stream).toList();
    }
}
