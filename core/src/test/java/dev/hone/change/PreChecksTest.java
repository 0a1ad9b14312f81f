package dev.hone.change;

import static dev.hone.change.Bench.index;
import static dev.hone.change.Bench.ofKind;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.postgres.Installed;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Secret;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerVersion;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is looked at before a deployment, and what it says when something stands in the way. */
class PreChecksTest {

    private static final long MB = 1L << 20;

    private static LocalServer local;

    @BeforeAll
    static void start() {
        local = LocalServer.start(Installed.chosen(), Map.of("autovacuum", "off"));
        Kinds.template(local);
    }

    @AfterAll
    static void stop() {
        local.close();
    }

    private static Bench bench() {
        return Bench.on(
                local,
                "CREATE TABLE plain (id int PRIMARY KEY, a int, b text)",
                "INSERT INTO plain SELECT i, i, repeat('x', 40) FROM generate_series(1, 20000) i",
                "ANALYZE plain");
    }

    private static List<PreCheck> checks(Bench bench, DeployOptions options, Change... changes) {
        return Deployer.plan(bench.address(), List.of(changes), options).checks();
    }

    private static PreCheck about(List<PreCheck> checks, String words) {
        return checks.stream()
                .filter(check -> check.message().contains(words))
                .findFirst()
                .orElseThrow(() -> new AssertionError("nothing of '" + words + "' in " + checks));
    }

    @Test
    void a_table_that_is_locked_elsewhere_is_warned_of_and_the_step_that_fails_names_who_held_it() {
        Bench bench = bench();
        AlterTable change = new AlterTable("public", "plain", Map.of("fillfactor", "80"), List.of());
        DeployOptions hasty =
                Bench.OPTIONS.withLockTimeout(Duration.ofSeconds(3)).withAttempts(1, Duration.ZERO);
        try (Server other = Server.connect(bench.address())) {
            String pid = other.handle()
                    .createQuery("SELECT pg_backend_pid()")
                    .mapTo(String.class)
                    .one();
            other.handle().begin();
            other.handle().execute("LOCK TABLE plain IN ACCESS EXCLUSIVE MODE");

            PreCheck check = about(checks(bench, hasty, new Analyze("public", "plain")), "is locked");
            assertThat(check.level()).isEqualTo(PreCheck.Level.WARNING);
            assertThat(check.message())
                    .contains("public.plain is locked: process " + pid + " of role postgres")
                    .contains("idle in transaction")
                    .contains("holds AccessExclusiveLock")
                    .contains("LOCK TABLE plain");
            assertThat(check.advice()).contains("Hone ends nobody's session");

            RunSql run = new RunSql(
                    "lock it", List.of("ALTER TABLE plain SET (fillfactor = 80)"), List.of("SELECT 1"), true);
            DeploymentResult result = Deployer.apply(bench.address(), List.of(run), hasty, Progress.NONE);
            assertThat(result.complete()).isFalse();
            assertThat(result.steps().getFirst().detail())
                    .contains("held the lock for longer than the budget allows: process " + pid)
                    .contains("LOCK TABLE plain");
            other.handle().rollback();
        }
        assertThat(bench.apply(change).complete()).isTrue();
        assertThat(bench.states()).containsExactly(StepState.APPLIED);
    }

    /** The kinds whose definitions the server judges on an empty copy, and others that want a lock for being judged. */
    static Stream<Change> tried() {
        return Kinds.all().map(Kinds.Kind::change).filter(change -> switch (change) {
            case CreateIndex create -> true;
            case AddForeignKeyIndex add -> true;
            case CreateUniqueConstraint create -> true;
            case CreateStatistics create -> true;
            case AlterTable alter -> true;
            case CreateTrigger create -> true;
            case CreateMaterializedView create -> true;
            case AttachPartition attach -> true;
            case PartitionTable partition -> true;
            case ReplaceFunction replace -> true;
            case AlterSetting setting -> setting.scope() == AlterSetting.Scope.ROLE;
            default -> false;
        });
    }

    /** What makes a trial of the change wait; a transaction of its own, to be rolled back. */
    private static String inTheWayOf(Change change) {
        return switch (change) {
            case ReplaceFunction replace ->
                "CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'";
            case AlterSetting setting -> "ALTER ROLE postgres SET work_mem = '5MB'";
            default -> "LOCK TABLE plain, events, events_2, meter, gauge IN ACCESS EXCLUSIVE MODE";
        };
    }

