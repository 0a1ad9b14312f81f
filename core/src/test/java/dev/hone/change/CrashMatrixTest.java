package dev.hone.change;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.HoneException;
import dev.hone.Json;
import dev.hone.postgres.Installed;
import dev.hone.postgres.LocalServer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Ends a deployment of every kind of change at every point the journal knows, and within its statements; then goes on.
 * Afterwards the database is as if nothing had happened, and after undo as it was at first.
 *
 * <p>By default the server process that stands at the point is ended, at the points that matter most. With {@code
 * -Dhone.crash.matrix=true} it is all points, and also SIGKILL of Hone and an immediate shutdown of the server; {@code
 * -Dhone.crash.kinds=Create.*} chooses among the kinds.
 */
class CrashMatrixTest {

    private static final boolean ALL = Boolean.getBoolean("hone.crash.matrix");
    private static final int MOST_STATEMENTS = 4;

    private static final AtomicInteger TRIED = new AtomicInteger();
    private static final AtomicInteger SURVIVED = new AtomicInteger();

    private static LocalServer local;

    /** How a deployment is ended. */
    private enum Ending {
        PROCESS_ENDED,
        HONE_KILLED,
        SERVER_STOPPED
    }

    /** Where: before the journal is told of a state, or before the statement of a number begins. */
    private record Point(boolean undoing, String at, int number) {}

    /** A kind of change in the schema below. */
    record Kind(Change change, boolean reversible) {
        @Override
        public String toString() {
            return change.getClass().getSimpleName();
        }
    }

    @BeforeAll
    static void start() {
        local = LocalServer.start(Installed.chosen(), Map.of("autovacuum", "off"));
    }

    @AfterAll
    static void stop() {
        local.close();
        System.out.println("Crash matrix: " + SURVIVED + " survived of " + TRIED + " tried");
    }

    private static Bench bench() {
        Bench bench = Bench.on(
                local,
                "CREATE TABLE plain (id int NOT NULL, a int, b text)",
                "INSERT INTO plain SELECT i, i, i % 10 FROM generate_series(1, 500) i",
                "ALTER TABLE plain ADD CONSTRAINT positive CHECK (a > 0) NOT VALID",
                "ALTER TABLE plain ALTER a SET STATISTICS 50",
                "ALTER TABLE plain SET (fillfactor = 90)",
                "CREATE INDEX old_idx ON plain (b)",
                "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
                "CREATE TABLE events (id int, at int NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)",
                "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (100)",
                "CREATE TABLE events_2 (id int NOT NULL, at int NOT NULL)",
                "INSERT INTO events SELECT i, i FROM generate_series(0, 99) i",
                "INSERT INTO events_2 SELECT i, i FROM generate_series(100, 199) i",
                "CREATE TABLE meter (id int PRIMARY KEY, at timestamptz, n int)",
                "CREATE TRIGGER noted AFTER INSERT ON meter FOR EACH ROW EXECUTE FUNCTION f()",
                "INSERT INTO meter SELECT i, TIMESTAMPTZ '2024-01-01' + i * interval '1 h', i FROM generate_series(1, 500) i",
                "CREATE TABLE counter (n int)",
                "INSERT INTO counter VALUES (0)");
        Gate.build(bench);
        return bench;
    }

    static Stream<Kind> kinds() {
        return Stream.of(
                        new CreateIndex("public", "plain", "a_idx", false, "btree", List.of("a"), List.of(), null),
                        new DropIndex("public", "old_idx", "CREATE INDEX old_idx ON public.plain USING btree (b)"),
                        new Analyze("public", "plain"),
                        new CreateStatistics("public", "st", "plain", List.of(), List.of("a", "b")),
                        new AlterColumnStatistics("public", "plain", "a", 200, -0.5),
                        AlterSetting.ofSystem("random_page_cost", "1.3"),
                        AlterSetting.ofRole("postgres", "work_mem", "9MB"),
                        new CreateExtension("pg_trgm", null),
                        new AlterTable(
                                "public", "plain", Map.of("fillfactor", "70", "autovacuum_enabled", "off"), List.of()),
                        new Reindex("public", "old_idx"),
                        new Vacuum("public", "plain", true, false),
                        new ValidateConstraint("public", "plain", "positive"),
                        new CreateUniqueConstraint("public", "plain", "plain_id_key", List.of("id"), false),
                        new RunSql(
                                "count",
                                List.of("UPDATE counter SET n = n + 1", "CREATE TABLE counted (n int)"),
                                List.of("DROP TABLE counted", "UPDATE counter SET n = n - 1"),
                                true),
                        new ReplaceFunction(
                                "public",
                                "f",
                                "",
                                "CREATE OR REPLACE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"),
                        new CreateTrigger(
                                "public", "plain", "trg", "AFTER UPDATE OF a", "FOR EACH ROW EXECUTE FUNCTION f()"),
                        new CreateMaterializedView(
                                "public", "totals", "SELECT b, count(*) AS n FROM plain GROUP BY b", List.of("b"), 60L),
                        new AttachPartition("public", "events", "public", "events_2", "FOR VALUES FROM (100) TO (200)"),
                        new DropOldPartitions(
                                "public", "events", List.of(new DropOldPartitions.Partition("public", "events_1"))),
                        PartitionTable.of(
                                "public", "meter", "at", new PartitionTable.Ranges(PartitionTable.Interval.YEAR, 1)),
                        PartitionTable.of("public", "meter", "id", new PartitionTable.Hashes(2)))
                .filter(change ->
                        change.getClass().getSimpleName().matches(System.getProperty("hone.crash.kinds", ".*")))
                .map(change -> new Kind(change, change.irreversible().isEmpty()));
    }

