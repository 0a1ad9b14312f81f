package dev.hone.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.hone.advise.TimeModel;
import dev.hone.twin.Plan;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OperatorModelTest {

    private static Plan plan(String node, double cost) {
        return Plan.parse("[{\"Plan\": " + node(node, cost, "") + "}]");
    }

    private static String node(String type, double cost, String children) {
        return "{\"Node Type\": \"" + type + "\", \"Total Cost\": " + cost + ", \"Plan Rows\": 10"
                + (children.isEmpty() ? "" : ", \"Plans\": [" + children + "]") + "}";
    }

    @Test
    void cost_is_shared_out_among_the_nodes_and_never_more_than_there_is() {
        Plan join = Plan.parse("[{\"Plan\": "
                + node("Nested Loop", 100, node("Seq Scan", 20, "") + ", " + node("Index Scan", 5, "")) + "}]");
        assertThat(OperatorModel.shares(join))
                .containsOnly(
                        Map.entry("Nested Loop", 30.0),
                        Map.entry("Seq Scan", 20.0),
                        Map.entry("Index Scan, repeated", 50.0));
        Plan limit = Plan.parse("[{\"Plan\": " + node("Limit", 10, node("Sort", 1000, "")) + "}]");
        assertThat(OperatorModel.shares(limit)).containsEntry("Limit", 0.0).containsEntry("Sort", 10.0);
    }

    @Test
    void an_operator_that_is_cheaper_than_the_planner_thinks_is_learned() {
        List<PlanTimes.Measured> measured = new ArrayList<>();
        for (int i = 1; i <= 10; i++) {
            measured.add(new PlanTimes.Measured(plan("Seq Scan", 1000 * i), 10.0 * i, false));
            measured.add(new PlanTimes.Measured(plan("Index Scan", 1000 * i), 1.0 * i, false));
        }
        TimeModel model = OperatorModel.fit(measured);
        double ratio = model.of(plan("Index Scan", 500)) / model.of(plan("Seq Scan", 500));
        assertThat(ratio).isBetween(0.09, 0.2);
        assertThat(RankCorrelation.ofOthers(List.of(measured, measured)))
                .isGreaterThan(RankCorrelation.ofCosts(List.of(measured)));
    }

    @Test
    void too_few_plans_teach_nothing() {
        assertThat(OperatorModel.fit(List.of(new PlanTimes.Measured(plan("Seq Scan", 1), 1, false))))
                .isSameAs(TimeModel.PLANNER);
    }

    @Test
    void rank_correlation_is_one_for_the_same_order_and_minus_one_for_the_opposite() {
        assertThat(RankCorrelation.spearman(List.of(new double[] {1, 10}, new double[] {2, 30}, new double[] {9, 31})))
                .isEqualTo(1, within(1e-9));
        assertThat(RankCorrelation.spearman(List.of(new double[] {1, 3}, new double[] {2, 2}, new double[] {9, 1})))
                .isEqualTo(-1, within(1e-9));
    }

    @Test
    void what_was_learned_is_kept_in_a_file_and_a_broken_file_is_nothing(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("times").resolve("one.json");
        OperatorModel model = new OperatorModel(Map.of("Seq Scan", 0.5), 12);
        LearnedTimes.write(file, "Größe", model, Instant.parse("2026-01-01T00:00:00Z"));
        assertThat(LearnedTimes.read(file)).hasValueSatisfying(known -> {
            assertThat(known.model()).isEqualTo(model);
            assertThat(known.database()).isEqualTo("Größe");
        });
        Files.writeString(file, "{\"format\": 1, \"model\": {\"plans\": 3}}");
        assertThat(LearnedTimes.read(file)).isEmpty();
        assertThat(LearnedTimes.read(folder.resolve("none.json"))).isEmpty();
    }

    @Test
    void pairs_that_scatter_say_no_difference_and_clear_ones_say_which() {
        assertThat(Pairs.result(List.of(10.0, 11.0, 9.0, 10.0), List.of(10.5, 10.0, 9.5, 10.2))
                        .slower())
                .isFalse();
        Pairs.Result slower = Pairs.result(List.of(10.0, 10.1, 9.9, 10.0), List.of(20.0, 20.1, 19.9, 20.0));
        assertThat(slower.slower()).isTrue();
        assertThat(slower.ratio()).isEqualTo(2, within(0.05));
        // One per cent is noise, however certain it is.
        assertThat(Pairs.result(List.of(100.0, 100.0, 100.0, 100.0), List.of(100.5, 100.5, 100.5, 100.5))
                        .slower())
                .isFalse();
    }
}
