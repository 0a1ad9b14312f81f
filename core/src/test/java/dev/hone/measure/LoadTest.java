package dev.hone.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.workload.ScriptParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoadTest {

    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-11-21T12:00:00Z"), ZoneOffset.UTC);
    private static final LoadOptions SHORT =
            LoadOptions.DEFAULT.withConnections(4).withDuration(Duration.ofMillis(200), Duration.ofSeconds(1));

    private static LocalServer local;

    @BeforeAll
    static void start() {
        local = LocalServer.start(Installation.embedded(), Map.of());
        execute("CREATE TABLE orders (id int PRIMARY KEY, note text)");
        execute("INSERT INTO orders SELECT i, 'note ' || i FROM generate_series(1, 5000) i");
        execute(
                "CREATE TABLE log (id bigint GENERATED ALWAYS AS IDENTITY, client int DEFAULT pg_backend_pid(), what text)");
        execute("VACUUM ANALYZE");
    }

    @AfterAll
    static void stop() {
        local.close();
    }

    @Test
    void percentiles_are_those_of_a_known_distribution() {
        // Nine of ten calls sleep 5 ms, one of ten 40 ms: the median belongs to the first, p95 and p99 to the second.
        LoadResult result =
                run("""
                -- request: sleepy
                -- sample s: SELECT CASE WHEN i = 1 THEN 0.040 ELSE 0.005 END FROM generate_series(1, 10) i
                SELECT pg_sleep(:s);
                """, SHORT.withConnections(4).withDuration(Duration.ofMillis(200), Duration.ofSeconds(3)));

        LoadResult.Latency latency = result.total().latency();
        assertThat(latency.min()).isGreaterThanOrEqualTo(5);
        assertThat(latency.p50()).isBetween(5.0, 39.9);
        assertThat(latency.p95()).isGreaterThanOrEqualTo(40);
        assertThat(latency.p99()).isGreaterThanOrEqualTo(latency.p95());
        assertThat(latency.max()).isGreaterThanOrEqualTo(latency.p99());
        // Mean sleep 8.5 ms on 4 connections: about 471 a second at most, more only as far as chance draws fewer
        // long ones (standard deviation 16); and each took its time.
        assertThat(result.total().perSecond()).isBetween(1.0, 471.0 + 8 * 16);
        assertThat(result.total().perSecond() * latency.mean() / 1000).isBetween(3.0, 4.1);
        assertThat(result.total().count()).isEqualTo(Math.round(result.total().perSecond() * result.seconds()));
    }

    @Test
    void the_result_carries_what_was_measured_and_under_what_conditions(@TempDir Path folder) {
        LoadResult result = run("""
                -- request: by key
                -- weight: 3
                -- sample id: SELECT id FROM orders
                SELECT * FROM orders WHERE id = :id;
                -- request: whole table
                SELECT count(*) FROM orders WHERE note <> '?';
                """, SHORT);

        LoadResult.Request byKey = result.requests().get(0);
        LoadResult.Request wholeTable = result.requests().get(1);
        assertThat(byKey.name()).isEqualTo("by key");
        assertThat(result.total().count())
                .isEqualTo(byKey.count() + wholeTable.count())
                .isPositive();
        assertThat((double) byKey.count() / result.total().count()).isCloseTo(0.75, within(0.1));
        assertThat(result.slicesOfTotal().stream()
                        .mapToLong(s -> s.getTotalCount())
                        .sum())
                .isEqualTo(result.total().count());
        assertThat(result.perSecondSeries()).hasSize(10);
        assertThat(result.sliceSeconds()).isEqualTo(0.1);
        assertThat(result.startedAt()).isEqualTo(CLOCK.instant());
        assertThat(result.serverVersion()).startsWith("18");
        assertThat(result.settings()).containsKeys("shared_buffers", "work_mem", "fsync");
        assertThat(result.client().cpuSeconds()).isPositive();
        // One scan per request, warm-up included: what was counted after the warm-up cannot be more.
        assertThat(result.database().indexScans()).isGreaterThanOrEqualTo(byKey.count());
        assertThat(result.database().sequentialScans()).isGreaterThanOrEqualTo(wholeTable.count());
        assertThat(result.database().sequentialScanShare()).isCloseTo(0.25, within(0.1));
        assertThat(result.database().tableBytes()).isGreaterThan(8192);

        Path file = folder.resolve("before.json");
        result.save(file);
        assertThat(LoadResult.load(file)).isEqualTo(result);
    }

    @Test
    void warm_up_is_discarded() {
        execute("TRUNCATE log");
        LoadResult result = run(
                "INSERT INTO log (what) SELECT 'x' FROM pg_sleep(0.01)",
                SHORT.withConnections(1)
                        .withWritesAllowed()
                        .withDuration(Duration.ofSeconds(1), Duration.ofSeconds(1)));

        long all = count("SELECT count(*) FROM log");
        assertThat(result.total().count()).isPositive().isLessThan(all);
        // As much time before as during: about half of all requests, and no more than 100 a second.
        assertThat((double) result.total().count() / all).isCloseTo(0.5, within(0.25));
        assertThat(result.total().count()).isLessThanOrEqualTo(100);
    }

    @Test
    void errors_are_counted_by_sqlstate_with_an_example_and_not_as_latency() {
        LoadResult result = run("""
                -- request: divides
                -- sample d: VALUES (0), (0), (1)
                SELECT 1 / :d::int FROM pg_sleep(0.001);
                -- request: missing
                BEGIN;
                SELECT * FROM no_such_table;
                COMMIT;
                -- request: slow
                -- weight: 0.1
                SELECT pg_sleep(10);
                -- request: fine
                SELECT 1;
                """, SHORT.withStatementTimeout(Duration.ofMillis(100)));

        LoadResult.Request divides = result.requests().get(0);
        assertThat(divides.errors()).containsOnlyKeys("22012");
        assertThat(divides.errors().get("22012").example()).contains("division by zero");
        assertThat(divides.errorShare()).isCloseTo(0.667, within(0.2));
        assertThat(result.requests().get(1).errors()).containsOnlyKeys("42P01");
        assertThat(result.requests().get(1).count()).isZero();
        assertThat(result.requests().get(1).latency().max()).isZero();
        assertThat(result.requests().get(2).errors()).containsOnlyKeys("57014");
        assertThat(result.requests().get(3).errors()).isEmpty();
        assertThat(result.total().errors()).containsOnlyKeys("22012", "42P01", "57014");
        assertThat(result.total().count())
                .isEqualTo(divides.count() + result.requests().get(3).count());
    }

    @Test
    void equal_seeds_send_the_same_sequence_on_each_connection_and_others_another() {
        List<String> first = sequence(7);
        assertThat(first).hasSizeGreaterThan(30);
        List<String> again = sequence(7);
        int both = Math.min(first.size(), again.size());
        assertThat(again.subList(0, both)).isEqualTo(first.subList(0, both));
        assertThat(sequence(8).subList(0, 20)).isNotEqualTo(first.subList(0, 20));
    }

    private static List<String> sequence(long seed) {
        execute("TRUNCATE log");
        run("""
                -- request: a
                -- sample n: SELECT generate_series(1, 1000)
                INSERT INTO log (what) VALUES ('a' || :n);
                -- request: b
                INSERT INTO log (what) VALUES ('b');
                """, SHORT.withConnections(1).withWritesAllowed().withSeed(seed));
        try (Server server = Server.connect(local.address("postgres"))) {
            return server.handle()
                    .createQuery("SELECT what FROM log ORDER BY id")
                    .mapTo(String.class)
                    .list();
        }
    }

    @Test
    void a_script_that_writes_is_refused_unless_allowed() {
        long before = count("SELECT count(*) FROM log");
        for (String script : List.of(
                "INSERT INTO log (what) VALUES ('x')",
                "BEGIN READ  WRITE; INSERT INTO log (what) VALUES ('x'); COMMIT",
                "SET default_transaction_read_only = off; INSERT INTO log (what) VALUES ('x')")) {
            assertThatThrownBy(() -> run(script, SHORT)).isInstanceOfSatisfying(HoneException.class, e -> {
                assertThat(e.kind()).isEqualTo(HoneException.Kind.REFUSED);
                assertThat(e.getMessage()).startsWith("Request 'statement ");
                assertThat(e.advice()).contains("--allow-writes");
            });
        }
        assertThat(count("SELECT count(*) FROM log")).isEqualTo(before);
    }

    @Test
    void words_that_only_look_like_leave_to_write_are_no_trouble() {
        assertThat(run("SELECT 'read write' AS set", SHORT).total().count()).isPositive();
    }

    @Test
    void version_15_is_measured_too() {
        Optional<Installation> debian = Installation.local(15);
        assumeTrue(debian.isPresent() || "true".equals(System.getenv("HONE_REQUIRE_REAL")));
        try (LocalServer older = LocalServer.start(debian.orElseThrow(), Map.of())) {
            try (Server server = Server.connect(older.address("postgres"))) {
                server.handle()
                        .execute("CREATE TABLE \"Or\"\"ders\" AS SELECT i AS id FROM generate_series(1, 1000) i");
            }
            LoadResult result = Load.run(
                    older.address("postgres"),
                    ScriptParser.parse(
                            "w.sql",
                            "-- sample id: SELECT id FROM \"Or\"\"ders\"\nSELECT * FROM \"Or\"\"ders\" WHERE id = :id"),
                    SHORT,
                    CLOCK,
                    Progress.NONE);
            assertThat(result.total().errors()).isEmpty();
            assertThat(result.serverVersion()).startsWith("15");
            assertThat(result.database().sequentialScans())
                    .isGreaterThanOrEqualTo(result.total().count());
            assertThat(result.database().sequentialScanShare()).isEqualTo(1);
        }
    }

    @Test
    void a_sample_without_rows_is_refused() {
        assertThatThrownBy(() -> run("-- sample id: SELECT id FROM orders WHERE false\nSELECT :id", SHORT))
                .isInstanceOf(HoneException.class)
                .hasMessageContaining("the sample of :id of request 'statement 1' returned no row");
    }

    @Test
    void values_and_operators_of_every_kind_arrive() {
        execute(
                "CREATE TABLE kinds AS SELECT NULL::int AS i, '{\"a''?\": 1}'::jsonb AS j, 'it''s \\ ünï'::text AS t,"
                        + " ARRAY['x,y', NULL] AS a, '\\x00ff'::bytea AS b, '2026-01-01 12:00:00.123456+02'::timestamptz AS at");
        LoadResult result = run("""
                -- sample i, j, t, a, b, at: SELECT * FROM kinds
                SELECT 1 / count(*) FROM kinds WHERE i IS NOT DISTINCT FROM :i AND j = :j AND j ? 'a''?' AND t = :t
                   AND a = :a AND b = :b AND at = :at;
                """, SHORT);

        assertThat(result.total().errors()).isEmpty();
        assertThat(result.total().count()).isPositive();
    }

    @Test
    void a_server_that_goes_away_ends_the_run_with_a_clear_message() throws Exception {
        try (LocalServer doomed = LocalServer.start(Installation.embedded(), Map.of())) {
            CompletableFuture<Void> measuring = new CompletableFuture<>();
            Progress whenMeasuring = (label, total) -> {
                if (label.equals("Measuring")) {
                    measuring.complete(null);
                }
                return (done, detail) -> {};
            };
            CompletableFuture<LoadResult> load = CompletableFuture.supplyAsync(() -> Load.run(
                    doomed.address("postgres"),
                    ScriptParser.parse("w.sql", "SELECT 1"),
                    SHORT.withDuration(Duration.ZERO, Duration.ofMinutes(10)),
                    CLOCK,
                    whenMeasuring));
            measuring.join();
            doomed.stop(LocalServer.StopMode.IMMEDIATE);
            assertThatThrownBy(load::join)
                    .isInstanceOf(CompletionException.class)
                    .cause()
                    .isInstanceOfSatisfying(HoneException.class, e -> {
                        assertThat(e.kind()).isEqualTo(HoneException.Kind.UNREACHABLE);
                        assertThat(e.getMessage()).startsWith("The load lost a connection to postgres://");
                    });
        }
    }

    @Test
    void progress_names_each_part_and_stays_within_its_total() {
        Map<String, Long> totals = new ConcurrentHashMap<>();
        Progress progress = (label, total) -> {
            totals.put(label, total);
            return (done, detail) -> assertThat(done).isBetween(0L, total);
        };
        Load.run(
                local.address("postgres"),
                ScriptParser.parse("w.sql", "SELECT 1"),
                SHORT.withDuration(Duration.ofMillis(600), Duration.ofSeconds(1)),
                CLOCK,
                progress);
        assertThat(totals)
                .containsOnly(
                        Map.entry("Opening connections", 4L),
                        Map.entry("Warming up", 600L),
                        Map.entry("Measuring", 1000L));
    }

    @Test
    void a_file_that_is_no_result_is_refused(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("x.json");
        for (String text : List.of("", "[]", "{\"format\": 1}", "not json")) {
            Files.writeString(file, text);
            assertThatThrownBy(() -> LoadResult.load(file))
                    .isInstanceOf(HoneException.class)
                    .hasMessageContaining("is not a result of hone bench");
        }
        Files.writeString(file, "{\"format\": 99, \"sliceSeconds\": 1}");
        assertThatThrownBy(() -> LoadResult.load(file)).hasMessageContaining("has format 99");
        assertThatThrownBy(() -> LoadResult.load(folder.resolve("none.json"))).hasMessageContaining("Cannot read");
    }

    private static LoadResult run(String script, LoadOptions options) {
        return Load.run(local.address("postgres"), ScriptParser.parse("w.sql", script), options, CLOCK, Progress.NONE);
    }

    private static void execute(String sql) {
        try (Server server = Server.connect(local.address("postgres"))) {
            server.handle().execute(sql);
        }
    }

    private static long count(String sql) {
        try (Server server = Server.connect(local.address("postgres"))) {
            return server.handle().createQuery(sql).mapTo(Long.class).one();
        }
    }
}
