package dev.hone.twin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.hone.Progress;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Catalog;
import dev.hone.postgres.Installed;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.Sql;
import dev.hone.postgres.Statistics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** Twins of the majors before 18, each on PostgreSQL of its own major, against a real database of that major. */
@ParameterizedClass
@ValueSource(ints = {13, 14, 15, 16, 17})
class OlderTwinTest {

    private static final double SAME_SHAPES = 0.95;

    private static Source source;

    @Parameter
    int major;

    @BeforeParameterizedClassInvocation
    static void start(int major) {
        source = Source.start(Installed.major(major));
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        source.close();
    }

    @Test
    void plans_are_those_of_the_source_without_and_with_hypothetical_indexes() {
        List<String> different = new ArrayList<>();
        try (Twin twin = Twin.build(source.snapshot(), Progress.NONE)) {
            assertThat(twin.omissions()).isEmpty();
            List<Double> errors = compare(major + ", no secondary index", twin, different);
            assertThat(errors).as("error of costs without indexes").allMatch(error -> error < 1e-9);
            assertThat(different).isEmpty();
            for (String query : TwinFidelityTest.QUERIES) {
                assertThat(rows(twin.explain(query))).as(query).isEqualTo(rows(source.explain(query)));
            }
        }
        TwinFidelityTest.INDEXES.forEach(index -> source.execute(index.statement(false)));
        source.execute("ANALYZE");
        try (Twin twin = Twin.build(source.snapshot(), Progress.NONE)) {
            assertThat(twin.omissions()).isEmpty();
            for (CreateIndex index : TwinFidelityTest.INDEXES) {
                twin.hideExisting(index.schema(), index.name(), true);
                twin.create(TwinFidelityTest.renamed(index));
            }
            List<Double> errors = compare(major + ", all indexes hypothetical", twin, different);
            assertThat(errors).filteredOn(error -> error < 0.01).hasSizeGreaterThan(errors.size() * 8 / 10);
        } finally {
            TwinFidelityTest.INDEXES.forEach(index -> source.execute("DROP INDEX " + index.subject()));
        }
        // Without indexes none was different, so these are of the plans with all of them.
        int plans = TwinFidelityTest.QUERIES.size();
        assertThat(different).hasSizeLessThanOrEqualTo((int) (plans * (1 - SAME_SHAPES)));
    }

    @Test
    void hypothetical_indexes_of_other_types_are_planned_and_sized_as_real_ones() {
        Map<CreateIndex, String> queries = Map.of(
                of("product", "gin", "tags"),
                "SELECT * FROM public.product WHERE tags @> ARRAY['t3', 't4']",
                of("orders", "hash", "ref"),
                "SELECT * FROM public.orders WHERE ref = '11111111-1111-1111-1111-111111111111'",
                of("orders", "brin", "placed"),
                "SELECT count(*) FROM public.orders WHERE placed >= '2024-03-01' AND placed < '2024-03-02'");
        try (Twin twin = Twin.build(source.snapshot(), Progress.NONE)) {
            queries.forEach((index, query) -> {
                source.execute(index.statement(false));
                long pages = source.longs("SELECT pg_relation_size(" + Sql.literal(index.subject()) + ") / 8192")
                        .getFirst();
                Plan real = source.explain(query);
                source.execute("DROP INDEX " + index.subject());
                HypotheticalIndex hypothetical = twin.create(index);
                Plan pretended = twin.explain(query);
                System.out.printf(
                        "%d %s: %d pages instead of %d, cost %.2f instead of %.2f%n",
                        major, index.name(), hypothetical.pages(), pages, pretended.totalCost(), real.totalCost());
                assertThat(twin.uses(pretended, hypothetical)).as(index.name()).isTrue();
                assertThat(TwinFidelityTest.shape(pretended.root())).isEqualTo(TwinFidelityTest.shape(real.root()));
                assertThat(pretended.totalCost()).isCloseTo(real.totalCost(), withinPercentage(3));
                assertThat((double) hypothetical.pages()).isCloseTo((double) pages, withinPercentage(30));
                twin.drop(hypothetical);
            });
        }
    }

    @Test
    void malformed_statistics_are_left_out_and_crash_nothing() {
        Snapshot snapshot = source.snapshot();
        Statistics broken = new BrokenStatistics(major).of(snapshot.statistics());
        try (Twin twin = Twin.build(with(snapshot, snapshot.catalog(), broken), Progress.NONE)) {
            assertThat(twin.omissions()).isNotEmpty();
            for (String query : TwinFidelityTest.QUERIES) {
                assertThat(twin.explain(query).totalCost()).isPositive();
            }
            twin.create(index("o_state", List.of("state", "note", "amount")));
            twin.create(index("o_first", List.of("left(note, 1)")));
        }
    }

