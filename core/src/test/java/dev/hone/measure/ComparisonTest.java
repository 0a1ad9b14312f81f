package dev.hone.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.hone.HoneException;
import dev.hone.Json;
import dev.hone.measure.Comparison.Difference;
import dev.hone.measure.Comparison.Figure;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class ComparisonTest {

    private static final int SLICES = 30;

    @Test
    void a_run_compared_with_itself_shows_no_difference() {
        LoadResult run = run(1, 10, 1000, 1);
        Comparison comparison = Comparison.of(run, run);
        for (Figure figure : comparison.total().figures()) {
            assertThat(figure.ratio()).isEqualTo(1);
            assertThat(figure.difference()).isEqualTo(Difference.NONE);
            assertThat(figure.ratioInterval().lower()).isLessThanOrEqualTo(1);
            assertThat(figure.ratioInterval().upper()).isGreaterThanOrEqualTo(1);
        }
        assertThat(comparison.notes()).isEmpty();
    }

    @Test
    void differences_are_told_faster_from_slower() {
        LoadResult slow = run(1, 10, 500, 1);
        LoadResult fast = run(2, 2, 2000, 1);

        Comparison better = Comparison.of(slow, fast);
        assertThat(better.total().figures())
                .extracting(Figure::metric)
                .containsExactly(Metric.P50, Metric.P95, Metric.P99, Metric.REQUESTS_PER_SECOND);
        assertThat(better.total().figures())
                .allSatisfy(figure -> assertThat(figure.difference()).isEqualTo(Difference.FASTER));
        assertThat(better.total().figure(Metric.P50).ratio()).isCloseTo(0.2, within(0.02));
        assertThat(better.total().figure(Metric.REQUESTS_PER_SECOND).ratio()).isCloseTo(4, within(0.01));
        assertThat(better.requests())
                .singleElement()
                .satisfies(row -> assertThat(row.name()).isEqualTo("one"));

        assertThat(Comparison.of(fast, slow).total().figures())
                .allSatisfy(figure -> assertThat(figure.difference()).isEqualTo(Difference.SLOWER));
    }

    @Test
    void equal_loads_are_seldom_told_apart() {
        int apart = 0;
        for (int seed = 0; seed < 40; seed++) {
            Figure figure = Comparison.of(run(100 + seed, 10, 400, 1.0), run(500 + seed, 10, 400, 1.0))
                    .total()
                    .figure(Metric.P95);
            apart += figure.difference() == Difference.NONE ? 0 : 1;
        }
        // 5 % are expected by the interval's definition, and fewer with the noise threshold.
        assertThat(apart).isLessThanOrEqualTo(6);
    }

    @Test
    void the_interval_covers_the_truth_about_as_often_as_it_says() {
        // Exponential latencies of mean 10 ms: the 95th percentile is 10 · ln 20.
        double truth = 10 * Math.log(20);
        int covered = 0;
        int runs = 100;
        for (int seed = 0; seed < runs; seed++) {
            Interval interval = Comparison.interval(run(seed, 10, 200, 1.0), null, Metric.P95);
            covered += interval.lower() <= truth && truth <= interval.upper() ? 1 : 0;
        }
        assertThat(covered).isBetween(85, 100);
    }

    @Test
    void slices_that_are_slow_together_widen_the_interval() {
        Interval steady = Comparison.interval(run(1, 10, 500, 1.0), null, Metric.P95);
        Interval bursts = Comparison.interval(run(1, 10, 500, 4.0), null, Metric.P95);
        assertThat(width(bursts)).isGreaterThan(3 * width(steady));
    }

    @Test
    void runs_that_differ_from_each_other_widen_the_interval() {
        List<LoadResult> alike = List.of(run(1, 10, 300, 1), run(2, 10, 300, 1), run(3, 10, 300, 1));
        List<LoadResult> unlike = List.of(run(1, 5, 300, 1), run(2, 10, 300, 1), run(3, 20, 300, 1));
        Figure steady = Comparison.of(alike, alike).total().figure(Metric.P50);
        Figure wandering = Comparison.of(unlike, unlike).total().figure(Metric.P50);
        assertThat(width(wandering.beforeInterval())).isGreaterThan(5 * width(steady.beforeInterval()));
    }

    @Test
    void what_speaks_against_comparing_is_noted() {
        LoadResult before = run(1, 10, 100, 1);
        LoadResult after =
                changed(before, 16, Map.of("work_mem", "64MB"), Map.of("40001", new LoadResult.Failure(900, "x")));
        assertThat(Comparison.of(before, after).notes())
                .satisfiesExactly(
                        note -> assertThat(note).contains("8 connections before, 16 after"),
                        note -> assertThat(note).contains("work_mem 4MB → 64MB"),
                        note -> assertThat(note).contains("0.0 % of requests failed before, 23.1 % after"));
    }

    @Test
    void results_without_a_common_request_are_refused() {
        LoadResult before = run(1, 10, 100, 1);
        LoadResult other = new LoadResult(
                1,
                "other.sql",
                before.startedAt(),
                8,
                1,
                false,
                1,
                30,
                1,
                List.of(renamed(before.requests().getFirst(), "other")),
                before.total(),
                before.database(),
                "18",
                before.settings(),
                before.client(),
                List.of());
        assertThatThrownBy(() -> Comparison.of(before, other))
                .isInstanceOf(HoneException.class)
                .hasMessageContaining("no request in common");
    }

    @Test
    void a_comparison_is_json() {
        String json = Json.pretty(Comparison.of(run(1, 10, 100, 1), run(2, 10, 100, 1)));
        assertThat(json).contains("\"metric\" : \"p95\"", "\"difference\" : \"no measurable difference\"");
    }

    private static double width(Interval interval) {
        return interval.upper() - interval.lower();
    }

    private static LoadResult.Request renamed(LoadResult.Request request, String name) {
        return new LoadResult.Request(
                name, request.count(), request.errors(), request.perSecond(), request.latency(), request.slices());
    }

    static LoadResult changed(
            LoadResult from, int connections, Map<String, String> settings, Map<String, LoadResult.Failure> errors) {
        LoadResult.Request total = new LoadResult.Request(
                "total",
                from.total().count(),
                new TreeMap<>(errors),
                from.total().perSecond(),
                from.total().latency(),
                List.of());
        return new LoadResult(
                1,
                from.script(),
                from.startedAt(),
                connections,
                1,
                false,
                1,
                from.seconds(),
                from.sliceSeconds(),
                from.requests(),
                total,
                from.database(),
                "18",
                new TreeMap<>(settings),
                from.client(),
                List.of());
    }

    static LoadResult withIndexBytes(LoadResult from, long bytes) {
        Counters counters = new Counters(10, 100, 90, 1, 0, 0, 0, 0, 0, 0, 800, bytes);
        return new LoadResult(
                1,
                from.script(),
                from.startedAt(),
                8,
                1,
                false,
                1,
                from.seconds(),
                from.sliceSeconds(),
                from.requests(),
                from.total(),
                counters,
                "18",
                from.settings(),
                from.client(),
                List.of());
    }

    /** A made-up run: exponential latencies, every fifth slice slower by a factor. */
    static LoadResult run(long seed, double meanMillis, int perSlice, double burst) {
        Random random = new Random(seed);
        List<String> slices = new ArrayList<>();
        Histogram all = Slices.empty();
        for (int i = 0; i < SLICES; i++) {
            Histogram slice = Slices.empty();
            double mean = meanMillis * (i % 5 == 0 ? burst : 1);
            for (int j = 0; j < perSlice; j++) {
                slice.recordValue(Math.round(-Math.log(1 - random.nextDouble()) * mean * 1000));
            }
            all.add(slice);
            slices.add(Slices.encode(slice));
        }
        SortedMap<String, LoadResult.Failure> noErrors = new TreeMap<>();
        double perSecond = (double) all.getTotalCount() / SLICES;
        LoadResult.Latency latency = LoadResult.Latency.of(all);
        return new LoadResult(
                1,
                "w.sql",
                Instant.EPOCH,
                8,
                seed,
                false,
                1,
                SLICES,
                1,
                List.of(new LoadResult.Request("one", all.getTotalCount(), noErrors, perSecond, latency, slices)),
                new LoadResult.Request("total", all.getTotalCount(), noErrors, perSecond, latency, List.of()),
                new Counters(10, 100, 90, 1, 0, 0, 0, 0, 0, 0, 800, 200),
                "18",
                new TreeMap<>(Map.of("work_mem", "4MB")),
                new LoadResult.Client(1, 2),
                List.of());
    }
}
