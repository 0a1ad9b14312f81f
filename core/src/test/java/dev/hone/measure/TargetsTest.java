package dev.hone.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.hone.Json;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TargetsTest {

    /** p95 about 30 ms, 100 requests a second, 3,000 requests. */
    private final LoadResult after = ComparisonTest.run(1, 10, 100, 1);

    private final LoadResult before = ComparisonTest.run(2, 100, 100, 1);

    @Test
    void the_interval_decides() {
        Result measured = judge(Target.below(Metric.P95, 50));
        Interval interval = measured.interval();
        assertThat(measured.verdict()).isEqualTo(Verdict.PASS);
        assertThat(measured.after()).isCloseTo(30, within(3.0)).isBetween(interval.lower(), interval.upper());
        assertThat(measured.before()).isCloseTo(300, within(30.0));

        assertThat(judge(Target.below(Metric.P95, 10)).verdict()).isEqualTo(Verdict.FAIL);
        assertThat(judge(Target.below(Metric.P95, measured.after() + 1e-6)).verdict())
                .isEqualTo(Verdict.INCONCLUSIVE);
        assertThat(judge(Target.below(Metric.P95, interval.upper())).verdict()).isEqualTo(Verdict.INCONCLUSIVE);
        assertThat(judge(Target.below(Metric.P95, interval.lower())).verdict()).isEqualTo(Verdict.FAIL);
    }

    @Test
    void above_is_the_mirror_of_below() {
        assertThat(judge(Target.above(Metric.REQUESTS_PER_SECOND, 90)).verdict())
                .isEqualTo(Verdict.PASS);
        assertThat(judge(Target.above(Metric.REQUESTS_PER_SECOND, 110)).verdict())
                .isEqualTo(Verdict.FAIL);
        assertThat(judge(Target.above(Metric.REQUESTS_PER_SECOND, 100)).verdict())
                .isEqualTo(Verdict.FAIL);
        assertThat(judge(Target.above(Metric.INDEX_USE_SHARE, 0.89)).verdict()).isEqualTo(Verdict.PASS);
        assertThat(judge(Target.above(Metric.INDEX_USE_SHARE, 0.9)).verdict()).isEqualTo(Verdict.FAIL);
    }

    @Test
    void what_the_server_counted_is_a_point() {
        Result sequential = judge(Target.below(Metric.SEQUENTIAL_SCAN_SHARE, 0.11));
        assertThat(sequential.after()).isEqualTo(0.1);
        assertThat(sequential.interval()).isEqualTo(new Interval(0.1, 0.1));
        assertThat(sequential.verdict()).isEqualTo(Verdict.PASS);
        assertThat(judge(Target.below(Metric.ERROR_SHARE, 0.01)).verdict()).isEqualTo(Verdict.PASS);
        LoadResult failing = ComparisonTest.changed(
                after, 8, Map.of(), Map.of("40001", new LoadResult.Failure(1000, "serialization")));
        Result errors = Targets.judge(List.of(Target.below(Metric.ERROR_SHARE, 0.05)), null, failing)
                .getFirst();
        assertThat(errors.after()).isEqualTo(0.25);
        assertThat(errors.verdict()).isEqualTo(Verdict.FAIL);
    }

    @Test
    void storage_and_ratio_are_judged_against_before() {
        Result ratio = judge(Target.below(Metric.P95_RATIO, 0.2));
        assertThat(ratio.verdict()).isEqualTo(Verdict.PASS);
        assertThat(ratio.after()).isCloseTo(0.1, within(0.02));
        assertThat(judge(Target.below(Metric.STORAGE_OVERHEAD, 0.2)).after()).isZero();
        LoadResult bigger = ComparisonTest.withIndexBytes(after, 350);
        Result overhead = Targets.judge(List.of(Target.below(Metric.STORAGE_OVERHEAD, 0.2)), before, bigger)
                .getFirst();
        // 150 bytes of index more, on 800 of tables and 200 of indexes.
        assertThat(overhead.after()).isEqualTo(0.15);
        assertThat(overhead.verdict()).isEqualTo(Verdict.PASS);
        for (Metric metric : List.of(Metric.P95_RATIO, Metric.STORAGE_OVERHEAD)) {
            Result alone =
                    Targets.judge(List.of(Target.below(metric, 1)), null, after).getFirst();
            assertThat(alone.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
            assertThat(alone.note()).contains("no measurement from before");
        }
    }

    @Test
    void a_percentile_of_too_few_requests_never_passes_but_may_fail() {
        LoadResult few = ComparisonTest.run(1, 10, 10, 1);
        Result p99 = Targets.judge(List.of(Target.below(Metric.P99, 10_000)), null, few)
                .getFirst();
        assertThat(p99.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
        assertThat(p99.note()).isEqualTo("only 300 requests: too few for the p99, measure longer");
        assertThat(Targets.judge(List.of(Target.below(Metric.P95, 10_000)), null, few)
                        .getFirst()
                        .verdict())
                .isEqualTo(Verdict.PASS);
        assertThat(Targets.judge(List.of(Target.below(Metric.P99, 1)), null, few)
                        .getFirst()
                        .verdict())
                .isEqualTo(Verdict.FAIL);
    }

    @Test
    void a_target_of_one_request_is_judged_by_it() {
        Target known = new Target("one", Metric.P50, Target.Comparator.BELOW, 50);
        Target unknown = new Target("two", Metric.P50, Target.Comparator.BELOW, 50);
        assertThat(judge(known).verdict()).isEqualTo(Verdict.PASS);
        assertThat(judge(unknown).verdict()).isEqualTo(Verdict.INCONCLUSIVE);
        assertThat(judge(unknown).note()).contains("no request of that name");
    }

    @Test
    void targets_are_described_and_are_json() {
        assertThat(Target.below(Metric.P95, 500).describe()).isEqualTo("p95 below 500 ms");
        assertThat(Target.below(Metric.SEQUENTIAL_SCAN_SHARE, 0.1).describe()).isEqualTo("sequential scans below 10 %");
        assertThat(Target.above(Metric.REQUESTS_PER_SECOND, 100).describe()).isEqualTo("requests per second above 100");
        assertThat(new Target("a", Metric.P95_RATIO, Target.Comparator.BELOW, 0.25).describe())
                .isEqualTo("a: p95 ratio below 0.25×");
        Target target = new Target("a", Metric.P99, Target.Comparator.ABOVE, 2.5);
        assertThat(Json.read(Json.pretty(target), Target.class)).isEqualTo(target);
        assertThat(Json.pretty(judge(Target.below(Metric.P95, 50)))).contains("\"verdict\" : \"pass\"");
    }

    private Result judge(Target target) {
        return Targets.judge(List.of(target), before, after).getFirst();
    }
}