    /** A superuser of this machine must not run what the source defines, and a type's values may run a function. */
    @Test
    void values_of_the_source_are_worked_out_without_privileges() {
        source.execute("CREATE FUNCTION public.fine(int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS"
                + " $$BEGIN RETURN true; END$$;"
                + " CREATE DOMAIN public.suspect AS int CHECK (public.fine(VALUE));"
                + " CREATE TABLE public.suspects (id public.suspect, name text);"
                + " INSERT INTO public.suspects SELECT i % 50, i FROM generate_series(1, 5000) i;"
                + " ANALYZE public.suspects");
        Snapshot snapshot = source.snapshot();
        Catalog c = snapshot.catalog();
        Catalog evil = new Catalog(
                c.schemas(),
                c.extensions(),
                c.types(),
                c.collations(),
                c.functions().stream()
                        .map(f -> new Catalog.Function(
                                f.oid(),
                                f.schema(),
                                f.name(),
                                f.definition()
                                        .replace(
                                                "RETURN true",
                                                "IF (SELECT usesuper FROM pg_user WHERE usename = current_user) THEN"
                                                        + " RAISE 'I am a superuser'; END IF; RETURN true")))
                        .toList(),
                c.sequences(),
                c.relations(),
                c.columns(),
                c.constraints(),
                c.indexes(),
                c.views(),
                c.triggers(),
                c.statisticsObjects());
        assertThat(evil).isNotEqualTo(c);
        String sql = "SELECT * FROM public.suspects WHERE id = 7";
        try (Twin twin = Twin.build(with(snapshot, evil, snapshot.statistics()), Progress.NONE)) {
            assertThat(twin.omissions()).isEmpty();
            assertThat(twin.explain(sql).root().rows())
                    .isEqualTo(source.explain(sql).root().rows())
                    .isEqualTo(100);
        }
    }

    @Test
    void generic_and_custom_plans_of_statements_with_placeholders() {
        try (Twin twin = Twin.build(source.snapshot(), Progress.NONE)) {
            Plan plan = twin.explain("SELECT * FROM public.orders WHERE customer_id = $1;");
            assertThat(plan.root().attributes().get("Filter")).isEqualTo("(orders.customer_id = $1)");

            Plan partitioned = twin.explain("SELECT * FROM log.event WHERE at >= $1 AND at < $2");
            assertThat(partitioned.nodes().filter(node -> node.relation() != null))
                    .as("no partition is left out for the NULLs that stand for any value")
                    .hasSize(3);

            assertThat(twin.explain("SELECT '$1'").totalCost()).isPositive();
            String sql = "SELECT * FROM public.orders WHERE state = $1 AND ($2::text IS NULL OR note = $2);";
            Plan many = twin.explain(sql, Arrays.asList("shipped", null));
            Plan few = twin.explain(sql, Arrays.asList("it's lost", null));
            assertThat(few.root().rows()).isLessThan(many.root().rows() / 10);
        }
    }

    private static Snapshot with(Snapshot s, Catalog catalog, Statistics statistics) {
        return new Snapshot(
                s.format(),
                s.takenAt(),
                s.database(),
                s.settings(),
                catalog,
                statistics,
                s.activity(),
                s.evidence(),
                s.blindSpots());
    }

    private static List<Double> rows(Plan plan) {
        return plan.nodes().map(Plan.Node::rows).toList();
    }

    private static CreateIndex index(String name, List<String> keys) {
        return new CreateIndex("public", "orders", name, false, "btree", keys, List.of(), null);
    }

    private static CreateIndex of(String table, String method, String key) {
        return new CreateIndex("public", table, "ix_" + method, false, method, List.of(key), List.of(), null);
    }

    /** The error of each plan's cost; plans of another shape are added to the list. */
    private static List<Double> compare(String label, Twin twin, List<String> different) {
        List<Double> errors = new ArrayList<>();
        int before = different.size();
        for (String query : TwinFidelityTest.QUERIES) {
            Plan real = source.explain(query);
            Plan pretended = twin.explain(query);
            double error = Math.abs(pretended.totalCost() - real.totalCost()) / real.totalCost();
            errors.add(error);
            String expected = TwinFidelityTest.shape(real.root());
            String actual = TwinFidelityTest.shape(pretended.root());
            if (!expected.equals(actual)) {
                different.add(query + "\n   " + pretended.totalCost() + " " + actual + "\n   instead of "
                        + real.totalCost() + " " + expected);
            }
        }
        int queries = errors.size();
        System.out.printf(
                "%s: %d of %d shapes alike, %d costs exact, %d within 1 %%, worst %.2f %%%n%s%n",
                label,
                queries - different.size() + before,
                queries,
                errors.stream().filter(error -> error < 1e-9).count(),
                errors.stream().filter(error -> error < 0.01).count(),
                100 * errors.stream().mapToDouble(Double::doubleValue).max().orElseThrow(),
                String.join("\n", different.subList(before, different.size())));
        return errors;
    }
}
