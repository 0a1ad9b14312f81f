package dev.hone.measure;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Judges measurements against targets. The interval decides, not the figure: a target passes when the whole interval is
 * within the limit, fails when the whole interval is beyond it, and is otherwise inconclusive.
 */
public final class Targets {

    /**
     * So many requests must be expected beyond a percentile for a pass. With fewer, resampling what was seen says too little
     * of what was not: the 99th percentile of 100 requests rests on the slowest one.
     */
    private static final double FEWEST_BEYOND = 5;

    private Targets() {}

    /**
     * Judges.
     *
     * @param before measurement before the change; null if there is none
     * @return a result per target, in their order
     */
    public static List<Result> judge(List<Target> targets, @Nullable LoadResult before, LoadResult after) {
        return targets.stream().map(target -> judge(target, before, after)).toList();
    }

    private static Result judge(Target target, @Nullable LoadResult before, LoadResult after) {
        Metric metric = target.metric();
        LoadResult.Request measured = Comparison.find(after, target.request());
        if (measured == null) {
            return nothing(target, "the script has no request of that name");
        }
        LoadResult.Request known = before == null ? null : Comparison.find(before, target.request());
        return switch (metric) {
            case P50, P95, P99, REQUESTS_PER_SECOND -> {
                Interval interval = Comparison.interval(after, target.request(), metric);
                if (interval == null) {
                    if (metric == Metric.REQUESTS_PER_SECOND) {
                        yield point(target, known == null ? null : known.perSecond(), 0);
                    }
                    yield nothing(target, "no request was answered without an error");
                }
                Double earlier = known == null || known.count() == 0 ? null : figure(metric, known);
                yield result(target, earlier, figure(metric, measured), interval, tooFew(metric, measured));
            }
            case ERROR_SHARE -> point(target, known == null ? null : known.errorShare(), measured.errorShare());
            case SEQUENTIAL_SCAN_SHARE ->
                point(
                        target,
                        before == null ? null : before.database().sequentialScanShare(),
                        after.database().sequentialScanShare());
            case INDEX_USE_SHARE ->
                point(
                        target,
                        before == null ? null : before.database().indexUseShare(),
                        after.database().indexUseShare());
            case STORAGE_OVERHEAD -> {
                if (before == null) {
                    yield nothing(target, "there is no measurement from before the change");
                }
                double earlier = bytes(before);
                yield earlier <= 0
                        ? nothing(target, "the database was empty before the change")
                        : point(
                                target,
                                0.0,
                                Math.max(
                                                0,
                                                after.database().indexBytes()
                                                        - before.database().indexBytes())
                                        / earlier);
            }
            case P95_RATIO -> {
                if (before == null) {
                    yield nothing(target, "there is no measurement from before the change");
                }
                Comparison comparison = Comparison.of(before, after);
                Comparison.Row row = target.request() == null
                        ? comparison.total()
                        : comparison.requests().stream()
                                .filter(one -> one.name().equals(target.request()))
                                .findFirst()
                                .orElse(null);
                Comparison.Figure figure = row == null ? null : row.figure(Metric.P95);
                yield figure == null
                        ? nothing(target, "no request was answered without an error before and after")
                        : result(target, 1.0, figure.ratio(), figure.ratioInterval(), tooFew(Metric.P95, measured));
            }
        };
    }

    private static double figure(Metric metric, LoadResult.Request request) {
        LoadResult.Latency latency = request.latency();
        return switch (metric) {
            case P50 -> latency.p50();
            case P95 -> latency.p95();
            case P99 -> latency.p99();
            case REQUESTS_PER_SECOND -> request.perSecond();
            case ERROR_SHARE, SEQUENTIAL_SCAN_SHARE, INDEX_USE_SHARE, STORAGE_OVERHEAD, P95_RATIO ->
                throw new IllegalArgumentException(metric + " is not a figure of a request");
        };
    }

    private static double bytes(LoadResult result) {
        return result.database().tableBytes() + (double) result.database().indexBytes();
    }

    private static @Nullable String tooFew(Metric metric, LoadResult.Request request) {
        if (!metric.isLatency()) {
            return null;
        }
        double beyond = request.count() * (1 - Comparison.percentile(metric) / 100);
        // The margin keeps 100 requests × 5 % from falling below 5 by rounding.
        return beyond >= FEWEST_BEYOND - 1e-6
                ? null
                : "only " + request.count() + " requests: too few for the " + metric.title() + ", measure longer";
    }

    private static Result point(Target target, @Nullable Double before, double after) {
        return result(target, before, after, Interval.exactly(after), null);
    }

    private static Result nothing(Target target, String why) {
        return new Result(target, null, null, null, Verdict.INCONCLUSIVE, why);
    }

    private static Result result(
            Target target, @Nullable Double before, double after, Interval interval, @Nullable String tooFew) {
        Verdict verdict = verdict(target, interval);
        if (verdict == Verdict.PASS && tooFew != null) {
            return new Result(target, before, after, interval, Verdict.INCONCLUSIVE, Objects.requireNonNull(tooFew));
        }
        return new Result(target, before, after, interval, verdict, null);
    }

    /** A figure that is exactly the limit is not below it, and not above it. */
    private static Verdict verdict(Target target, Interval interval) {
        return switch (target.comparator()) {
            case BELOW ->
                interval.upper() < target.limit()
                        ? Verdict.PASS
                        : interval.lower() >= target.limit() ? Verdict.FAIL : Verdict.INCONCLUSIVE;
            case ABOVE ->
                interval.lower() > target.limit()
                        ? Verdict.PASS
                        : interval.upper() <= target.limit() ? Verdict.FAIL : Verdict.INCONCLUSIVE;
        };
    }
}
