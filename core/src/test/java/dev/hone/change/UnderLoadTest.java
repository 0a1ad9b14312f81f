package dev.hone.change;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Progress;
import dev.hone.postgres.Installed;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Makes and takes back every kind of change while writers are at work on the tables and, alike, on control tables, and
 * while a reader's transactions are in the way again and again. Afterwards both hold the same rows, no statement of the writers has
 * failed, and none has waited for a lock longer than the lock budget and 50 ms.
 *
 * <p>How long they waited is what the server says, which logs every wait for a lock that outlasts {@code
 * deadlock_timeout}: that is set to the budget and 50 ms. A statement's time as its client sees it would also count
 * what a busy machine did not let run. On a machine so busy that the server's own timers go off late a case is tried
 * again, three times in all.
 *
 * <p>By default one deployment makes all kinds; {@code -Dhone.load.kinds=Create.*} makes each of those by itself, and
 * {@code -Dhone.under.load=true} each of them on many rows, with the budget that a deployment has by default.
 */
class UnderLoadTest {

    private static final boolean LARGE = Boolean.getBoolean("hone.under.load");
    private static final String CHOICE = "hone.load.kinds";
    private static final boolean EACH = LARGE || System.getProperty(CHOICE) != null;
    private static final int ROWS = LARGE ? 300_000 : 3_000;
    private static final int WRITERS = LARGE ? 6 : 3;
    private static final int ATTEMPTS = 3;
    private static final int STATEMENTS = 10;
    private static final Duration BUDGET = LARGE ? DeployOptions.DEFAULT.lockTimeout() : Duration.ofMillis(200);
    private static final long LONGEST_WAIT_MILLIS = BUDGET.toMillis() + 50;
    private static final DeployOptions OPTIONS = new DeployOptions(
            BUDGET, Duration.ZERO, 60, Duration.ofMillis(20), Duration.ofMinutes(1), Duration.ofMinutes(1));

    /** What the server writes once a lock is had, or still is not, after {@code deadlock_timeout}. */
    private static final Pattern WAIT =
            Pattern.compile("process (\\d+) (?:still waiting for|acquired) (.*) after ([0-9.]+) ms");

    private static final List<Writers.Target> TARGETS = List.of(
            new Writers.Target(
                    "plain",
                    "plain_control",
                    "INSERT INTO TABLE (id, a, b, c) VALUES (ID, NUMBER, 'new', NUMBER % 10)",
                    "UPDATE TABLE SET a = NUMBER, b = 'set' WHERE id = ID",
                    "DELETE FROM TABLE WHERE id = ID",
                    1,
                    1000),
            events("events", 200),
            events("events_2", 100),
            measures("meter"),
            measures("gauge"));

    private static LocalServer local;

    private static Writers.Target events(String table, int from) {
        return new Writers.Target(
                table,
                table + "_control",
                "INSERT INTO TABLE (id, at) VALUES (ID, NUMBER)",
                "UPDATE TABLE SET at = NUMBER WHERE id = ID AND at >= " + from,
                "DELETE FROM TABLE WHERE id = ID AND at >= " + from,
                from,
                from + 100);
    }

    private static Writers.Target measures(String table) {
        return new Writers.Target(
                table,
                table + "_control",
                "INSERT INTO TABLE (id, at, n) VALUES (ID, TIMESTAMPTZ '2024-01-01' + NUMBER * interval '1 h', NUMBER)",
                "UPDATE TABLE SET n = NUMBER WHERE id = ID",
                // Those before are pointed to.
                "DELETE FROM TABLE WHERE id = ID AND id > 8",
                1,
                500);
    }

    @BeforeAll
    static void start() {
        local = LocalServer.start(
                Installed.chosen(),
                Map.of(
                        "autovacuum", "off",
                        "log_lock_waits", "on",
                        "deadlock_timeout", LONGEST_WAIT_MILLIS + "ms"));
        Kinds.template(
                local,
                "INSERT INTO plain SELECT i, i, i % 10, i % 10 FROM generate_series(501, " + ROWS + ") i",
                "INSERT INTO events SELECT i, 200 + i % 100 FROM generate_series(501, " + ROWS + ") i",
                "INSERT INTO events_2 SELECT i, 100 + i % 100 FROM generate_series(501, " + ROWS + ") i",
                "INSERT INTO meter SELECT i, TIMESTAMPTZ '2024-01-01' + i % 500 * interval '1 h', i FROM generate_series(501, "
                        + ROWS + ") i",
                "INSERT INTO gauge SELECT * FROM meter WHERE id > 500",
                "CREATE INDEX busy_idx ON plain (id)",
                "CREATE INDEX busy_2_idx ON events_2 (id)",
                "CREATE TABLE plain_control AS TABLE plain",
                "CREATE TABLE events_control AS SELECT * FROM events WHERE at >= 200",
                "CREATE TABLE events_2_control AS TABLE events_2",
                "CREATE TABLE meter_control (LIKE meter INCLUDING INDEXES)",
                "INSERT INTO meter_control TABLE meter",
                "CREATE TABLE gauge_control (LIKE gauge INCLUDING INDEXES)",
                "INSERT INTO gauge_control TABLE gauge",
                "CREATE INDEX ON plain_control (id)",
                "CREATE INDEX ON events_control (id)",
                "CREATE INDEX ON events_2_control (id)",
                "ANALYZE");
    }

