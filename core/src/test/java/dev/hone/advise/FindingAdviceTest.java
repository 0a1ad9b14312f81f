package dev.hone.advise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.change.AddForeignKeyIndex;
import dev.hone.change.Analyze;
import dev.hone.change.Change;
import dev.hone.change.CreateIndex;
import dev.hone.change.DropIndex;
import dev.hone.check.Finding;
import dev.hone.check.Severity;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FindingAdviceTest {

    private static final Change DROP = new DropIndex("public", "old", "CREATE INDEX old ON t USING btree (a)");

    private static Finding finding(String check, @Nullable Change change) {
        return new Finding(
                check,
                Severity.WARNING,
                "x",
                "Summary.",
                Map.of("size_bytes", 4096),
                "Why.",
                "Do it.",
                List.of(),
                change);
    }

    private static CreateIndex index(String name, String... keys) {
        return new CreateIndex("public", "t", name, false, "btree", List.of(keys), List.of(), null);
    }

    private static Advice advice(Set<String> inUse, Change... changes) {
        return new Advice(
                10,
                1,
                List.of(changes).stream()
                        .map(change -> new Recommendation(change, "r", 1, List.of(), List.of()))
                        .toList(),
                inUse,
                List.of(),
                new Advice.Effort(1, 1, 1, 1, true));
    }

    private static List<Change> changes(Advice advice) {
        return advice.recommendations().stream().map(Recommendation::change).toList();
    }

    @Test
    void statistics_come_first_and_removals_last() {
        Change create = index("a_idx", "\"a\"");
        Advice merged = FindingAdvice.merge(
                Advice.withoutPlans("No twin."),
                List.of(
                        finding("unused-index", DROP),
                        finding("foreign-key-without-index", create),
                        finding("words-only", null),
                        finding("stale-statistics", new Analyze("public", "t"))));
        assertThat(changes(merged)).containsExactly(new Analyze("public", "t"), create, DROP);
        assertThat(merged.recommendations().getLast().sizeBytes()).isEqualTo(-4096);
        assertThat(merged.notes()).containsExactly("No twin.");
    }

    @Test
    void an_index_that_a_longer_one_begins_with_is_not_proposed_again() {
        Change planned = index("t_a_b_idx", "\"a\"", "\"b\"");
        Advice merged = FindingAdvice.merge(
                advice(Set.of(), planned),
                List.of(
                        finding("foreign-key-without-index", index("x", "\"a\"")),
                        finding("foreign-key-without-index", index("y", "\"b\"")),
                        finding("foreign-key-without-index", index("y", "\"b\""))));
        assertThat(changes(merged)).containsExactly(planned, index("y", "\"b\""));
    }

    @Test
    void an_unused_index_that_the_workload_uses_is_kept_but_a_duplicate_goes() {
        Set<String> inUse = Set.of("\"public\".\"old\"");
        Advice kept = FindingAdvice.merge(advice(inUse), List.of(finding("unused-index", DROP)));
        assertThat(kept.recommendations()).isEmpty();
        assertThat(kept.notes()).singleElement().asString().contains("\"public\".\"old\"");
        assertThat(changes(FindingAdvice.merge(advice(inUse), List.of(finding("duplicate-index", DROP)))))
                .containsExactly(DROP);
    }

    @Test
    void a_foreign_key_of_several_columns_is_served_by_them_in_any_order() {
        Change planned = index("t_b_a_c_idx", "\"b\"", "\"a\"", "\"c\"");
        Change wanted = index("x", "\"a\"", "\"b\"");
        assertThat(changes(FindingAdvice.merge(
                        advice(Set.of(), planned), List.of(finding("foreign-key-without-index", wanted)))))
                .containsExactly(planned);
        assertThat(changes(FindingAdvice.merge(advice(Set.of(), planned), List.of(finding("missing-index", wanted)))))
                .containsExactly(planned, wanted);
    }

    @Test
    void the_index_of_a_foreign_key_by_its_name_is_weighed_like_any_other() {
        AddForeignKeyIndex wanted = new AddForeignKeyIndex("public", "t", "t_fk", List.of("a"), "t_a_idx");
        Change planned = index("t_a_b_idx", "\"a\"", "\"b\"");
        assertThat(changes(FindingAdvice.merge(advice(Set.of(), planned), List.of(finding("mine", wanted)))))
                .containsExactly(planned);
        Change partial =
                new CreateIndex("public", "t", "t_a_idx", false, "btree", List.of("\"a\""), List.of(), "\"b\" = 1");
        assertThat(changes(FindingAdvice.merge(advice(Set.of(), partial), List.of(finding("mine", wanted)))))
                .containsExactly(partial, wanted.named("t_a_idx1"));
    }

    @Test
    void an_index_of_the_same_name_but_other_rows_gets_another_name() {
        Change partial =
                new CreateIndex("public", "t", "t_a_idx", false, "btree", List.of("\"a\""), List.of(), "\"b\" = 1");
        Advice merged = FindingAdvice.merge(
                advice(Set.of(), partial), List.of(finding("foreign-key-without-index", index("t_a_idx", "\"a\""))));
        assertThat(changes(merged)).containsExactly(partial, index("t_a_idx1", "\"a\""));
    }
}
