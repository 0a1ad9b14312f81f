package dev.hone.twin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Catalog;
import dev.hone.postgres.ServerVersion;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.Statistics;
import java.util.ArrayList;
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
    void a_source_older_than_any_served_is_refused() {
        Snapshot snapshot = source.snapshot();
        Snapshot.Database d = snapshot.database();
        Snapshot older = with(
                snapshot,
                new Snapshot.Database(
                        d.name(),
                        new ServerVersion(120_004),
                        d.encoding(),
                        d.localeProvider(),
                        d.collate(),
                        d.ctype(),
                        d.locale(),
                        d.blockBytes(),
                        d.sizeBytes(),
                        d.standby(),
                        d.role(),
                        d.superuser()),
                snapshot.catalog(),
                snapshot.statistics());
        assertThatThrownBy(() -> Twin.build(older, Progress.NONE)).isInstanceOfSatisfying(HoneException.class, e -> {
            assertThat(e.kind()).isEqualTo(HoneException.Kind.REFUSED);
            assertThat(e).hasMessageContaining("12.4");
        });
    }

    /** Every row of the statistics is broken in one of many ways, at random but always alike. */
    @Test
    void malformed_statistics_are_left_out_and_crash_nothing() {
        Snapshot snapshot = source.snapshot();
        for (long seed = 1; seed <= 2; seed++) {
            BrokenStatistics broken = new BrokenStatistics(seed);
            Snapshot bad = with(snapshot, snapshot.database(), snapshot.catalog(), broken.of(snapshot.statistics()));
            try (Twin other = Twin.build(bad, Progress.NONE)) {
                assertThat(other.omissions()).isNotEmpty();
                for (String query : TwinFidelityTest.QUERIES) {
                    assertThat(other.explain(query).totalCost()).isPositive();
                }
                other.create(index("public", "orders", "o_state", List.of("state", "note", "amount")));
                other.create(index("Sales Dept", "Customer", "c_mail", List.of("lower(\"E-Mail\")")));
            }
        }
    }

    @Test
    void what_cannot_be_rebuilt_is_an_omission_and_functions_of_the_source_have_no_privileges() {
        Snapshot snapshot = source.snapshot();
        Catalog c = snapshot.catalog();
        List<Catalog.Extension> extensions = new ArrayList<>(c.extensions());
        extensions.add(new Catalog.Extension("no_such_extension", "public", "1"));
        List<Catalog.Column> columns = c.columns().stream()
                .map(column -> column.name().equals("note")
                        ? new Catalog.Column(
                                column.relation(),
                                column.number(),
                                column.name(),
                                "public.geometry(Point,4326)",
                                column.length(),
                                column.notNull(),
                                column.local(),
                                column.generated(),
                                column.identity(),
                                null,
                                null,
                                null)
                        : column)
                .toList();
        List<Catalog.View> views = new ArrayList<>(c.views());
        views.add(new Catalog.View("public", "broken", false, "SELECT FROM nowhere"));
        List<Catalog.Function> functions = new ArrayList<>(c.functions());
        functions.add(new Catalog.Function(1, "public", "evil", """
                CREATE FUNCTION public.evil() RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
                BEGIN
                  RETURN (SELECT setting FROM pg_file_settings LIMIT 1);
                END $$"""));
        Catalog changed = new Catalog(
                c.schemas(),
                extensions,
                c.types(),
                c.collations(),
                functions,
                c.sequences(),
                c.relations(),
                columns,
                c.constraints(),
                c.indexes(),
                views,
                c.triggers(),
                c.statisticsObjects());
        try (Twin other =
                Twin.build(with(snapshot, snapshot.database(), changed, snapshot.statistics()), Progress.NONE)) {
            assertThat(other.omissions().stream().map(Omission::object))
                    .containsExactlyInAnyOrder(
                            "extension \"no_such_extension\"", "type public.geometry", "view \"public\".\"broken\"");
            String sql = "SELECT * FROM public.orders WHERE customer_id = 42";
            assertThat(other.explain(sql).root().rows())
                    .isEqualTo(twin.explain(sql).root().rows());
            // What the source's functions do while a statement is planned, they must not do as a superuser.
            assertThatThrownBy(() -> other.explain("SELECT public.evil()")).hasMessageContaining("permission denied");
        }
    }

    private static Snapshot with(Snapshot s, Snapshot.Database database, Catalog catalog, Statistics statistics) {
        return new Snapshot(
                s.format(),
                s.takenAt(),
                database,
                s.settings(),
                catalog,
                statistics,
                s.activity(),
                s.evidence(),
                s.blindSpots());
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
