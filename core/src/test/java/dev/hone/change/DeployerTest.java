package dev.hone.change;

import static dev.hone.change.Bench.index;
import static dev.hone.change.Bench.ofKind;
import static dev.hone.change.Bench.uniqueIndex;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.postgres.Catalog;
import dev.hone.postgres.Installed;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Secret;
import dev.hone.postgres.Server;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class DeployerTest {

    private static final String ODD = "Odd \"Schema";
    private static final String LONG = "Größe_" + "x".repeat(55);

    private static LocalServer local;

    @BeforeAll
    static void start() {
        local = LocalServer.start(Installed.chosen(), Map.of("max_prepared_transactions", "2", "autovacuum", "off"));
    }

    @AfterAll
    static void stop() {
        local.close();
    }

    private static Bench odd() {
        return Bench.on(
                local,
                "CREATE SCHEMA \"Odd \"\"Schema\"",
                "CREATE TABLE \"Odd \"\"Schema\".\"Mixed Case\" (id bigint PRIMARY KEY, \"" + LONG
                        + "\" text, \"q\"\"uote\" int, doc jsonb)",
                "INSERT INTO \"Odd \"\"Schema\".\"Mixed Case\" SELECT i, i::text, i % 7, '{}' FROM generate_series(1, 1000) i",
                "CREATE INDEX \"Old USING \"\"Idx\" ON \"Odd \"\"Schema\".\"Mixed Case\" (lower(\"" + LONG
                        + "\") DESC, \"q\"\"uote\") INCLUDE (id) WHERE doc ?? 'a'",
                "COMMENT ON INDEX \"Odd \"\"Schema\".\"Old USING \"\"Idx\" IS 'it''s kept'",
                "ALTER INDEX \"Odd \"\"Schema\".\"Old USING \"\"Idx\" ALTER COLUMN 1 SET STATISTICS 321",
                "CREATE TABLE public.plain (id int PRIMARY KEY, a int, b text)",
                "INSERT INTO public.plain SELECT i, i % 10, 'x' FROM generate_series(1, 1000) i");
    }

    private static List<Change> oddChanges(Bench bench) {
        String definition =
                bench.ask("SELECT pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class c ON c.oid = indexrelid"
                        + " WHERE relname LIKE 'Old%'");
        return List.of(
                new CreateIndex(
                        ODD,
                        "Mixed Case",
                        "Neu \"Ünïque\"",
                        true,
                        "btree",
                        List.of("\"" + LONG + "\"", "(\"q\"\"uote\" + 1) DESC NULLS LAST"),
                        List.of("id"),
                        "doc ? 'b' OR \"" + LONG + "\" <> ':x'"),
                new DropIndex(ODD, "Old USING \"Idx", String.valueOf(definition)),
                index("public", "plain", "plain_a_idx", "a"),
                new Analyze("public", "plain"));
    }

    @Test
    void changes_with_odd_names_are_applied_and_undo_gives_back_the_same_schema() {
        Bench bench = odd();
        Catalog before = bench.catalog();
        Change[] changes = oddChanges(bench).toArray(Change[]::new);

        DeploymentResult applied = bench.apply(changes);

        assertThat(applied.complete()).as(applied.toString()).isTrue();
        assertThat(bench.states()).containsOnly(StepState.APPLIED).hasSize(4);
        assertThat(bench.invalidIndexes()).isEmpty();
        assertThat(CatalogDiff.between(before, bench.catalog()))
                .anyMatch(line -> line.startsWith("added index") && line.contains("Neu \"\"Ünïque"))
                .anyMatch(line -> line.startsWith("removed index") && line.contains("Old USING"));
        assertThat(bench.ask(
                        "SELECT index_oid::regclass::text FROM performance_monitoring.optimization_log WHERE step = 3"))
                .isEqualTo("plain_a_idx");

        DeploymentResult undone = bench.undo();

        assertThat(undone.complete()).as(undone.toString()).isTrue();
        assertThat(undone.steps()).extracting(DeploymentResult.Step::number).containsExactly(4, 3, 2, 1);
        assertThat(CatalogDiff.between(before, bench.catalog())).isEmpty();
        assertThat(bench.states()).containsOnly(StepState.UNDONE);
        assertThat(bench.ask("SELECT obj_description(oid) FROM pg_class WHERE relname LIKE 'Old%'"))
                .isEqualTo("it's kept");
        assertThat(bench.ask("SELECT attstattarget FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid"
                        + " WHERE relname LIKE 'Old%' AND attnum = 1"))
                .isEqualTo("321");
        assertThatThrownBy(bench::undo).satisfies(ofKind(HoneException.Kind.USAGE));
    }

    @Test
    void a_plan_tells_the_statements_and_leaves_nothing_behind() {
        Bench bench = odd();
        Catalog before = bench.catalog();

        DeploymentPlan plan = Deployer.plan(bench.address(), oddChanges(bench), Bench.OPTIONS);

        assertThat(plan.ready()).as(plan.toString()).isTrue();
        assertThat(plan.steps().getFirst().sql().getFirst()).startsWith("CREATE UNIQUE INDEX CONCURRENTLY \"Neu");
        assertThat(plan.steps().get(1).undoSql()).hasSize(3);
        assertThat(CatalogDiff.between(before, bench.catalog())).isEmpty();
        assertThat(bench.ask("SELECT count(*) FROM pg_namespace WHERE nspname = 'performance_monitoring'"))
                .isEqualTo("0");
    }

    @Test
    void what_is_there_already_is_not_ours_and_survives_undo() {
        Bench bench = odd();
        bench.run("CREATE INDEX plain_a_idx ON plain (a)");

        DeploymentResult result =
                bench.apply(index("public", "plain", "plain_a_idx", "a"), index("public", "plain", "plain_b_idx", "b"));

        assertThat(result.steps())
                .extracting(DeploymentResult.Step::state)
                .containsExactly(StepState.ALREADY, StepState.APPLIED);
        bench.undo();
        assertThat(bench.askAll("SELECT relname FROM pg_class WHERE relname LIKE 'plain\\___idx'"))
                .containsExactly("plain_a_idx");
    }

    @Test
    void an_index_that_somebody_redefined_is_left_alone_by_undo() {
        Bench bench = odd();
        bench.apply(index("public", "plain", "plain_a_idx", "a"));
        bench.run("DROP INDEX plain_a_idx", "CREATE INDEX plain_a_idx ON plain (b)");

        DeploymentResult result = bench.undo();

        assertThat(result.steps().getFirst().state()).isEqualTo(StepState.KEPT);
        assertThat(bench.ask("SELECT to_regclass('plain_a_idx')::text")).isEqualTo("plain_a_idx");
    }

    @Test
    void a_partitioned_table_gets_valid_indexes_on_every_level_and_undo_removes_them_all() {
        Bench bench = Bench.on(
                local,
                "CREATE SCHEMA \"Parts\"",
                "CREATE TABLE events (id int, kind text, at int) PARTITION BY RANGE (at)",
                "CREATE TABLE \"Parts\".\"E 1\" PARTITION OF events FOR VALUES FROM (0) TO (100)",
                "CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (100) TO (200) PARTITION BY LIST (kind)",
                "CREATE TABLE events_2_a PARTITION OF events_2 FOR VALUES IN ('a')",
                "CREATE TABLE " + "p".repeat(63) + " PARTITION OF events_2 DEFAULT",
                "INSERT INTO events SELECT i, 'a', i FROM generate_series(0, 199) i");
        Catalog before = bench.catalog();

        DeploymentResult result = bench.apply(index("public", "events", "events_id_idx", "id", "lower(kind)"));

        assertThat(result.complete()).as(result.toString()).isTrue();
        assertThat(bench.invalidIndexes()).isEmpty();
        assertThat(bench.ask("SELECT count(*) FROM pg_partition_tree('events_id_idx')"))
                .isEqualTo("5");

        assertThat(bench.undo().complete()).isTrue();
        assertThat(CatalogDiff.between(before, bench.catalog())).isEmpty();
    }

    @Test
    void a_partitioned_index_that_was_dropped_comes_back_whole() {
        Bench bench = Bench.on(
                local,
                "CREATE TABLE events (id int, at int) PARTITION BY RANGE (at)",
                "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (100)",
                "CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (100) TO (200)",
                "CREATE INDEX events_id ON events (id)");
        Catalog before = bench.catalog();

        assertThat(bench.apply(new DropIndex(
                                "public", "events_id", "CREATE INDEX events_id ON ONLY public.events USING btree (id)"))
                        .complete())
                .isTrue();
        assertThat(bench.ask("SELECT count(*) FROM pg_index WHERE indrelid::regclass::text LIKE 'events%'"))
                .isEqualTo("0");
        assertThat(bench.undo().complete()).isTrue();
        assertThat(CatalogDiff.between(before, bench.catalog())).isEmpty();
    }

    @Test
    void a_failing_partition_leaves_nothing_of_the_whole() {
        Bench bench = Bench.on(
                local,
                "CREATE TABLE events (id int, at int) PARTITION BY RANGE (at)",
                "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (100)",
                "CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (100) TO (200)",
                "INSERT INTO events VALUES (1, 1), (1, 101), (1, 101)");
        Catalog before = bench.catalog();

        DeploymentResult result = bench.apply(uniqueIndex("public", "events", "events_u", "id", "at"));

        assertThat(result.complete()).isFalse();
        assertThat(CatalogDiff.between(before, bench.catalog())).isEmpty();
    }

    @Test
    void duplicates_stop_the_deployment_and_leave_no_invalid_index() {
        Bench bench = odd();

        DeploymentResult result = bench.apply(
                index("public", "plain", "first_idx", "b"),
                uniqueIndex("public", "plain", "second_idx", "a"),
                index("public", "plain", "third_idx", "a"));

        assertThat(result.complete()).isFalse();
        assertThat(result.steps())
                .extracting(DeploymentResult.Step::state)
                .containsExactly(StepState.APPLIED, StepState.FAILED, StepState.PLANNED);
        assertThat(result.steps().get(1).detail()).contains("duplicated. The table holds duplicates", "remove them");
        assertThat(result.next()).contains("hone undo " + result.deployment());
        assertThat(bench.invalidIndexes()).isEmpty();
        assertThat(bench.ask("SELECT to_regclass('second_idx')::text")).isNull();

        bench.run("UPDATE plain SET a = id");
        DeploymentResult again = bench.apply(
                index("public", "plain", "first_idx", "b"),
                uniqueIndex("public", "plain", "second_idx", "a"),
                index("public", "plain", "third_idx", "a"));

        assertThat(again.deployment()).isEqualTo(result.deployment());
        assertThat(again.complete()).as(again.toString()).isTrue();
        assertThat(bench.journal()).hasSize(1);
        assertThat(bench.states()).containsOnly(StepState.APPLIED);
    }

    @Test
    void what_was_looked_at_is_told_before_anything_is_written() {
        Bench bench = odd();
        RunSql cut = new RunSql("cut", List.of("DELETE FROM plain"), List.of(), true);
        List<DeploymentPlan> told = new ArrayList<>();

        DeploymentResult result =
                Deployer.apply(bench.address(), List.of(cut), Bench.OPTIONS, Progress.NONE, null, plan -> {
                    told.add(plan);
                    assertThat(bench.ask("SELECT to_regclass('performance_monitoring.optimization_log')::text"))
                            .isNull();
                    assertThat(bench.ask("SELECT count(*) FROM plain")).isEqualTo("1000");
                });

        assertThat(result.complete()).isTrue();
        assertThat(told).singleElement().satisfies(plan -> {
            assertThat(plan.steps()).hasSize(1);
            assertThat(plan.checks())
                    .isEqualTo(result.checks())
                    .anyMatch(check -> check.message().equals("Step 1 (cut) cannot be taken back."));
        });
    }

    @Test
    void undo_is_offered_only_where_there_is_something_to_take_back() {
        Bench bench = odd();
        RunSql cut = new RunSql("cut", List.of("DELETE FROM plain WHERE id = 1"), List.of(), true);
        assertThat(bench.apply(cut).next()).isEqualTo("There is nothing to take back.");
        assertThat(bench.apply(new Analyze("public", "plain")).next()).isEqualTo("There is nothing to take back.");

        RunSql broken = new RunSql("broken", List.of("SELECT 1 / 0"), List.of(), true);
        assertThat(bench.apply(broken).next()).endsWith("they go on at the failed step.");

        CreateIndex index = index("public", "plain", "plain_a_idx", "a");
        DeploymentResult made = bench.apply(index, new Analyze("public", "plain"));
        assertThat(made.next()).isEqualTo("To take it back: hone undo " + made.deployment() + ".");
        assertThat(bench.apply(index).next()).isEqualTo("There is nothing to take back.");
    }

    @Test
    void a_build_that_waits_names_whom_it_waits_for_and_a_second_deployer_is_refused() throws Exception {
        Bench bench = odd();
        Bench.Heard heard = new Bench.Heard();
        DeploymentResult result;
        try (Server other = Server.connect(bench.address())) {
            String pid = other.handle()
                    .createQuery("SELECT pg_backend_pid()")
                    .mapTo(String.class)
                    .one();
            other.handle().begin();
            other.handle().execute("UPDATE plain SET b = 'held' WHERE id = 1");
            CompletableFuture<DeploymentResult> running = CompletableFuture.supplyAsync(() -> Deployer.apply(
                    bench.address(), List.of(index("public", "plain", "waits_idx", "a")), Bench.OPTIONS, heard));
            Bench.await(
                    "the blocker is named",
                    () -> heard.all().stream()
                            .anyMatch(detail -> detail.contains("waiting for process " + pid)
                                    && detail.contains("idle in transaction")
                                    && detail.contains("UPDATE plain")));

            assertThatThrownBy(() -> bench.apply(index("public", "plain", "other_idx", "b")))
                    .satisfies(ofKind(HoneException.Kind.REFUSED))
                    .hasMessageContaining("Another deployment is at work")
                    .hasMessageContaining("of role postgres");

            other.handle().rollback();
            result = running.get();
        }
        assertThat(result.complete()).as(result.toString()).isTrue();
        assertThat(heard.positions).isSorted().endsWith(1000L);
        assertThat(bench.invalidIndexes()).isEmpty();
    }

    @Test
    void a_lock_budget_for_builds_is_retried_and_what_each_attempt_left_is_removed() throws Exception {
        Bench bench = odd();
        try (Server other = Server.connect(bench.address())) {
            other.handle().begin();
            other.handle().execute("UPDATE public.plain SET b = 'held' WHERE id = 1");
            Bench.Heard heard = new Bench.Heard();
            DeployOptions hasty =
                    Bench.OPTIONS.withBuildLockTimeout(Duration.ofMillis(300)).withAttempts(60, Duration.ofMillis(20));
            CompletableFuture<DeploymentResult> running = CompletableFuture.supplyAsync(() ->
                    Deployer.apply(bench.address(), List.of(index("public", "plain", "hasty_idx", "a")), hasty, heard));
            Bench.await(
                    "a further attempt", () -> heard.all().stream().anyMatch(detail -> detail.contains("attempt 2")));
            other.handle().rollback();
            assertThat(running.get().complete()).isTrue();
        }
        assertThat(bench.invalidIndexes()).isEmpty();
        assertThat(bench.states()).containsExactly(StepState.APPLIED);
    }

    @Test
    void a_long_or_prepared_transaction_is_warned_of_beforehand() {
        Bench bench = odd();
        try (Server other = Server.connect(bench.address())) {
            other.handle().begin();
            other.handle().execute("CREATE TABLE prepared_here ()");
            other.handle().execute("PREPARE TRANSACTION 'forgotten'");
            other.handle().begin();
            other.handle().execute("SELECT 1");
            DeployOptions eager = new DeployOptions(
                    Duration.ofSeconds(1), Duration.ZERO, 1, Duration.ZERO, Duration.ZERO, Duration.ZERO);

            DeploymentPlan plan =
                    Deployer.plan(bench.address(), List.of(index("public", "plain", "x_idx", "a")), eager);

            assertThat(plan.checks())
                    .filteredOn(check -> check.level() == PreCheck.Level.WARNING)
                    .extracting(PreCheck::message)
                    .anyMatch(message -> message.contains("idle in transaction"))
                    .anyMatch(message -> message.contains("'forgotten'"));
            other.handle().rollback();
            other.handle().execute("ROLLBACK PREPARED 'forgotten'");
        }
    }

    @Test
    void a_session_that_an_administrator_ends_leaves_nothing_and_the_next_run_succeeds() throws Exception {
        Bench bench = odd();
        CreateIndex change = index("public", "plain", "ended_idx", "a");
        try (Server other = Server.connect(bench.address())) {
            other.handle().begin();
            other.handle().execute("UPDATE plain SET b = 'held' WHERE id = 1");
            CompletableFuture<DeploymentResult> running = CompletableFuture.supplyAsync(() -> bench.apply(change));
            Bench.await("the build waits", () -> bench.ask("SELECT pid" + Bench.BUILDS) != null);
            bench.ask("SELECT pg_terminate_backend(pid)" + Bench.BUILDS);
            Bench.await("the build ended", () -> bench.ask("SELECT pid" + Bench.BUILDS) == null);
            other.handle().rollback();

            DeploymentResult result = running.get();

            assertThat(result.complete()).isFalse();
            assertThat(result.steps().getFirst().detail()).contains("administrator");
        }
        assertThat(bench.invalidIndexes()).isEmpty();
        assertThat(bench.states()).containsExactly(StepState.FAILED);
        assertThat(bench.apply(change).complete()).isTrue();
        assertThat(bench.states()).containsExactly(StepState.APPLIED);
    }

    @Test
    void a_removal_that_is_cut_off_says_what_it_left_and_can_be_finished_or_undone() throws Exception {
        Bench bench = odd();
        bench.run("CREATE INDEX gone_idx ON plain (a)");
        Catalog before = bench.catalog();
        DropIndex change = new DropIndex("public", "gone_idx", "CREATE INDEX gone_idx ON public.plain USING btree (a)");
        try (Server other = Server.connect(bench.address())) {
            other.handle().begin();
            other.handle().execute("UPDATE plain SET b = 'held' WHERE id = 1");
            CompletableFuture<DeploymentResult> running = CompletableFuture.supplyAsync(() -> bench.apply(change));
            Bench.await("the removal waits", () -> !bench.invalidIndexes().isEmpty());
            bench.ask("SELECT pg_cancel_backend(pid)::text FROM pg_stat_activity WHERE state = 'active'"
                    + " AND query LIKE 'DROP%INDEX CONCURRENTLY%'");

            DeploymentResult result = running.get();

            other.handle().rollback();
            assertThat(result.complete()).isFalse();
            assertThat(result.steps().getFirst().detail())
                    .contains("cancelled")
                    .contains("Left invalid")
                    .contains("gone_idx");
        }
        assertThat(bench.undo().complete()).isTrue();
        assertThat(CatalogDiff.between(before, bench.catalog())).isEmpty();
    }

    @Test
    void a_server_that_crashes_in_the_middle_is_found_again_by_the_next_run() throws Exception {
        try (LocalServer own = LocalServer.start(Installed.chosen(), Map.of())) {
            Bench bench = Bench.on(
                    own,
                    "CREATE TABLE plain (id int, a int)",
                    "INSERT INTO plain SELECT i, i FROM generate_series(1, 1000) i");
            CreateIndex change = index("public", "plain", "crash_idx", "a");
            Server other = Server.connect(bench.address());
            other.handle().begin();
            other.handle().execute("UPDATE plain SET a = 0 WHERE id = 1");
            CompletableFuture<DeploymentResult> running = CompletableFuture.supplyAsync(() -> bench.apply(change));
            Bench.await("the build waits", () -> !bench.invalidIndexes().isEmpty());

            own.stop(LocalServer.StopMode.IMMEDIATE);

            assertThatThrownBy(running::get)
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(HoneException.class);
            own.start();
            assertThat(bench.states()).containsExactly(StepState.INTENDED);

            assertThat(bench.apply(change).complete()).isTrue();
            assertThat(bench.invalidIndexes()).isEmpty();
            assertThat(bench.journal()).hasSize(1);
            assertThat(bench.states()).containsExactly(StepState.APPLIED);
        }
    }

    @Test
    void a_standby_is_refused() throws Exception {
        try (LocalServer own = LocalServer.start(Installed.chosen(), Map.of())) {
            Bench bench = Bench.on(own, "CREATE TABLE plain (id int)");
            own.stop(LocalServer.StopMode.FAST);
            java.nio.file.Files.createFile(own.data().resolve("standby.signal"));
            own.start();

            assertThatThrownBy(() -> bench.apply(index("public", "plain", "x_idx", "id")))
                    .satisfies(ofKind(HoneException.Kind.REFUSED))
                    .hasMessageContaining("standby");
            assertThat(Deployer.plan(bench.address(), List.of(index("public", "plain", "x_idx", "id")), Bench.OPTIONS)
                            .ready())
                    .isFalse();
        }
    }

    @Test
    void what_cannot_be_is_refused_before_anything_is_changed() {
        Bench bench = odd();
        bench.run(
                "CREATE VIEW seen AS SELECT 1 AS a",
                "CREATE INDEX taken_idx ON plain (b)",
                "CREATE SEQUENCE number_idx",
                "CREATE TABLE refers (id int REFERENCES plain)");
        Catalog before = bench.catalog();
        Map<Change, String> refused = Map.of(
                index("public", "nowhere", "x_idx", "a"),
                "does not exist",
                index("public", "seen", "x_idx", "a"),
                "not a table",
                index("public", "plain", "x_idx", "nothing"),
                "\"nothing\" does not exist",
                index("public", "plain", "x_idx", "a); DROP TABLE refers; --"),
                "more than one statement",
                index("public", "plain", "x_idx", "(random())"),
                "IMMUTABLE",
                index("public", "plain", "taken_idx", "a"),
                "taken by another index",
                index("public", "plain", "number_idx", "a"),
                "taken by another object",
                new DropIndex(
                        "public", "plain_pkey", "CREATE UNIQUE INDEX plain_pkey ON public.plain USING btree (id)"),
                "constraint",
                new DropIndex("public", "taken_idx", "CREATE INDEX taken_idx ON public.plain USING btree (a)"),
                "not the one the proposal speaks of",
                new Analyze("public", "nowhere"),
                "does not exist");
        refused.forEach((change, why) -> assertThatThrownBy(
                        () -> bench.apply(index("public", "plain", "good_idx", "a"), change))
                .as(change.title())
                .satisfies(ofKind(HoneException.Kind.REFUSED))
                .hasMessageContaining(why));
        assertThat(CatalogDiff.between(before, bench.catalog())).isEmpty();
        assertThat(bench.journal()).isEmpty();
    }

    @Test
    void missing_privileges_are_named_with_the_grant() {
        Bench bench = odd();
        bench.run("DROP ROLE IF EXISTS stranger", "CREATE ROLE stranger LOGIN PASSWORD 'open sesame'");
        Bench stranger = new Bench(bench.address().withUser("stranger", new Secret("open sesame")));

        assertThatThrownBy(() -> stranger.apply(index("public", "plain", "x_idx", "a")))
                .extracting(e -> ((HoneException) e).advice())
                .asString()
                .contains("GRANT CREATE ON DATABASE");
        bench.run("GRANT CREATE ON DATABASE " + bench.address().database() + " TO stranger");
        assertThatThrownBy(() -> stranger.apply(index("public", "plain", "x_idx", "a")))
                .isInstanceOf(HoneException.class)
                .hasMessageContaining("does not own")
                .hasMessageContaining("GRANT \"postgres\" TO \"stranger\"");
        assertThatThrownBy(() -> stranger.apply(new Analyze("public", "plain")))
                .hasMessageContaining("may not analyze");

        bench.run("ALTER TABLE plain OWNER TO stranger", "GRANT CREATE ON SCHEMA public TO stranger");
        assertThat(stranger.apply(index("public", "plain", "x_idx", "a")).complete())
                .isTrue();
        assertThat(bench.askAll("SELECT t::text FROM performance_monitoring.optimization_log t"))
                .noneMatch(row -> row.contains("sesame"))
                .allMatch(row -> row.contains("stranger"));
        bench.run("DROP OWNED BY stranger", "DROP ROLE stranger");
    }

    @Test
    void journal_of_a_stranger_is_refused_for_what_is_in_it_would_be_run() {
        Bench bench = odd();
        bench.run("DROP ROLE IF EXISTS trickster", "CREATE ROLE trickster LOGIN PASSWORD 'open sesame'");
        bench.run("ALTER TABLE plain OWNER TO trickster", "GRANT CREATE ON SCHEMA public TO trickster");
        bench.run("GRANT CREATE ON DATABASE " + bench.address().database() + " TO trickster");
        Bench trickster = new Bench(bench.address().withUser("trickster", new Secret("open sesame")));
        assertThat(trickster.apply(index("public", "plain", "x_idx", "a")).complete())
                .isTrue();

        assertThatThrownBy(() -> bench.apply(index("public", "plain", "y_idx", "a")))
                .isInstanceOf(HoneException.class)
                .hasMessageContaining("belongs to trickster");
        assertThatThrownBy(() -> Deployer.undo(bench.address(), null, DeployOptions.DEFAULT, Progress.NONE))
                .hasMessageContaining("belongs to trickster");
        bench.run("DROP OWNED BY trickster", "DROP ROLE trickster");
    }

    @Test
    void a_journal_row_that_is_not_understood_is_named_and_nothing_is_done() {
        Bench bench = odd();
        assertThat(bench.apply(index("public", "plain", "x_idx", "a")).complete())
                .isTrue();
        bench.run("UPDATE performance_monitoring.optimization_log SET state = 'of a newer Hone'");

        assertThatThrownBy(() -> bench.apply(index("public", "plain", "y_idx", "a")))
                .satisfies(ofKind(HoneException.Kind.REFUSED))
                .hasMessageContaining("Step 1 of deployment")
                .hasMessageContaining("not understood");
    }

    @Test
    void a_journal_beside_foreign_tables_is_created_and_a_foreign_table_of_its_name_is_refused() {
        Bench bench = odd();
        bench.run(
                "CREATE SCHEMA performance_monitoring",
                "CREATE TABLE performance_monitoring.other (a int)",
                "CREATE TABLE performance_monitoring.optimization_log (note text)");

        assertThat(bench.journal()).isEmpty();
        assertThatThrownBy(() -> bench.apply(index("public", "plain", "x_idx", "a")))
                .isInstanceOf(HoneException.class)
                .hasMessageContaining("not Hone's journal");

        bench.run("DROP TABLE performance_monitoring.optimization_log");
        assertThat(bench.apply(index("public", "plain", "x_idx", "a")).complete())
                .isTrue();
        assertThat(bench.ask("SELECT to_regclass('performance_monitoring.other')::text"))
                .isEqualTo("performance_monitoring.other");
    }

    @Test
    void a_journal_of_an_earlier_hone_is_read_undone_and_written_on() {
        Bench bench = odd();
        Catalog before = bench.catalog();
        bench.apply(index("public", "plain", "x_idx", "a"));
        bench.run("ALTER TABLE performance_monitoring.optimization_log DROP COLUMN before");

        assertThat(bench.journal().getFirst().steps().getFirst().before()).isEmpty();
        assertThat(bench.undo().complete()).isTrue();
        assertThat(CatalogDiff.between(before, bench.catalog())).isEmpty();
        bench.run(
                "ALTER TABLE performance_monitoring.optimization_log DROP COLUMN IF EXISTS before, DROP COLUMN alone");
        assertThat(bench.apply(index("public", "plain", "x_idx", "a")).complete())
                .isTrue();
        assertThat(bench.journal()).hasSize(2);
        assertThat(bench.ask("SELECT count(before) FROM performance_monitoring.optimization_log"))
                .isEqualTo("1");
        bench.run("ALTER TABLE performance_monitoring.optimization_log DROP COLUMN alone");
        assertThat(bench.undoStep(1).complete()).isTrue();
    }

    @Test
    void a_step_that_a_later_one_builds_on_is_refused_by_the_server_and_goes_once_that_has_gone() {
        Bench bench = odd();
        Catalog before = bench.catalog();
        RunSql table = new RunSql("base", List.of("CREATE TABLE base (a int)"), List.of("DROP TABLE base"), true);
        RunSql view = new RunSql(
                "above", List.of("CREATE VIEW above AS SELECT a FROM base"), List.of("DROP VIEW above"), true);
        assertThat(bench.apply(table, view, index("public", "plain", "x_idx", "a"))
                        .complete())
                .isTrue();
        Catalog applied = bench.catalog();

        DeploymentResult refused = bench.undoStep(1);

        assertThat(refused.complete()).isFalse();
        assertThat(refused.steps())
                .singleElement()
                .satisfies(step -> assertThat(step.detail()).contains("view above depends on table base"));
        assertThat(refused.next()).contains("hone undo --step 1 " + refused.deployment());
        assertThat(CatalogDiff.between(applied, bench.catalog())).isEmpty();
        assertThat(bench.states()).containsExactly(StepState.UNDOING, StepState.APPLIED, StepState.APPLIED);

        assertThat(bench.undoStep(2).complete()).isTrue();
        assertThat(bench.undoStep(1).complete()).isTrue();
        DeploymentRecord two = bench.journal().getLast();
        assertThat(two.stepsUndone()).extracting(DeploymentRecord.Step::number).containsExactly(1, 2);
        assertThat(two.undoUnfinished()).isFalse();
        assertThat(two.unfinished()).isFalse();
        assertThat(bench.undo().complete()).isTrue();
        assertThat(CatalogDiff.between(before, bench.catalog())).isEmpty();
        assertThat(bench.states()).containsOnly(StepState.UNDONE);
    }

    @Test
    void a_view_whose_index_a_later_step_made_stays_until_that_is_taken_back() {
        Bench bench = odd();
        CreateMaterializedView view = new CreateMaterializedView(
                "public", "totals", "SELECT a, count(*) AS n FROM plain GROUP BY a", List.of("a"), null);
        assertThat(bench.apply(view, index("public", "totals", "n_idx", "n")).complete())
                .isTrue();
        assertThatThrownBy(() -> bench.undoStep(1))
                .satisfies(ofKind(HoneException.Kind.REFUSED))
                .hasMessageContaining("is what step 2 (");
        assertThat(bench.states()).containsOnly(StepState.APPLIED);
        assertThat(bench.undoStep(2).complete()).isTrue();
        assertThat(bench.undoStep(1).complete()).isTrue();
    }

    @Test
    void statements_that_ran_halfway_and_cannot_be_taken_back_are_not_run_a_second_time() {
        Bench bench = odd();
        bench.run("CREATE TABLE notes (n int)");
        RunSql half = new RunSql(
                "half", List.of("INSERT INTO notes VALUES (1)", "INSERT INTO nowhere VALUES (1)"), List.of(), false);
        CreateIndex other = index("public", "plain", "x_idx", "a");
        assertThat(bench.apply(other, half).complete()).isFalse();
        assertThat(bench.ask("SELECT count(*) FROM notes")).isEqualTo("1");
        assertThatThrownBy(() -> bench.undoStep(2))
                .satisfies(ofKind(HoneException.Kind.REFUSED))
                .hasMessageContaining("cannot be taken back");
        bench.run("CREATE TABLE nowhere (n int)");
        assertThat(bench.apply(other, half).complete()).isTrue();
        assertThat(bench.ask("SELECT count(*) FROM notes")).isEqualTo("1");
    }

    @Test
    void of_a_step_with_nothing_to_take_back_it_is_said_why() {
        Bench bench = odd();
        bench.run("CREATE INDEX there_idx ON plain (a)");
        Change[] changes = {
            index("public", "plain", "there_idx", "a"),
            index("public", "plain", "x_idx", "b"),
            uniqueIndex("public", "plain", "u_idx", "a"),
            index("public", "plain", "y_idx", "b", "a")
        };
        assertThatThrownBy(() -> bench.undoStep(1)).hasMessageContaining("holds no deployment");
        assertThat(bench.apply(changes).complete()).isFalse();

        assertNothingToUndo(bench, 1, "was there before");
        assertNothingToUndo(bench, 4, "never ran");
        assertNothingToUndo(bench, 5, "has no step 5");
        assertNothingToUndo(bench, 0, "has no step 0");
        assertThat(bench.undoStep(2).complete()).isTrue();
        assertNothingToUndo(bench, 2, "is taken back already");

        // It failed at its third step all the same: applied again it goes on, with the second too.
        bench.run("UPDATE plain SET a = id");
        DeploymentPlan plan = Deployer.plan(bench.address(), List.of(changes), Bench.OPTIONS);
        assertThat(plan.steps().get(1).sql()).isNotEmpty();
        assertThat(bench.apply(changes).complete()).isTrue();
        assertThat(bench.states())
                .containsExactly(StepState.ALREADY, StepState.APPLIED, StepState.APPLIED, StepState.APPLIED);
    }

    private static void assertNothingToUndo(Bench bench, int step, String why) {
        List<StepState> before = bench.states();
        assertThatThrownBy(() -> bench.undoStep(step))
                .satisfies(ofKind(HoneException.Kind.USAGE))
                .hasMessageContaining(why);
        assertThat(bench.states()).isEqualTo(before);
    }

    @Test
    void what_a_step_replaces_when_it_is_made_again_is_what_a_further_undo_gives_back() {
        Bench bench = odd();
        AlterTable alter = new AlterTable("public", "plain", Map.of("fillfactor", "70"), List.of());
        bench.apply(alter, index("public", "plain", "x_idx", "a"));
        bench.undoStep(1);
        bench.run("ALTER TABLE plain SET (fillfactor = 80)");
        // A deployment of other changes is not told that this one were unfinished.
        assertThat(bench.apply(index("public", "plain", "y_idx", "b")).checks())
                .noneMatch(check -> check.message().contains("unfinished"));
        assertThat(bench.apply(alter, index("public", "plain", "x_idx", "a")).complete())
                .isTrue();
        String id = bench.journal().getFirst().id();

        Deployer.undo(bench.address(), id, Bench.OPTIONS, Progress.NONE);

        assertThat(bench.ask("SELECT reloptions::text FROM pg_class WHERE relname = 'plain'"))
                .isEqualTo("{fillfactor=80}");
    }

    @Test
    void a_step_of_a_deployment_that_is_on_its_way_back_is_a_part_of_that() {
        Bench bench = odd();
        RunSql stuck = new RunSql("stuck", List.of("SELECT 1"), List.of("SELECT 1 / 0"), true);
        Change[] changes = {index("public", "plain", "x_idx", "a"), stuck, index("public", "plain", "y_idx", "b")};
        bench.apply(changes);
        assertThat(bench.undo().complete()).isFalse();

        DeploymentResult undone = bench.undoStep(1);

        assertThat(undone.complete()).isTrue();
        assertThat(undone.next()).contains("hone undo " + undone.deployment());
        assertThat(bench.states()).containsExactly(StepState.UNDONE, StepState.UNDOING, StepState.UNDONE);
        assertThat(bench.journal().getLast().undoUnfinished()).isTrue();
        assertThatThrownBy(() -> bench.apply(changes)).hasMessageContaining("half taken back");
    }

    @Test
    void all_deployments_are_taken_back_up_to_the_one_that_cannot_be() {
        Bench bench = odd();
        Catalog before = bench.catalog();
        assertThatThrownBy(() -> undoAll(bench)).satisfies(ofKind(HoneException.Kind.USAGE));
        RunSql stuck = new RunSql(
                "stuck",
                List.of("CREATE TABLE stuck (a int)"),
                List.of("DROP TABLE stuck", "SELECT a FROM gate"),
                true);
        String first = bench.apply(index("public", "plain", "x_idx", "a")).deployment();
        String second =
                bench.apply(stuck, index("public", "plain", "z_idx", "b", "a")).deployment();
        String third = bench.apply(index("public", "plain", "y_idx", "b")).deployment();

        List<DeploymentResult> results = undoAll(bench);

        assertThat(results)
                .extracting(DeploymentResult::deployment, DeploymentResult::complete)
                .containsExactly(tuple(third, true), tuple(second, false), tuple(first, false));
        assertThat(results.get(1).next()).contains("step 1 (stuck)");
        assertThat(results.get(2).next()).contains("was not reached");
        assertThat(results.get(2).steps())
                .extracting(DeploymentResult.Step::state)
                .containsExactly(StepState.APPLIED);
        assertThat(bench.askAll("SELECT relname FROM pg_class WHERE relname ~ '^(._idx|stuck)$' ORDER BY 1"))
                .containsExactly("stuck", "x_idx");

        bench.run("CREATE TABLE gate (a int)");
        assertThat(undoAll(bench))
                .extracting(DeploymentResult::deployment, DeploymentResult::complete)
                .containsExactly(tuple(second, true), tuple(first, true));
        bench.run("DROP TABLE gate");
        assertThat(CatalogDiff.between(before, bench.catalog())).isEmpty();
    }

    @Test
    void what_cannot_be_taken_back_at_all_says_so_and_does_not_stop_the_others() {
        Bench bench = odd();
        bench.apply(index("public", "plain", "x_idx", "a"));
        String second = bench.apply(new RunSql("forget", List.of("SELECT 1"), List.of(), true))
                .deployment();
        bench.apply(index("public", "plain", "y_idx", "b"));

        List<DeploymentResult> results = undoAll(bench);

        assertThat(results).extracting(DeploymentResult::complete).containsExactly(true, true, true);
        assertThat(results.get(1).next())
                .contains("Deployment " + second + " is taken back, but for what was left as it is: step 1 (forget)");
        assertThat(results.get(1).steps().getFirst().detail()).contains("no statement was given that takes it back");
        assertThat(results.get(2).next()).doesNotContain("left as it is");
        assertThat(bench.askAll("SELECT relname FROM pg_class WHERE relname ~ '^._idx$'"))
                .isEmpty();
    }

    private static List<DeploymentResult> undoAll(Bench bench) {
        return Deployer.undoAll(bench.address(), Bench.OPTIONS, Progress.NONE);
    }

    @Test
    void before_all_is_taken_back_nothing_is_if_a_step_is_of_an_unknown_kind() {
        Bench bench = odd();
        bench.apply(index("public", "plain", "x_idx", "a"));
        bench.apply(index("public", "plain", "y_idx", "b"));
        bench.run("UPDATE performance_monitoring.optimization_log SET change = jsonb_set(change, '{type}', '\"newer\"')"
                + " WHERE change_title LIKE '%x_idx%'");

        assertThatThrownBy(() -> undoAll(bench))
                .satisfies(ofKind(HoneException.Kind.REFUSED))
                .hasMessageContaining("of a kind that this Hone does not know");

        assertThat(bench.states()).containsExactly(StepState.APPLIED);
    }

    @Test
    void a_table_that_goes_between_two_steps_fails_its_step_and_undo_copes() throws Exception {
        Bench bench = odd();
        bench.run("CREATE TABLE doomed (a int)");
        try (Server other = Server.connect(bench.address())) {
            other.handle().begin();
            other.handle().execute("UPDATE plain SET b = 'held' WHERE id = 1");
            CompletableFuture<DeploymentResult> running = CompletableFuture.supplyAsync(() ->
                    bench.apply(index("public", "plain", "x_idx", "a"), index("public", "doomed", "doomed_idx", "a")));
            Bench.await("the build waits", () -> !bench.invalidIndexes().isEmpty());
            bench.run("DROP TABLE doomed");
            other.handle().rollback();
            DeploymentResult result = running.get();
            assertThat(result.steps())
                    .extracting(DeploymentResult.Step::state)
                    .containsExactly(StepState.APPLIED, StepState.FAILED);
            assertThat(result.steps().get(1).detail()).contains("does not exist");
        }
        assertThat(bench.undo().complete()).isTrue();
        assertThat(bench.ask("SELECT to_regclass('x_idx')::text")).isNull();
    }

    @Test
    void an_invalid_index_that_is_not_ours_is_neither_dropped_nor_called_done() {
        Bench bench = odd();
        try (Server server = Server.connect(bench.address())) {
            assertThatThrownBy(
                            () -> server.handle().execute("CREATE UNIQUE INDEX CONCURRENTLY broken_idx ON plain (a)"))
                    .hasMessageContaining("could not create unique index");
        }
        assertThatThrownBy(() -> bench.apply(uniqueIndex("public", "plain", "broken_idx", "a")))
                .isInstanceOf(HoneException.class)
                .hasMessageContaining("invalid, and not Hone's")
                .hasMessageContaining("DROP INDEX CONCURRENTLY \"public\".\"broken_idx\"");
        assertThat(bench.invalidIndexes()).containsExactly("broken_idx");
    }

    @Test
    void two_who_use_the_journal_first_at_once_do_not_collide() throws Exception {
        Bench bench = odd();
        try (Server one = Server.connect(bench.address());
                Server two = Server.connect(bench.address())) {
            CompletableFuture<Void> first = CompletableFuture.runAsync(() -> new Journal(one).create());
            CompletableFuture<Void> second = CompletableFuture.runAsync(() -> new Journal(two).create());
            first.get();
            second.get();
            new Journal(one).create();
        }
        assertThat(bench.ask("SELECT count(*) FROM performance_monitoring.optimization_log"))
                .isEqualTo("0");
    }

    @Test
    void an_empty_list_is_no_deployment() {
        assertThatThrownBy(() -> Deployer.apply(odd().address(), List.of(), Bench.OPTIONS, Progress.NONE))
                .isInstanceOf(HoneException.class);
    }
}