    private static List<Point> points() {
        List<Point> points = new ArrayList<>();
        for (boolean undoing : new boolean[] {false, true}) {
            if (ALL) {
                points.add(new Point(undoing, undoing ? "undoing" : "intended", 1));
            }
            for (int number = 1; number <= (ALL ? MOST_STATEMENTS : 1); number++) {
                points.add(new Point(undoing, "statement", number));
            }
            if (ALL || !undoing) {
                points.add(new Point(undoing, undoing ? "undone" : "applied", 1));
            }
        }
        return points;
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void a_deployment_that_was_ended_anywhere_is_finished_or_taken_back(Kind kind) throws Exception {
        Bench bench = bench();
        List<String> initial = contents(bench);
        State before = State.of(bench);
        assertThat(bench.apply(kind.change()).complete()).isTrue();
        List<String> finished = contents(bench);
        State after = State.of(bench);
        if (kind.reversible()) {
            assertThat(bench.undo().complete()).isTrue();
            assertThat(State.of(bench).since(before)).isEmpty();
        }

        List<String> lost = new ArrayList<>();
        for (Ending ending : ALL ? List.of(Ending.values()) : List.of(Ending.PROCESS_ENDED)) {
            for (Point point : points()) {
                if (!kind.reversible()) {
                    if (point.undoing()) {
                        continue;
                    }
                    bench = bench();
                }
                List<String> wrong = new ArrayList<>();
                if (point.undoing()) {
                    assertThat(bench.apply(kind.change()).complete())
                            .as(lost.toString())
                            .isTrue();
                }
                if (!ended(bench, kind.change(), point, ending)) {
                    if (kind.reversible()) {
                        restore(bench, point);
                    }
                    continue;
                }
                TRIED.incrementAndGet();
                if (!point.undoing()) {
                    DeploymentResult again = bench.apply(kind.change());
                    if (!again.complete()) {
                        wrong.add(again.toString());
                    }
                    wrong.addAll(State.of(bench).since(after));
                    wrong.addAll(difference(finished, contents(bench)));
                }
                if (kind.reversible()) {
                    // The server may have finished the last word of a Hone that was killed.
                    if (bench.journal().stream().anyMatch(DeploymentRecord::undoable)) {
                        DeploymentResult undone = bench.undo();
                        if (!undone.complete()) {
                            wrong.add(undone.toString());
                        }
                    }
                    wrong.addAll(State.of(bench).since(before));
                    wrong.addAll(difference(initial, contents(bench)));
                }
                if (wrong.isEmpty()) {
                    SURVIVED.incrementAndGet();
                } else {
                    lost.add(ending + " at " + point + ": " + wrong);
                    bench = bench();
                }
            }
        }
        assertThat(lost).isEmpty();
    }

    /** The run came to its end without passing the point; puts things back. */
    private static void restore(Bench bench, Point point) {
        if (!point.undoing()) {
            bench.undo();
        }
    }

    private static List<String> contents(Bench bench) {
        return bench.askAll("SELECT n::text FROM counter UNION ALL SELECT count(*)::text FROM plain"
                + " UNION ALL SELECT md5(string_agg(m::text, ',' ORDER BY id)) FROM meter m");
    }

    private static List<String> difference(List<String> wanted, List<String> found) {
        return wanted.equals(found) ? List.of() : List.of("rows " + wanted + " -> " + found);
    }

    /** Whether the run came to the point, and was ended there. */
    private static boolean ended(Bench bench, Change change, Point point, Ending ending) throws Exception {
        Gate gate = Gate.close(bench, point.at(), point.number());
        try {
            if (ending == Ending.HONE_KILLED) {
                return killed(bench, gate, change, point);
            }
            CompletableFuture<DeploymentResult> running =
                    CompletableFuture.supplyAsync(() -> point.undoing() ? bench.undo() : bench.apply(change));
            @Nullable String held = held(gate, running::isDone);
            if (held == null) {
                DeploymentResult whole = running.get();
                assertThat(whole.complete()).as(whole.toString()).isTrue();
                return false;
            }
            if (ending == Ending.SERVER_STOPPED) {
                local.stop(LocalServer.StopMode.IMMEDIATE);
            } else {
                bench.ask("SELECT pg_terminate_backend(" + held + ")");
            }
            try {
                running.get(60, TimeUnit.SECONDS);
            } catch (ExecutionException e) {
                assertThat(e).hasCauseInstanceOf(HoneException.class);
            }
            if (ending == Ending.SERVER_STOPPED) {
                local.start();
            }
            return true;
        } finally {
            gate.close();
        }
    }

    private static boolean killed(Bench bench, Gate gate, Change change, Point point) throws Exception {
        Process child = ChildDeployer.start(
                bench.address(),
                point.undoing()
                        ? "undo"
                        : Json.MAPPER.writerFor(Change[].class).writeValueAsString(new Change[] {change}));
        @Nullable String held = held(gate, () -> !child.isAlive());
        if (held == null) {
            return false;
        }
        child.destroyForcibly().waitFor();
        return true;
    }

    private static @Nullable String held(Gate gate, java.util.function.BooleanSupplier over)
            throws InterruptedException {
        for (int i = 0; i < 2400; i++) {
            boolean ended = over.getAsBoolean();
            @Nullable String held = gate.held();
            if (held != null || ended) {
                return held;
            }
            Thread.sleep(25);
        }
        throw new AssertionError("neither at the gate nor at its end");
    }
}