    @ParameterizedTest
    @MethodSource("tried")
    void a_lock_that_keeps_a_change_from_being_judged_does_not_refuse_it(Change change) throws Exception {
        Bench bench = Kinds.copy(local);
        if (change instanceof AlterSetting) {
            bench.run("ALTER ROLE postgres SET work_mem = '4MB'");
        }
        Bench.Heard heard = new Bench.Heard();
        DeployOptions brief =
                Bench.OPTIONS.withLockTimeout(Duration.ofMillis(600)).withAttempts(30, Duration.ofMillis(20));
        try (Server other = Server.connect(bench.address())) {
            String pid = pid(other);
            other.handle().begin();
            other.handle().execute(inTheWayOf(change));

            DeploymentPlan plan = Deployer.plan(bench.address(), List.of(change), brief);
            assertThat(plan.ready()).as(plan.toString()).isTrue();
            assertThat(plan.steps().getFirst().note())
                    .startsWith("cannot be judged now: canceling statement due to lock timeout")
                    .endsWith("waits for the lock then");

            CompletableFuture<DeploymentResult> running =
                    CompletableFuture.supplyAsync(() -> Deployer.apply(bench.address(), List.of(change), brief, heard));
            Bench.await(
                    "the step waits, or has ended",
                    () -> running.isDone()
                            || heard.all().stream().anyMatch(detail -> detail.contains("for process " + pid)));
            assertThat(running).isNotDone();
            other.handle().rollback();

            DeploymentResult result = running.get();
            assertThat(result.complete()).as(result.toString()).isTrue();
            assertThat(bench.states()).containsExactly(StepState.APPLIED);
        }
    }

    @Test
    void a_lock_that_is_never_released_fails_the_step_and_is_named_and_the_next_run_goes_on() {
        Bench bench = bench();
        AlterTable change = new AlterTable("public", "plain", Map.of("fillfactor", "80"), List.of());
        DeployOptions hasty =
                Bench.OPTIONS.withLockTimeout(Duration.ofMillis(600)).withAttempts(2, Duration.ofMillis(20));
        DeploymentResult failed;
        try (Server other = Server.connect(bench.address())) {
            String pid = pid(other);
            other.handle().begin();
            other.handle().execute("LOCK TABLE plain IN ACCESS EXCLUSIVE MODE;");

            DeploymentPlan plan = Deployer.plan(bench.address(), List.of(change), hasty);
            assertThat(plan.steps().getFirst().note())
                    .contains("public.plain is locked: process " + pid)
                    .doesNotContain("Correct the change");
            // One full stop, whatever the statement that is quoted ends with.
            assertThat(about(plan.checks(), "is locked").message())
                    .endsWith("LOCK TABLE plain IN ACCESS EXCLUSIVE MODE.");

            failed = Deployer.apply(bench.address(), List.of(change), hasty, Progress.NONE);
            assertThat(failed.complete()).isFalse();
            assertThat(bench.states()).containsExactly(StepState.FAILED);
            assertThat(failed.steps().getFirst().detail())
                    .contains("held the lock for longer than the budget allows: process " + pid)
                    .contains("LOCK TABLE plain IN ACCESS EXCLUSIVE MODE. So the change could not be looked at")
                    .contains("nothing was run for it", "then apply the same changes again");
            other.handle().rollback();
        }
        assertThat(bench.ask("SELECT reloptions::text FROM pg_class WHERE relname = 'plain'"))
                .isNull();
        DeploymentResult again = bench.apply(change);
        assertThat(again.complete()).isTrue();
        assertThat(again.deployment()).isEqualTo(failed.deployment());
    }

    private static String pid(Server server) {
        return server.handle()
                .createQuery("SELECT pg_backend_pid()")
                .mapTo(String.class)
                .one();
    }