    @AfterAll
    static void stop() {
        local.close();
    }

    /** Changes that are made in one deployment. */
    record Case(List<Kinds.Kind> kinds) {

        List<Change> changes() {
            return kinds.stream().map(Kinds.Kind::change).toList();
        }

        @Override
        public String toString() {
            return kinds.size() == 1 ? kinds.getFirst().toString() : kinds.size() + " kinds";
        }
    }

    static Stream<Case> cases() {
        if (EACH) {
            return Kinds.chosen(CHOICE).map(kind -> new Case(List.of(kind)));
        }
        Map<Boolean, List<Kinds.Kind>> all = Kinds.all().collect(Collectors.partitioningBy(Kinds.Kind::reversible));
        return Stream.of(new Case(all.getOrDefault(true, List.of())), new Case(all.getOrDefault(false, List.of())));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void writers_lose_nothing_and_wait_no_longer_than_the_budget(Case one) throws Exception {
        List<String> waited = new ArrayList<>();
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            Bench bench = Kinds.copy(local);
            List<String> waits = new ArrayList<>(underLoad(
                    bench,
                    one + " made",
                    1_000_000,
                    () -> Deployer.apply(bench.address(), one.changes(), OPTIONS, Progress.NONE)));
            if (one.kinds().getFirst().reversible()) {
                waits.addAll(underLoad(
                        bench,
                        one + " undone",
                        2_000_000,
                        () -> Deployer.undo(bench.address(), null, OPTIONS, Progress.NONE)));
            }
            if (waits.isEmpty()) {
                return;
            }
            waited.addAll(waits);
        }
        assertThat(waited)
                .as("waits of more than " + LONGEST_WAIT_MILLIS + " ms, in each attempt")
                .isEmpty();
    }

    /** The writers' waits that were too long. */
    private static List<String> underLoad(Bench bench, String what, int newIds, Supplier<DeploymentResult> work)
            throws Exception {
        long logged = Files.size(log());
        try (Writers writers = Writers.start(bench.address(), WRITERS, newIds, TARGETS)) {
            writers.awaitFurther(STATEMENTS);
            CompletableFuture<DeploymentResult> running = new CompletableFuture<>();
            try (Server reader = Server.connect(bench.address())) {
                boolean begun = false;
                do {
                    reader.handle().begin();
                    reader.handle().execute("SELECT FROM plain, events, events_2, meter, gauge LIMIT 1");
                    if (!begun) {
                        running.completeAsync(work);
                        begun = true;
                    }
                    // Longer than writers may wait behind one that waits for it.
                    pause(running, BUDGET.multipliedBy(3));
                    reader.handle().rollback();
                } while (!pause(running, BUDGET));
            }
            DeploymentResult result = running.get();
            assertThat(result.complete()).as(result.toString()).isTrue();
            writers.awaitFurther(STATEMENTS);
            writers.close();
            assertThat(writers.failures).isEmpty();
            assertThat(differences(bench)).isEmpty();
            System.out.printf(
                    Locale.ROOT,
                    "Under load, %s: %d statements of %d writers and as many on the controls, the longest took %.0f ms%n",
                    what,
                    writers.statements(),
                    WRITERS,
                    writers.longestMillis());
            return waits(logged, writers.processes());
        }
    }

    /** Whether it was done within a time. */
    private static boolean pause(CompletableFuture<DeploymentResult> running, Duration time) throws Exception {
        try {
            running.get(time.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        }
    }

    private static List<String> differences(Bench bench) {
        return TARGETS.stream()
                .flatMap(target -> {
                    String table = "SELECT * FROM " + target.table()
                            + (target.table().equals("events") ? " WHERE at >= 200" : "");
                    String control = "SELECT * FROM " + target.control();
                    return bench
                            .askAll("SELECT 'missing ' || m::text FROM (" + control + " EXCEPT ALL " + table
                                    + ") AS m UNION ALL SELECT 'too many ' || t::text FROM (" + table + " EXCEPT ALL "
                                    + control
                                    + ") AS t")
                            .stream()
                            .map(row -> target.table() + ": " + row);
                })
                .toList();
    }

    private static Path log() {
        return local.data().resolveSibling("log");
    }

    private static List<String> waits(long from, List<Integer> processes) throws Exception {
        byte[] all = Files.readAllBytes(log());
        String since = new String(all, (int) from, all.length - (int) from, StandardCharsets.UTF_8);
        List<String> waits = new ArrayList<>();
        Matcher wait = WAIT.matcher(since);
        while (wait.find()) {
            if (processes.contains(Integer.valueOf(wait.group(1)))) {
                waits.add(wait.group(2) + ": " + wait.group(3) + " ms");
            }
        }
        return waits;
    }
}
