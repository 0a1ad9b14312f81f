package dev.hone.advise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Json;
import dev.hone.Progress;
import dev.hone.change.AlterColumnStatistics;
import dev.hone.change.CreateStatistics;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotReader;
import dev.hone.postgres.Statistics;
import dev.hone.twin.Assumption;
import dev.hone.twin.Twin;
import dev.hone.workload.Workload;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.assertj.core.data.Percentage;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StatisticsAdvisorTest {

    /** A model has one make only, so that nothing is rarer for asking for both. */
    private static final String TOGETHER = "SELECT c.id, s.at FROM \"Cars\" c JOIN service s ON s.car = c.id"
            + " WHERE c.\"Make\" = 7 AND c.model = 1007";

    private static final String INDEPENDENT =
            "SELECT c.id, s.at FROM \"Cars\" c JOIN service s ON s.car = c.id WHERE c.\"Make\" = 7 AND c.colour = 3";

    /** Rows of one value stand together, so that a sample by pages sees few values. */
    private static final String GROUPED = "SELECT batch, count(*) FROM lines GROUP BY batch";

    /** With few batches they are what is hashed, with many the services. */
    private static final String JOINED =
            "SELECT g.n, s.at FROM (SELECT batch, count(*) AS n FROM lines GROUP BY batch) g"
                    + " JOIN service s ON s.car = g.batch WHERE s.at < 20000";

    /** The same of a table whose rows stand in the order of their batches. */
    private static final String ORDERED = JOINED.replace("lines", "\"Rides\"");

    private static LocalServer local;
    private static Server server;
    private static Snapshot snapshot;
    private static Twin twin;

    @BeforeAll
    static void start() {
        local = LocalServer.start(
                Installation.embedded(), Map.of("jit", "off", "max_parallel_workers_per_gather", "0"));
        server = Server.connect(local.address("postgres"));
        Handle h = server.handle();
        h.execute("CREATE TABLE \"Cars\" (id int PRIMARY KEY, \"Make\" int, model int, colour int)");
        h.execute(
                "INSERT INTO \"Cars\" SELECT i, i % 100, 1000 + i % 100, (i / 100) % 50 FROM generate_series(1, 200000) i");
        h.execute("CREATE TABLE service (id int PRIMARY KEY, car int, at int)");
        h.execute("INSERT INTO service SELECT i, i % 200000 + 1, i FROM generate_series(1, 200000) i");
        h.execute("CREATE INDEX ON service (car)");
        h.execute("CREATE TABLE lines (id int, batch int, filler text)");
        // A third of the rows hold half a million values, each once or a few times; the others hold three.
        h.execute("INSERT INTO lines SELECT i, CASE WHEN i % 10 < 9 THEN i % 3 ELSE hashint4(i / 20) END, 'x'"
                + " FROM generate_series(1, 1500000) i");
        h.execute("CREATE TABLE \"Rides\" (id int, batch int, again int, later int, filler text)");
        // Values of the first stand together; those of the others come back every 1,000 rows, which are some 20
        // pages and less than a run, and anywhere among 30,000, which are ten times as many.
        h.execute("INSERT INTO \"Rides\" SELECT i, i / 4, i / 20000 * 1000 + i % 1000,"
                + " i / 30000 * 15000 + abs(hashint4(i) % 15000), repeat('x', 130) FROM generate_series(0, 299999) i");
        // A fifth of what it has, as ANALYZE finds of a table many times as large; what it finds here differs from
        // sample to sample.
        h.execute("ALTER TABLE \"Rides\" ALTER batch SET (n_distinct = 15000)");
        h.execute("VACUUM ANALYZE");
        h.execute("ALTER TABLE \"Rides\" ALTER batch RESET (n_distinct)");
        snapshot = SnapshotReader.whole(List.of()).read(server, Progress.NONE);
        twin = Twin.build(snapshot, Progress.NONE);
    }

    @AfterAll
    static void stop() {
        twin.close();
        server.close();
        local.close();
    }

    private static List<Recommendation> advise(String... statements) {
        return advise(true, statements);
    }

    private static List<Recommendation> advise(boolean thorough, String... statements) {
        List<Workload.Query> queries = java.util.Arrays.stream(statements)
                .map(sql -> new Workload.Query("q" + sql.length(), sql, 1, null, null, List.of()))
                .toList();
        Workload workload = new Workload("t", queries);
        return StatisticsAdvisor.count(twin, snapshot, workload, server, thorough, Progress.NONE)
                .recommendations(twin, workload, List.of());
    }

    private static List<String> shape(String sql) {
        String json = server.handle()
                .createQuery("EXPLAIN (FORMAT JSON) " + sql)
                .mapTo(String.class)
                .one();
        return dev.hone.twin.Plan.parse(json).nodes().map(node -> node.type()).toList();
    }

    @Test
    void columns_that_go_together_get_statistics_that_change_the_real_plan_as_promised() {
        List<String> before = shape(TOGETHER);
        assertThat(advise(TOGETHER)).singleElement().satisfies(one -> {
            assertThat(one.change()).isInstanceOfSatisfying(CreateStatistics.class, create -> {
                assertThat(create.table()).isEqualTo("Cars");
                assertThat(create.columns()).containsExactly("\"Make\"", "\"model\"");
            });
            assertThat(one.reason()).contains("100 combinations of 100 and 100 values", "100 times rarer", "becomes");
            one.change().sql().forEach(server.handle()::execute);
            try {
                assertThat(shape(TOGETHER)).isNotEqualTo(before);
            } finally {
                one.change().undoSql().forEach(server.handle()::execute);
            }
        });
    }

    @Test
    void independent_columns_get_none() {
        assertThat(advise(INDEPENDENT)).isEmpty();
    }

    @Test
    void a_wrong_estimate_that_changes_no_plan_is_left_alone() {
        assertThat(advise("SELECT count(id) FROM \"Cars\" WHERE \"Make\" = 7 AND model = 1007"))
                .isEmpty();
    }

    @Test
    void a_column_with_many_more_values_than_the_sample_shows_gets_its_number() {
        float assumed = snapshot.statistics().columns().stream()
                .filter(column ->
                        column.relation().equals("lines") && column.column().equals("batch"))
                .findFirst()
                .orElseThrow()
                .distinct();
        double real = server.handle()
                .createQuery("SELECT count(DISTINCT batch) FROM lines")
                .mapTo(Double.class)
                .one();
        assertThat(real).as("assumed " + assumed).isGreaterThan(3 * Math.abs(assumed));
        assertThat(DistinctCount.exact(server, new Schema(snapshot).table(new Schema.Name("public", "lines")), "batch"))
                .hasValue(real);
        assertThat(advise(GROUPED)).as("one plan with either number").isEmpty();
        List<String> before = shape(JOINED);
        assertThat(advise(JOINED)).singleElement().satisfies(one -> {
            assertThat(one.change()).isInstanceOfSatisfying(AlterColumnStatistics.class, alter -> {
                assertThat(alter.table()).isEqualTo("lines");
                assertThat(alter.column()).isEqualTo("batch");
                assertThat(alter.distinct()).isCloseTo(-real / 1_500_000, org.assertj.core.data.Offset.offset(0.001));
            });
            assertThat(one.reason()).contains(String.format(java.util.Locale.ROOT, "has %,.0f values", real));
            one.change().sql().forEach(server.handle()::execute);
            try {
                server.handle().execute("ANALYZE lines");
                assertThat(shape(JOINED)).isNotEqualTo(before);
            } finally {
                one.change().undoSql().forEach(server.handle()::execute);
                server.handle().execute("ANALYZE lines");
            }
        });
    }

    @Test
    void of_a_column_that_rows_are_ordered_by_a_few_pages_tell_how_many_values_it_has() {
        Schema.Table rides = Objects.requireNonNull(new Schema(snapshot).table(new Schema.Name("public", "Rides")));
        Statistics.ColumnStatistics batch =
                Objects.requireNonNull(rides.statistics().get("batch"));
        assertThat(batch.distinct()).isEqualTo(15_000f);
        assertThat(DistinctCount.isClustered(batch)).isTrue();
        assertThat(DistinctCount.clustered(server, rides, "batch"))
                .hasValueSatisfying(count -> assertThat(count).isCloseTo(75_000, Percentage.withPercentage(2)));
        List<String> before = shape(ORDERED);
        assertThat(advise(false, ORDERED)).singleElement().satisfies(one -> {
            assertThat(one.change())
                    .isInstanceOfSatisfying(
                            AlterColumnStatistics.class,
                            alter -> assertThat(alter.distinct()).isCloseTo(-0.25, Percentage.withPercentage(2)));
            one.change().sql().forEach(server.handle()::execute);
            try {
                server.handle().execute("ANALYZE \"Rides\"");
                assertThat(shape(ORDERED)).isNotEqualTo(before);
            } finally {
                one.change().undoSql().forEach(server.handle()::execute);
            }
        });
        assertThat(advise(false, JOINED, TOGETHER))
                .as("what takes whole columns or pairs of them is counted only when asked for")
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"again", "later"})
    void a_few_pages_tell_nothing_of_values_that_come_back_farther_off(String column) {
        Schema.Table rides = Objects.requireNonNull(new Schema(snapshot).table(new Schema.Name("public", "Rides")));
        assertThat(DistinctCount.isClustered(
                        Objects.requireNonNull(rides.statistics().get(column))))
                .isTrue();
        assertThat(DistinctCount.clustered(server, rides, column)).isEmpty();
    }

    @Test
    void a_twin_that_was_told_knows_no_more_afterwards() {
        Workload workload = new Workload("t", List.of(new Workload.Query("q", ORDERED, 1, null, null, List.of())));
        StatisticsAdvisor counted = StatisticsAdvisor.count(twin, snapshot, workload, server, false, Progress.NONE);
        double before = twin.explain(ORDERED).totalCost();
        List<Assumption> told = counted.tell(twin);
        assertThat(told).hasSize(1);
        assertThat(twin.explain(ORDERED).totalCost()).isNotEqualTo(before);
        told.forEach(Assumption::close);
        assertThat(twin.explain(ORDERED).totalCost()).isEqualTo(before);
    }

    @Test
    void a_role_that_may_not_read_the_table_gets_no_advice_and_no_error() {
        server.handle().execute("CREATE ROLE poor");
        server.handle().execute("SET ROLE poor");
        try {
            assertThat(advise(TOGETHER)).isEmpty();
        } finally {
            server.handle().execute("RESET ROLE");
        }
        assertThat(Json.pretty(advise(INDEPENDENT))).isNotNull();
    }
}
