package dev.hone.change;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.HoneException;
import dev.hone.Json;
import dev.hone.postgres.Installed;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
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
 * -Dhone.crash.matrix=true} it is all points, also while a statement waits for a transaction of somebody else, and all
 * ways to be ended; {@code -Dhone.crash.kinds=Create.*} chooses among the kinds, {@code -Dhone.crash.endings=HONE.*}
 * among the ways.
 */
class CrashMatrixTest {

    private static final boolean ALL = Boolean.getBoolean("hone.crash.matrix");
    private static final int MOST_STATEMENTS = 6;

    private static final Map<Ending, AtomicInteger> TRIED = counters();
    private static final Map<Ending, AtomicInteger> SURVIVED = counters();

    private static LocalServer local;

    /** How a deployment is ended. */
    private enum Ending {
        /** Its server process, by pg_terminate_backend. */
        PROCESS_ENDED,
        /** Its server process, by SIGKILL, upon which the server ends all others and recovers. */
        PROCESS_KILLED,
        /** Hone, by SIGKILL. */
        HONE_KILLED,
        /** The server, by an immediate shutdown. */
        SERVER_STOPPED
    }

    /** Where: before the journal is told of a state, before a statement begins, or while one waits for somebody. */
    private record Point(boolean undoing, String at, int number) {

        static final String STATEMENT = "statement";
        static final String WRITER = "waits for a writer";
        static final String SNAPSHOT = "waits for a snapshot";

        Hold hold(Bench bench) {
            return switch (at) {
                case WRITER -> Hold.Transaction.ofWriter(bench);
                case SNAPSHOT -> Hold.Transaction.ofSnapshot(bench);
                default -> Gate.close(bench, at, number);
            };
        }
    }

    private static Map<Ending, AtomicInteger> counters() {
        Map<Ending, AtomicInteger> counters = new EnumMap<>(Ending.class);
        for (Ending ending : Ending.values()) {
            counters.put(ending, new AtomicInteger());
        }
        return counters;
    }

    @BeforeAll
    static void start() {
        local = LocalServer.start(Installed.chosen(), Map.of("autovacuum", "off"));
        Gate.build(Kinds.template(local));
    }

    @AfterAll
    static void stop() {
        local.close();
        endings()
                .forEach(ending -> System.out.println("Crash matrix, " + ending + ": " + SURVIVED.get(ending)
                        + " survived of " + TRIED.get(ending) + " tried"));
    }

    static Stream<Kinds.Kind> kinds() {
        return Kinds.chosen("hone.crash.kinds");
    }

    private static List<Ending> endings() {
        String pattern = System.getProperty("hone.crash.endings", ".*");
        return Stream.of(Ending.values())
                .filter(ending -> ALL ? ending.name().matches(pattern) : ending == Ending.PROCESS_ENDED)
                .toList();
    }

    private static List<Point> points() {
        List<Point> points = new ArrayList<>();
        for (boolean undoing : new boolean[] {false, true}) {
            if (ALL) {
                points.add(new Point(undoing, undoing ? "undoing" : "intended", 1));
                points.add(new Point(undoing, Point.WRITER, 1));
                points.add(new Point(undoing, Point.SNAPSHOT, 1));
            }
            for (int number = 1; number <= (ALL ? MOST_STATEMENTS : 1); number++) {
                points.add(new Point(undoing, Point.STATEMENT, number));
            }
            if (ALL || !undoing) {
                points.add(new Point(undoing, undoing ? "undone" : "applied", 1));
            }
        }
        return points;
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void a_deployment_that_was_ended_anywhere_is_finished_or_taken_back(Kinds.Kind kind) throws Exception {
        Bench bench = Kinds.copy(local);
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
        Set<Point> absent = new HashSet<>();
        for (Ending ending : endings()) {
            for (Point point : points()) {
                if (isAbsent(point, absent) || (point.undoing() && !kind.reversible())) {
                    continue;
                }
                if (!kind.reversible()) {
                    bench = Kinds.copy(local);
                }
                List<String> wrong = new ArrayList<>();
                if (point.undoing()) {
                    assertThat(bench.apply(kind.change()).complete())
                            .as(lost.toString())
                            .isTrue();
                }
                if (!ended(bench, kind.change(), point, ending)) {
                    absent.add(point);
                    if (kind.reversible() && !point.undoing()) {
                        bench.undo();
                    }
                    continue;
                }
                TRIED.get(ending).incrementAndGet();
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
                    SURVIVED.get(ending).incrementAndGet();
                } else {
                    lost.add(ending + " at " + point + ": " + wrong);
                    bench = Kinds.copy(local);
                }
            }
        }
        assertThat(lost).isEmpty();
    }