    @Test
    void who_stood_in_the_way_is_not_forgotten_when_nobody_does_any_more() throws Exception {
        Bench bench = bench();
        Bench.Heard heard = new Bench.Heard();
        try (Server control = Server.connect(bench.address());
                Server holder = Server.connect(bench.address());
                Server waiter = Server.connect(bench.address())) {
            String pid = "SELECT pg_backend_pid()";
            holder.handle().begin();
            holder.handle().execute("LOCK TABLE plain IN ACCESS EXCLUSIVE MODE");
            int waiting = waiter.handle().createQuery(pid).mapTo(Integer.class).one();
            CompletableFuture<Void> locked =
                    CompletableFuture.runAsync(() -> waiter.handle().execute("DELETE FROM plain WHERE false"));
            try (Watch watch = Watch.begin(control, waiting, heard.begin("", 1), 0, 0, 10)) {
                Bench.await("seen to wait", () -> !watch.blockers().isEmpty());
                holder.handle().rollback();
                locked.get();
                int before = heard.details.size();
                Bench.await("seen to wait no more", () -> heard.details.size() >= before + 2);
                assertThat(heard.details.getLast()).isEmpty();
                assertThat(watch.blockers())
                        .singleElement()
                        .asString()
                        .contains("process "
                                + holder.handle()
                                        .createQuery(pid)
                                        .mapTo(String.class)
                                        .one());
            }
        }
    }

    @Test
    void disk_space_is_estimated_judged_where_it_is_known_and_else_said_to_be_unknown() {
        Bench bench = bench();
        CreateIndex change = index("public", "plain", "plain_b_idx", "b", "a");

        PreCheck fine = about(checks(bench, Bench.OPTIONS, change), "of disk are needed");
        assertThat(fine.level()).isEqualTo(PreCheck.Level.FINE);
        assertThat(fine.message()).contains("are free");

        PreCheck refused = about(checks(bench, Bench.OPTIONS.withFreeDisk(MB), change), "of disk are needed");
        assertThat(refused.level()).isEqualTo(PreCheck.Level.REFUSED);
        assertThat(refused.message()).contains("but only 1.0 MB are free");
        assertThat(refused.advice()).contains("--free-disk SIZE");
        assertThatThrownBy(() ->
                        Deployer.apply(bench.address(), List.of(change), Bench.OPTIONS.withFreeDisk(MB), Progress.NONE))
                .satisfies(ofKind(HoneException.Kind.REFUSED))
                .hasMessageContaining("but only 1.0 MB are free");

        // The estimate is of the size that it really has.
        assertThat(bench.apply(change).complete()).isTrue();
        double real = Double.parseDouble(String.valueOf(bench.ask("SELECT pg_relation_size('plain_b_idx')")));
        double estimated =
                Double.parseDouble(refused.message().replaceFirst("(?s)^.*\\(([0-9.]+) MB for indexes.*$", "$1")) * MB;
        assertThat(estimated / real).isBetween(0.5, 2.0);
    }

    @Test
    void a_role_that_may_not_see_the_directory_is_told_how_much_is_needed() {
        Bench bench = bench();
        bench.run(
                "CREATE ROLE blind LOGIN PASSWORD 'x'",
                "ALTER TABLE plain OWNER TO blind",
                "GRANT CREATE ON SCHEMA public TO blind",
                "GRANT CREATE ON DATABASE " + bench.address().database() + " TO blind");
        Bench blind = new Bench(bench.address().withUser("blind", new Secret("x")));
        CreateIndex change = index("public", "plain", "plain_b_idx", "b");

        PreCheck little = about(checks(blind, Bench.OPTIONS, change), "of disk are needed");
        assertThat(little.level()).isEqualTo(PreCheck.Level.FINE);
        assertThat(little.message()).contains("what is free there cannot be seen from here");

        bench.run("UPDATE pg_class SET reltuples = 10000000 WHERE relname = 'plain'");
        PreCheck much = about(checks(blind, Bench.OPTIONS, change), "of disk are needed");
        assertThat(much.level()).isEqualTo(PreCheck.Level.WARNING);
        assertThat(much.message()).contains("cannot be seen from here");
        assertThat(much.advice()).contains("--free-disk SIZE");

        // What cannot be watched cannot be kept within limits.
        assertThatThrownBy(() -> Deployer.apply(
                        blind.address(),
                        List.of(change),
                        Bench.OPTIONS.withLimits(Limits.NONE.withActiveSessions(5)),
                        Progress.NONE))
                .satisfies(ofKind(HoneException.Kind.REFUSED))
                .hasMessageContaining("the limits given could not be kept");
    }

