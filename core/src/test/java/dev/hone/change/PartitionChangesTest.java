package dev.hone.change;

import static dev.hone.change.Bench.ofKind;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.HoneException;
import dev.hone.Json;
import dev.hone.postgres.Installed;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class PartitionChangesTest {

    private static final String BOUND = "FOR VALUES FROM (200) TO (300)";
    private static final AttachPartition ATTACH = new AttachPartition("public", "events", "Odd \"S", "E 3", BOUND);
    private static final DropOldPartitions DROP = new DropOldPartitions(
            "public",
            "events",
            List.of(
                    new DropOldPartitions.Partition("public", "events_1"),
                    new DropOldPartitions.Partition("Odd \"S", "E 2")));

    private static LocalServer local;

    @BeforeAll
    static void start() {
        local = LocalServer.start(Installed.chosen(), Map.of("autovacuum", "off"));
    }

    @AfterAll
    static void stop() {
        local.close();
    }

    private static Bench bench() {
        return Bench.on(
                local,
                "CREATE SCHEMA \"Odd \"\"S\"",
                "CREATE TABLE kinds (kind text PRIMARY KEY)",
                "INSERT INTO kinds VALUES ('a')",
                "CREATE TABLE events (id int, at int NOT NULL, kind text REFERENCES kinds, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)",
                "CREATE INDEX events_kind_idx ON events (kind)",
                "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (100)",
                "CREATE TABLE \"Odd \"\"S\".\"E 2\" PARTITION OF events FOR VALUES FROM (100) TO (200)",
                "INSERT INTO events SELECT i, i, 'a' FROM generate_series(0, 199) i",
                "CREATE TABLE \"Odd \"\"S\".\"E 3\" (id int NOT NULL, at int NOT NULL, kind text)",
                "INSERT INTO \"Odd \"\"S\".\"E 3\" SELECT i, i, 'a' FROM generate_series(200, 299) i");
    }

    @Test
    void a_table_is_attached_and_undo_gives_it_back_as_it_was() {
        Bench bench = bench();
        State before = State.of(bench);

        DeploymentResult applied = bench.apply(ATTACH);

        assertThat(applied.complete()).as(applied.toString()).isTrue();
        assertThat(bench.ask("SELECT count(*) FROM events")).isEqualTo("300");
        assertThat(bench.ask("SELECT count(*) FROM pg_constraint WHERE conname = 'hone_partition_bound'"))
                .isEqualTo("0");
        assertThat(bench.apply(ATTACH).steps().getFirst().state()).isEqualTo(StepState.ALREADY);
        assertThat(bench.undo().complete()).isTrue();
        assertThat(State.of(bench).since(before)).isEmpty();
    }

    @Test
    void indexes_that_would_be_built_behind_a_lock_are_named_beforehand() {
        Bench bench = bench();
        assertThat(noteOnAttaching(bench)).contains("no index like events_kind_idx, events_pkey:");
        bench.run(
                "CREATE INDEX \"x USING y\" ON \"Odd \"\"S\".\"E 3\" (kind)",
                "CREATE UNIQUE INDEX not_enough ON \"Odd \"\"S\".\"E 3\" (id, at)");
        assertThat(noteOnAttaching(bench)).contains("no index like events_pkey:");
        bench.run("ALTER TABLE \"Odd \"\"S\".\"E 3\" ADD PRIMARY KEY USING INDEX not_enough");
        assertThat(noteOnAttaching(bench)).isEmpty();
    }

    private static String noteOnAttaching(Bench bench) {
        return Deployer.plan(bench.address(), List.of(ATTACH), Bench.OPTIONS)
                .steps()
                .getFirst()
                .note();
    }

    @Test
    void a_row_outside_of_the_bound_leaves_the_table_as_it_was() {
        Bench bench = bench();
        bench.run("INSERT INTO \"Odd \"\"S\".\"E 3\" VALUES (1, 1, 'a')");
        State before = State.of(bench);
        DeploymentResult result = bench.apply(ATTACH);
        assertThat(result.complete()).isFalse();
        assertThat(result.steps().getFirst().detail()).contains("violated by some row");
        assertThat(State.of(bench).since(before)).isEmpty();
    }

    @Test
    void a_bound_that_overlaps_another_fails_and_leaves_the_table_as_it_was() {
        Bench bench = bench();
        bench.run("TRUNCATE \"Odd \"\"S\".\"E 3\"");
        State before = State.of(bench);
        DeploymentResult result = bench.apply(
                new AttachPartition("public", "events", "Odd \"S", "E 3", "FOR VALUES FROM (150) TO (300)"));
        assertThat(result.steps().getFirst().detail()).contains("would overlap");
        assertThat(State.of(bench).since(before)).isEmpty();
    }

    @Test
    void partitions_are_dropped_after_a_warning_and_undo_says_what_is_gone() {
        Bench bench = bench();
        assertThat(Deployer.plan(bench.address(), List.of(DROP), Bench.OPTIONS).checks())
                .extracting(PreCheck::message)
                .contains("Step 1 (drop 2 partitions of \"public\".\"events\") cannot be taken back.");

        DeploymentResult applied = bench.apply(DROP);

        assertThat(applied.complete()).as(applied.toString()).isTrue();
        assertThat(bench.ask("SELECT count(*) FROM events")).isEqualTo("0");
        DeploymentResult undone = bench.undo();
        assertThat(undone.steps().getFirst().state()).isEqualTo(StepState.KEPT);
        assertThat(undone.steps().getFirst().detail()).contains("\"events_1\"", "\"E 2\"");
        assertThat(bench.apply(DROP).steps().getFirst().state()).isEqualTo(StepState.ALREADY);
    }

    @Test
    void what_was_detached_and_not_dropped_is_attached_again_by_undo_or_dropped_by_the_next_run() throws Exception {
        assumeTrue(Installed.chosenIsAtLeast(14), "nothing is detached concurrently before PostgreSQL 14");
        Bench bench = bench();
        State before = State.of(bench);
        try (Server other = Server.connect(bench.address())) {
            other.handle().begin();
            other.handle().execute("SELECT count(*) FROM events");
            CompletableFuture<DeploymentResult> running = CompletableFuture.supplyAsync(() -> bench.apply(DROP));
            Bench.await(
                    "the detaching is pending",
                    () -> "1".equals(bench.ask("SELECT count(*) FROM pg_inherits WHERE inhdetachpending")));
            bench.ask(
                    "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity WHERE query LIKE 'ALTER%DETACH%' AND state = 'active'");
            assertThat(running.get().complete()).isFalse();
            other.handle().rollback();
        }
        assertThat(bench.undo().complete()).isTrue();
        assertThat(State.of(bench).since(before)).isEmpty();
        assertThat(bench.ask("SELECT count(*) FROM events")).isEqualTo("200");

        assertThat(bench.apply(DROP).complete()).isTrue();
        assertThat(bench.ask("SELECT count(*) FROM events")).isEqualTo("0");
    }

    @Test
    void beside_a_default_partition_they_are_detached_under_a_short_lock() {
        Bench bench = bench();
        bench.run("CREATE TABLE rest PARTITION OF events DEFAULT");
        assertThat(Deployer.plan(bench.address(), List.of(DROP), Bench.OPTIONS)
                        .steps()
                        .getFirst()
                        .sql())
                .noneMatch(sql -> sql.contains("CONCURRENTLY"));
        assertThat(bench.apply(DROP).complete()).isTrue();
    }

    @Test
    void hash_and_list_partitions_are_attached_too() {
        Bench bench = bench();
        bench.run(
                "CREATE TABLE h (a int) PARTITION BY HASH (a)",
                "CREATE TABLE h0 (a int)",
                "CREATE TABLE l (\"Kind \"\"k\" text) PARTITION BY LIST (lower(\"Kind \"\"k\"))",
                "CREATE TABLE l0 (\"Kind \"\"k\" text)",
                "INSERT INTO l0 VALUES ('A'), (NULL)");
        State before = State.of(bench);
        DeploymentResult applied = bench.apply(
                new AttachPartition("public", "h", "public", "h0", "FOR VALUES WITH (MODULUS 2, REMAINDER 0)"),
                new AttachPartition("public", "l", "public", "l0", "FOR VALUES IN ('a', NULL)"));
        assertThat(applied.complete()).as(applied.toString()).isTrue();
        assertThat(bench.undo().complete()).isTrue();
        assertThat(State.of(bench).since(before)).isEmpty();
    }

    @Test
    void what_cannot_be_is_refused_before_anything_is_changed() {
        Bench bench = bench();
        State before = State.of(bench);
        Map<Change, String> refused = new LinkedHashMap<>();
        refused.put(new AttachPartition("public", "kinds", "Odd \"S", "E 3", BOUND), "not a partitioned table");
        refused.put(new AttachPartition("public", "events", "public", "nowhere", BOUND), "does not exist");
        refused.put(
                new AttachPartition("public", "events", "Odd \"S", "E 3", "FOR VALUES FROM ('x') TO (1)"),
                "does not take the bound");
        refused.put(
                new AttachPartition("public", "events", "Odd \"S", "E 3", BOUND + "; DROP TABLE kinds"),
                "more than one statement");
        refused.put(
                new DropOldPartitions("public", "events", List.of(new DropOldPartitions.Partition("public", "kinds"))),
                "is not a partition of");
        refused.forEach((change, why) -> assertThatThrownBy(() -> bench.apply(new Analyze("public", "kinds"), change))
                .as(change.title())
                .satisfies(ofKind(HoneException.Kind.REFUSED))
                .hasMessageContaining(why));
        assertThat(State.of(bench).since(before)).isEmpty();
    }

    @Test
    void they_come_and_go_as_json() {
        for (Change change : List.of(ATTACH, DROP)) {
            String json = Json.MAPPER.writerFor(Change.class).writeValueAsString(change);
            assertThat(Json.read(json, Change.class)).isEqualTo(change);
        }
    }
}
