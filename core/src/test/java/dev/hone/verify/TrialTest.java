package dev.hone.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.advise.Advice;
import dev.hone.advise.AdviceOptions;
import dev.hone.advise.IndexAdvisor;
import dev.hone.advise.RepresentativeCalls;
import dev.hone.change.AlterColumnStatistics;
import dev.hone.change.CatalogDiff;
import dev.hone.change.CreateIndex;
import dev.hone.measure.Comparison;
import dev.hone.postgres.Catalog;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Secret;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotReader;
import dev.hone.twin.Plan;
import dev.hone.twin.PlanException;
import dev.hone.twin.Twin;
import dev.hone.workload.Workload;
import java.sql.SQLException;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TrialTest {

    private static final String TABLE = "Bets \"of\" all";

    /** Finds a user's rows. */
    private static final CreateIndex HELPS = index("helps", List.of("\"user_id\""));

    /** Looks like the way to the first rows in order; those wanted come last. */
    private static final CreateIndex MISLEADS = index("misleads", List.of("\"placed\""));

    /** Serves nothing. */
    private static final CreateIndex IDLE = index("idle", List.of("\"filler\""));

    private static final Workload WORKLOAD = new Workload(
            "test",
            List.of(
                    query(
                            "user",
                            "SELECT count(*), sum(stake) FROM \"Odd\".\"Bets \"\"of\"\" all\" WHERE user_id = $1",
                            "7"),
                    query(
                            "first rows",
                            "SELECT * FROM \"Odd\".\"Bets \"\"of\"\" all\" WHERE rare ORDER BY placed LIMIT 10"),
                    query("broken", "SELECT 1 / (stake - stake) FROM \"Odd\".\"Bets \"\"of\"\" all\""),
                    query("write", "UPDATE \"Odd\".\"Bets \"\"of\"\" all\" SET filler = 'new' WHERE id = $1", "5")));

    private static LocalServer local;
    private static Snapshot snapshot;
    private static Twin twin;

    private static Workload.Query query(String id, String sql, String... parameters) {
        return new Workload.Query(
                id, sql, 1, null, null, parameters.length == 0 ? List.of() : List.of(List.of(parameters)));
    }

    private static CreateIndex index(String name, List<String> keys) {
        return new CreateIndex("Odd", TABLE, name, false, "btree", keys, List.of(), null);
    }

    @BeforeAll
    static void start() {
        local = LocalServer.start(
                Installation.embedded(), Map.of("jit", "off", "max_parallel_workers_per_gather", "0"));
        try (Server server = Server.connect(local.address("postgres"))) {
            Handle h = server.handle();
            h.execute("CREATE ROLE tester LOGIN PASSWORD 'secret'");
            h.execute("CREATE DATABASE source OWNER tester");
        }
        try (Server server = Server.connect(local.address("source"))) {
            Handle h = server.handle();
            h.execute("SET ROLE tester");
            h.execute("CREATE SCHEMA \"Odd\"");
            h.execute(
                    "CREATE TABLE \"Odd\".\"Bets \"\"of\"\" all\" (id int PRIMARY KEY, user_id int NOT NULL, placed int NOT"
                            + " NULL, rare boolean NOT NULL, stake int NOT NULL, filler text)");
            // In no order of placing; the rare ones were placed last.
            h.execute("INSERT INTO \"Odd\".\"Bets \"\"of\"\" all\" SELECT i, i % 5000, p, p > 198000, i % 100,"
                    + " repeat('x', 100) FROM (SELECT i, (i::bigint * 7919 % 200003)::int AS p"
                    + " FROM generate_series(1, 200000) i) t");
            h.execute("RESET ROLE");
            h.execute("VACUUM ANALYZE \"Odd\".\"Bets \"\"of\"\" all\"");
            snapshot = SnapshotReader.whole(List.of()).read(server, Progress.NONE);
        }
        try (Server server = Server.connect(local.address("postgres"))) {
            server.handle().execute("CREATE DATABASE staging TEMPLATE source OWNER tester");
        }
        twin = Twin.build(snapshot, Progress.NONE);
    }

    @AfterAll
    static void stop() {
        twin.close();
        local.close();
    }

    private static Verification verify(Stage stage) throws SQLException {
        return verify(stage, Duration.ofSeconds(60));
    }

    private static Verification verify(Stage stage, Duration time) throws SQLException {
        return new Verifier(
                        stage,
                        snapshot,
                        WORKLOAD,
                        new RepresentativeCalls(twin, snapshot),
                        1L << 30,
                        0.005,
                        time,
                        Progress.NONE)
                .verify(List.of(HELPS, MISLEADS), List.of(IDLE));
    }

    private static void requireRight(Verification found) {
        assertThat(found.kept()).extracting(Verification.Kept::index).containsExactly(HELPS);
        assertThat(found.kept().getFirst().queries()).containsExactly("user");
        assertThat(found.rejected()).extracting(Verification.Rejected::index).containsExactlyInAnyOrder(MISLEADS, IDLE);
        assertThat(found.rejected())
                .filteredOn(one -> one.index().equals(MISLEADS))
                .allMatch(Verification.Rejected::recommended)
                .allMatch(one -> one.reason().contains("used it for first rows, which then took"));
        assertThat(found.queries())
                .filteredOn(one -> one.id().equals("user"))
                .singleElement()
                .matches(one -> one.difference() == Comparison.Difference.FASTER && one.measuredRatio() < 0.5);
        assertThat(found.queries())
                .filteredOn(one -> one.id().equals("first rows"))
                .singleElement()
                .matches(one -> one.difference() == Comparison.Difference.NONE && one.samePlan());
        assertThat(found.notes()).anyMatch(note -> note.contains("broken") && note.contains("division by zero"));
        assertThat(found.measuredRatio()).isLessThan(1);
    }

    @Test
    void on_a_copy_of_ours_what_helps_is_kept_and_what_misleads_the_planner_is_not() throws SQLException {
        Catalog before = state(local.address("source"));
        try (Stage stage = RestoredCopy.make(
                local.address("source"),
                snapshot,
                Set.of("\"Odd\".\"Bets \"\"of\"\" all\""),
                1L << 30,
                true,
                Progress.NONE)) {
            requireRight(verify(stage));
        }
        assertThat(CatalogDiff.between(before, state(local.address("source")))).isEmpty();
    }

    @Test
    void when_time_is_up_nothing_is_recommended_that_was_not_seen_at_work() throws SQLException {
        for (int millis : new int[] {1, 40, 200}) {
            try (Stage stage =
                    Staging.open(local.address("staging"), local.address("source"), snapshot, true, Progress.NONE)) {
                Verification found = verify(stage, Duration.ofMillis(millis));
                assertThat(found.measuredRatio()).isLessThanOrEqualTo(1);
                assertThat(found.kept()).extracting(Verification.Kept::index).doesNotContain(MISLEADS);
            }
        }
    }

    @Test
    void staging_is_left_as_it_was_found() throws SQLException {
        Catalog before = state(local.address("staging"));
        try (Stage stage =
                Staging.open(local.address("staging"), local.address("source"), snapshot, true, Progress.NONE)) {
            requireRight(verify(stage));
        }
        assertThat(CatalogDiff.between(before, state(local.address("staging")))).isEmpty();
        requireNoJournal();
    }

    @Test
    void without_superuser_sets_are_told_apart_by_drops_that_are_rolled_back() throws SQLException {
        ServerAddress tester = local.address("staging").withUser("tester", new Secret("secret"));
        Catalog before = state(local.address("staging"));
        try (Stage stage = Staging.open(tester, local.address("source"), snapshot, true, Progress.NONE)) {
            requireRight(verify(stage));
        }
        assertThat(CatalogDiff.between(before, state(local.address("staging")))).isEmpty();
        requireNoJournal();
    }

    @Test
    void the_database_itself_is_left_as_it_was_and_nothing_is_written_in_it_meanwhile() throws SQLException {
        Catalog before = state(local.address("staging"));
        String written = "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname LIKE 'Bets%'";
        String updates = ask(written);
        Advice advice;
        AdviceOptions advising = AdviceOptions.DEFAULT.withBudget(1L << 30);
        advice = IndexAdvisor.advise(twin, snapshot, WORKLOAD, advising, Progress.NONE);
        Verification found = Trial.run(
                twin,
                snapshot,
                local.address("staging"),
                WORKLOAD,
                advice,
                advising,
                VerifyOptions.DEFAULT.withTime(Duration.ofSeconds(20)).at(new Place.Source()),
                Progress.NONE);

        assertThat(found.where()).isEqualTo("the database itself");
        assertThat(found.kept()).extracting(kept -> kept.index().keys()).contains(List.of("\"user_id\""));
        assertThat(found.queries())
                .extracting(Verification.Query::id)
                .contains("user")
                .doesNotContain("write");
        assertThat(found.notes()).anyMatch(note -> note.contains("write") && note.contains("they write"));
        assertThat(CatalogDiff.between(before, state(local.address("staging")))).isEmpty();
        assertThat(ask(written)).isEqualTo(updates);
        requireNoJournal();
    }

    @Test
    void two_trials_at_one_place_do_not_take_back_each_others_indexes() throws SQLException {
        try (Stage first =
                Staging.open(local.address("staging"), local.address("source"), snapshot, true, Progress.NONE)) {
            first.build(List.of(HELPS), (index, why) -> {}, Progress.NONE);
            assertThatThrownBy(() -> Staging.open(
                            local.address("staging"), local.address("source"), snapshot, true, Progress.NONE))
                    .isInstanceOf(HoneException.class)
                    .hasMessageContaining("Somebody else tries advice");
            assertThat(first.runner().text("SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'hone_verify_%'"))
                    .hasValue("1");
        }
    }

    @Test
    void in_the_database_itself_a_call_that_locks_or_writes_fails() throws SQLException {
        try (Stage stage = Staging.source(local.address("staging"), snapshot, Progress.NONE)) {
            stage.show(new BitSet());
            for (String sql : List.of(
                    "SELECT * FROM \"Odd\".\"Bets \"\"of\"\" all\" WHERE id = 1 FOR UPDATE", "SELECT lo_create(0)")) {
                Call call = new Call(0, sql, List.of(), 1);
                assertThatThrownBy(() -> stage.runner().run(call, Duration.ofSeconds(5)))
                        .as(sql)
                        .isInstanceOf(PlanException.class)
                        .hasMessageContaining("read-only");
            }
        }
    }

    @Test
    void without_superuser_the_database_itself_is_no_place_for_a_trial() {
        ServerAddress tester = local.address("staging").withUser("tester", new Secret("secret"));
        assertThatThrownBy(() -> Staging.source(tester, snapshot, Progress.NONE))
                .isInstanceOfSatisfying(HoneException.class, refused -> {
                    assertThat(refused.kind()).isEqualTo(HoneException.Kind.REFUSED);
                    assertThat(refused.advice()).contains("Nothing was built", "--guard");
                });
        requireNoJournal();
    }

    private static String ask(String query) {
        try (Server server = Server.connect(local.address("staging"))) {
            return server.handle().createQuery(query).mapTo(String.class).one();
        }
    }

    @Test
    void what_a_killed_verification_left_is_removed_by_the_next() throws SQLException {
        Catalog before = state(local.address("staging"));
        Staging killed = Staging.open(local.address("staging"), local.address("source"), snapshot, true, Progress.NONE);
        killed.build(List.of(HELPS, IDLE), (index, why) -> {}, Progress.NONE);
        killed.runner().close();
        assertThat(CatalogDiff.between(before, state(local.address("staging")))).isNotEmpty();

        Staging.open(local.address("staging"), local.address("source"), snapshot, true, Progress.NONE)
                .close();
        assertThat(CatalogDiff.between(before, state(local.address("staging")))).isEmpty();
        requireNoJournal();
    }

    @Test
    void a_wrong_number_of_different_values_is_counted_and_told_for_a_trial_only() throws SQLException {
        String wrong =
                "UPDATE pg_statistic SET stadistinct = 50 WHERE starelid = '\"Odd\".\"Bets \"\"of\"\" all\"'::regclass"
                        + " AND staattnum = 2";
        try (Server server = Server.connect(local.address("staging"))) {
            server.handle().execute(wrong);
            try (Stage stage =
                    Staging.open(local.address("staging"), local.address("source"), snapshot, true, Progress.NONE)) {
                Call call = new Call(
                        0,
                        "SELECT user_id FROM \"Odd\".\"Bets \"\"of\"\" all\" b WHERE rare IS NOT NULL GROUP BY"
                                + " user_id HAVING sum(stake) > 3",
                        List.of(),
                        1);
                Plan plan = stage.runner().explain(call);
                Grouping grouping = new Grouping(snapshot, List.of(plan));

                assertThat(grouping.indexes()).singleElement().satisfies(index -> {
                    assertThat(index.keys()).containsExactly("\"user_id\"");
                    assertThat(index.include()).contains("\"stake\"").doesNotContain("\"filler\"");
                });
                List<Option.Distinct> found = grouping.misjudged(stage);
                assertThat(found).singleElement().satisfies(one -> {
                    assertThat(one.estimated()).isEqualTo(50);
                    assertThat(one.change())
                            .isEqualTo(new AlterColumnStatistics("Odd", TABLE, "user_id", null, 5000.0));
                });

                stage.offer(found);
                BitSet told = new BitSet();
                told.set(0);
                stage.show(told);
                assertThat(groups(stage, call)).isGreaterThan(1000);
                stage.show(new BitSet());
                assertThat(groups(stage, call)).isLessThan(100);
            }
            server.handle().execute("ANALYZE");
        }
    }

    /** How many groups the planner expects. */
    private static double groups(Stage stage, Call call) throws SQLException {
        return stage.runner()
                .explain(call)
                .nodes()
                .filter(node -> node.attributes().containsKey("Group Key"))
                .mapToDouble(Plan.Node::rows)
                .max()
                .orElseThrow();
    }

    @Test
    void the_same_set_twice_makes_no_difference() throws SQLException {
        try (Stage stage =
                Staging.open(local.address("staging"), local.address("source"), snapshot, true, Progress.NONE)) {
            Call call = new Call(0, WORKLOAD.queries().get(1).sql(), List.of(), 1);
            Pairs pairs = new Pairs(stage, List.of(call), Duration.ofSeconds(30));
            int wrong = 0;
            for (int i = 0; i < 7; i++) {
                Pairs.Result result =
                        pairs.compare(new BitSet(), new BitSet(), List.of(20.0), Deadline.in(Duration.ofSeconds(20)));
                wrong += result.slower() || result.faster() ? 1 : 0;
            }
            // Something else may have kept the machine busy for one of two that are compared.
            assertThat(wrong).as("of 7").isLessThanOrEqualTo(1);
        }
    }

    @Test
    void the_database_itself_is_refused_as_its_staging_copy() {
        assertThatThrownBy(() ->
                        Staging.open(local.address("source"), local.address("source"), snapshot, true, Progress.NONE))
                .isInstanceOf(HoneException.class)
                .hasMessageContaining("is the database itself");
    }

    @Test
    void a_staging_copy_without_the_tables_is_refused() {
        assertThatThrownBy(() ->
                        Staging.open(local.address("postgres"), local.address("source"), snapshot, true, Progress.NONE))
                .isInstanceOf(HoneException.class)
                .hasMessageContaining("has no table \"Odd\"");
    }

    /** The diff of catalogs does not look at Hone's own schema. */
    private static void requireNoJournal() {
        try (Server server = Server.connect(local.address("staging"))) {
            assertThat(server.handle()
                            .createQuery("SELECT count(*) FROM pg_namespace WHERE nspname = 'performance_monitoring'")
                            .mapTo(Integer.class)
                            .one())
                    .isZero();
        }
    }

    private static Catalog state(ServerAddress address) {
        try (Server server = Server.connect(address)) {
            return SnapshotReader.whole(List.of()).read(server, Progress.NONE).catalog();
        }
    }
}