    @Test
    void a_disk_that_is_nearly_full_is_refused_and_one_that_runs_full_leaves_nothing(@TempDir Path folder)
            throws Exception {
        Path small = Files.createDirectory(folder.resolve("small"));
        boolean mounted = new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=18m", "tmpfs", small.toString())
                        .redirectErrorStream(true)
                        .start()
                        .waitFor()
                == 0;
        assumeTrue(mounted, "a small file system cannot be mounted here");
        Bench admin = bench();
        try {
            admin.run("CREATE TABLESPACE small LOCATION '" + small + "'", "CREATE DATABASE full_disk TABLESPACE small");
            Bench bench = new Bench(admin.address().withDatabase("full_disk"));
            bench.run("CREATE TABLE plain (id int, b text)", """
                    INSERT INTO plain SELECT i, md5(i::text) FROM generate_series(1, 100000) i""", "ANALYZE plain", "CHECKPOINT");
            CreateIndex change = index("public", "plain", "plain_b_idx", "b");

            assertThatThrownBy(() -> bench.apply(change))
                    .satisfies(ofKind(HoneException.Kind.REFUSED))
                    .hasMessageContaining("of disk are needed")
                    .hasMessageContaining("but only")
                    .hasMessageContaining("free for the database");

            DeploymentResult result = Deployer.apply(
                    bench.address(), List.of(change), Bench.OPTIONS.withFreeDisk(1000 * MB), Progress.NONE);
            assertThat(result.complete()).as(result.toString()).isFalse();
            assertThat(result.steps().getFirst().detail()).contains("The server's disk is full");
            assertThat(bench.ask("SELECT to_regclass('plain_b_idx')::text")).isNull();
        } finally {
            admin.run("DROP DATABASE IF EXISTS full_disk", "DROP TABLESPACE IF EXISTS small");
            new ProcessBuilder("umount", "-l", small.toString()).start().waitFor();
        }
    }

    @Test
    void a_deployer_that_loses_its_connections_says_what_to_do() throws Exception {
        Bench bench = bench();
        CreateIndex change = index("public", "plain", "plain_a_idx", "a");
        try (Server other = Server.connect(bench.address())) {
            other.handle().begin();
            other.handle().execute("UPDATE plain SET b = 'held' WHERE id = 1");
            CompletableFuture<DeploymentResult> running = CompletableFuture.supplyAsync(() -> bench.apply(change));
            Bench.await("the build waits", () -> bench.ask("SELECT pid" + Bench.BUILDS) != null);
            bench.askAll("SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity"
                    + " WHERE datname = current_database() AND application_name = 'hone' AND pid <> pg_backend_pid()"
                    + " AND query NOT LIKE 'UPDATE%'");

            assertThatThrownBy(running::get)
                    .isInstanceOf(ExecutionException.class)
                    .cause()
                    .isInstanceOfSatisfying(HoneException.class, lost -> {
                        assertThat(lost).hasMessageContaining("Lost the work at " + bench.address());
                        assertThat(lost.advice()).contains("hone status", "Apply the same changes again");
                    });
            other.handle().rollback();
        }
        assertThat(bench.apply(change).complete()).isTrue();
        assertThat(bench.invalidIndexes()).isEmpty();
    }

    @Test
    void versions_that_corrupt_indexes_or_are_too_old_are_refused() {
        for (int number : new int[] {140000, 140003}) {
            PreCheck check = PreChecks.version(new ServerVersion(number));
            assertThat(check.level()).isEqualTo(PreCheck.Level.REFUSED);
            assertThat(check.message()).contains("can corrupt an index that it builds concurrently");
            assertThat(check.advice()).contains("14.4");
        }
        assertThat(PreChecks.version(new ServerVersion(120020)).message()).contains("older than 13");
        for (int number : new int[] {130000, 140004, 150000, 180006}) {
            assertThat(PreChecks.version(new ServerVersion(number)).level()).isEqualTo(PreCheck.Level.FINE);
        }
    }

