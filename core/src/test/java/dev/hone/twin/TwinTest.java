package dev.hone.twin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Progress;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Snapshot;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TwinTest {

    private static Source source;
    private static Twin twin;

    @BeforeAll
    static void build() {
        source = Source.start();
        Snapshot snapshot = source.snapshot();
        twin = Twin.build(snapshot, Progress.NONE);
    }

    @AfterAll
    static void stop() {
        twin.close();
        source.close();
    }

    @Test
    void everything_of_the_source_is_rebuilt() {
        assertThat(twin.omissions()).isEmpty();
    }

    @Test
    void generic_plan_of_a_statement_with_placeholders() {
        Plan plan = twin.explain("SELECT * FROM public.orders WHERE customer_id = $1");
        assertThat(plan.root().attributes().get("Filter")).isEqualTo("(orders.customer_id = $1)");
    }

    @Test
    void custom_plan_follows_the_values() {
        String sql = "SELECT * FROM public.orders WHERE state = $1 AND ($2::text IS NULL OR note = $2);";
        Plan many = twin.explain(sql, Arrays.asList("shipped", null));
        Plan few = twin.explain(sql, Arrays.asList("it's lost", null));
        assertThat(few.root().rows()).isLessThan(many.root().rows() / 10);
    }

    @Test
    void a_statement_that_cannot_be_planned_says_why() {
        assertThatThrownBy(() -> twin.explain("SELECT * FROM nowhere"))
                .isInstanceOfSatisfying(PlanException.class, e -> {
                    assertThat(e.sql()).isEqualTo("SELECT * FROM nowhere");
                    assertThat(e.reason()).isEqualTo("relation \"nowhere\" does not exist");
                });
        // The connection is still good.
        assertThat(twin.explain("SELECT 1").totalCost()).isPositive();
    }

    @Test
    void hypothetical_index_is_used_hidden_shown_and_dropped() {
        String sql = "SELECT * FROM public.orders WHERE customer_id = 42";
        double without = twin.explain(sql).totalCost();
        HypotheticalIndex index = twin.create(index("public", "orders", "o_customer", List.of("customer_id")));

        Plan plan = twin.explain(sql);
        assertThat(plan.totalCost()).isLessThan(without / 5);
        assertThat(plan.nodes().map(Plan.Node::index)).contains("o_customer");
        assertThat(index.tuples()).isEqualTo(80_000);

        twin.show(Set.of());
        assertThat(twin.explain(sql).totalCost()).isEqualTo(without);
        twin.show(Set.of(index));
        assertThat(twin.explain(sql).totalCost()).isEqualTo(plan.totalCost());
        twin.drop(index);
        assertThat(twin.explain(sql).totalCost()).isEqualTo(without);
        twin.drop(twin.create(index("public", "orders", "o_customer", List.of("customer_id"))));
    }

    @Test
    void existing_index_can_be_gone_and_back() {
        String sql = "SELECT * FROM \"Sales Dept\".\"Customer\" WHERE \"E-Mail\" = 'x'";
        double with = twin.explain(sql).totalCost();
        twin.hideExisting("Sales Dept", "Customer \"mail\"", true);
        assertThat(twin.explain(sql).totalCost()).isGreaterThan(with * 10);
        twin.hideExisting("Sales Dept", "Customer \"mail\"", false);
        assertThat(twin.explain(sql).totalCost()).isEqualTo(with);
    }

    private static CreateIndex index(String schema, String table, String name, List<String> keys) {
        return new CreateIndex(schema, table, name, false, "btree", keys, List.of(), null);
    }
}