    /** Whether an earlier run of the same kind came to its end without passing the point. */
    private static boolean isAbsent(Point point, Set<Point> absent) {
        return absent.stream()
                .anyMatch(one -> one.undoing() == point.undoing()
                        && one.at().equals(point.at())
                        && one.number() <= point.number());
    }

    private static List<String> contents(Bench bench) {
        return bench.askAll("SELECT n::text FROM counter UNION ALL SELECT count(*)::text FROM plain");
    }

    private static List<String> difference(List<String> wanted, List<String> found) {
        return wanted.equals(found) ? List.of() : List.of("rows " + wanted + " -> " + found);
    }

    /** Whether the run came to the point, and was ended there. */
    private static boolean ended(Bench bench, Change change, Point point, Ending ending) throws Exception {
        Hold hold = point.hold(bench);
        try {
            if (ending == Ending.HONE_KILLED) {
                return killed(bench, hold, change, point);
            }
            CompletableFuture<DeploymentResult> running =
                    CompletableFuture.supplyAsync(() -> point.undoing() ? bench.undo() : bench.apply(change));
            @Nullable String held = held(hold, running::isDone);
            if (held == null) {
                DeploymentResult whole = running.get();
                assertThat(whole.complete()).as(whole.toString()).isTrue();
                return false;
            }
            switch (ending) {
                case PROCESS_ENDED -> bench.ask("SELECT pg_terminate_backend(" + held + ")");
                case PROCESS_KILLED -> kill(Long.parseLong(held));
                case SERVER_STOPPED -> local.stop(LocalServer.StopMode.IMMEDIATE);
                case HONE_KILLED -> throw new AssertionError("is a process of its own");
            }
            if (ending == Ending.PROCESS_ENDED) {
                // What is left cannot be removed while somebody is in the way.
                hold.close();
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
            hold.close();
        }
    }

    /** Kills a server process. The server ends all the others, this one's witness among them, and recovers. */
    private static void kill(long process) throws Exception {
        try (Connection witness = Server.open(local.address("postgres"), "witness");
                Statement statement = witness.createStatement()) {
            assertThat(ProcessHandle.of(process).orElseThrow().destroyForcibly())
                    .isTrue();
            Bench.await("the server ends the witness", () -> !answers(statement));
        }
        Bench.await("the server has recovered", CrashMatrixTest::isUp);
    }

    private static boolean answers(Statement statement) {
        try {
            return statement.execute("SELECT 1");
        } catch (SQLException e) {
            return false;
        }
    }

    private static boolean isUp() {
        try (Connection connection = Server.open(local.address("postgres"), "witness")) {
            return connection.isValid(5);
        } catch (HoneException | SQLException e) {
            return false;
        }
    }

    private static boolean killed(Bench bench, Hold hold, Change change, Point point) throws Exception {
        Process child = ChildDeployer.start(
                bench.address(),
                point.undoing()
                        ? "undo"
                        : Json.MAPPER.writerFor(Change[].class).writeValueAsString(new Change[] {change}));
        @Nullable String held = held(hold, () -> !child.isAlive());
        if (held == null) {
            return false;
        }
        child.destroyForcibly().waitFor();
        return true;
    }

    private static @Nullable String held(Hold hold, BooleanSupplier over) throws InterruptedException {
        for (int i = 0; i < 2400; i++) {
            boolean ended = over.getAsBoolean();
            @Nullable String held = hold.held();
            if (held != null || ended) {
                return held;
            }
            Thread.sleep(25);
        }
        throw new AssertionError("neither at the point nor at its end");
    }
}