    @Test
    void a_deployment_pauses_while_others_work_and_goes_on_afterwards() throws Exception {
        Bench bench = bench();
        CreateIndex change = index("public", "plain", "plain_a_idx", "a");
        Limits limits = Limits.NONE.withActiveSessions(1).withPoll(Duration.ofMillis(20));
        Bench.Heard heard = new Bench.Heard();
        String sleeps =
                "SELECT pid::text FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(300)' AND state = 'active'";
        CompletableFuture<?> one = sleeper(bench);
        CompletableFuture<?> two = sleeper(bench);
        Bench.await("both work", () -> bench.askAll(sleeps).size() == 2);

        // A pause that takes too long fails the step before it has begun.
        DeploymentResult failed = Deployer.apply(
                bench.address(),
                List.of(change),
                Bench.OPTIONS.withLimits(limits.withLongestPause(Duration.ofMillis(50))),
                heard);
        assertThat(failed.complete()).isFalse();
        assertThat(failed.steps().getFirst().detail())
                .contains("2 sessions of others work (limit 1)")
                .contains("apply the same changes again");
        assertThat(bench.ask("SELECT to_regclass('plain_a_idx')::text")).isNull();

        CompletableFuture<DeploymentResult> running = CompletableFuture.supplyAsync(
                () -> Deployer.apply(bench.address(), List.of(change), Bench.OPTIONS.withLimits(limits), heard));
        Bench.await("it pauses", () -> heard.all().size() > 5);
        assertThat(heard.all()).allMatch(detail -> detail.startsWith("pausing: 2 sessions of others work (limit 1)"));
        bench.askAll(sleeps.replace("pid::text", "pg_cancel_backend(pid)::text"));
        assertThat(running.get().complete()).isTrue();
        assertThat(running.get().deployment()).isEqualTo(failed.deployment());
        assertThat(bench.states()).containsExactly(StepState.APPLIED);
        CompletableFuture.allOf(one, two).exceptionally(cancelled -> null).join();
    }

    private static CompletableFuture<?> sleeper(Bench bench) {
        return CompletableFuture.runAsync(() -> bench.ask("SELECT pg_sleep(300)"), Thread::startVirtualThread);
    }

    @Test
    void a_pause_between_partitions_keeps_what_is_built_and_the_next_run_builds_the_rest() {
        Bench bench = Bench.on(
                local,
                "CREATE TABLE events (id int, at int) PARTITION BY RANGE (at)",
                "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (100000)",
                "CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (100000) TO (200000)",
                "INSERT INTO events SELECT i, i FROM generate_series(0, 199999) i");
        CreateIndex change = index("public", "events", "events_at", "at");
        long limit = 1500_000;
        bench.run("CHECKPOINT");
        bench.ask("SELECT pg_create_physical_replication_slot('left_behind', true)::text");
        try {
            // Each partition's index writes 2 MB of log, which the slot keeps.
            DeploymentResult stopped = Deployer.apply(
                    bench.address(),
                    List.of(change),
                    Bench.OPTIONS.withLimits(Limits.NONE
                            .withReplicaLagBytes(limit)
                            .withLongestPause(Duration.ZERO)
                            .withPoll(Duration.ofMillis(10))),
                    Progress.NONE);

            assertThat(stopped.complete()).isFalse();
            assertThat(stopped.steps().getFirst().detail())
                    .contains("slot 'left_behind' has no replica and keeps")
                    .contains("(limit 1.4 MB)");
            assertThat(bench.askAll("SELECT indrelid::regclass::text FROM pg_index WHERE indisvalid"
                            + " AND indrelid::regclass::text LIKE 'events\\_%'"))
                    .containsExactly("events_1");
            PreCheck check = about(checks(bench, Bench.OPTIONS, change), "left_behind");
            assertThat(check.level()).isEqualTo(PreCheck.Level.WARNING);
            assertThat(check.message()).contains("Nobody is connected to replication slot 'left_behind'");
            assertThat(check.advice()).contains("pg_drop_replication_slot('left_behind')");
        } finally {
            bench.ask("SELECT pg_drop_replication_slot('left_behind')::text");
        }
        assertThat(bench.apply(change).complete()).isTrue();
        assertThat(bench.invalidIndexes()).isEmpty();
        assertThat(bench.journal()).hasSize(1);
    }

    @Test
    void time_left_is_told_once_it_is_more_than_a_guess() {
        assertThat(Watch.left(Duration.ofSeconds(1), 500)).isEmpty();
        assertThat(Watch.left(Duration.ofSeconds(60), 10)).isEmpty();
        assertThat(Watch.left(Duration.ofSeconds(60), 500)).isEqualTo("; about 60 s left");
        assertThat(Watch.left(Duration.ofSeconds(60), 250)).isEqualTo("; about 3 min left");
        assertThat(Watch.left(Duration.ofHours(1), 250)).isEqualTo("; about 3.0 h left");
        assertThat(Watch.left(Duration.ofSeconds(60), 1000)).isEmpty();
    }
}
