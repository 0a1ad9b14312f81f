package dev.hone.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.change.Change;
import dev.hone.change.CreateIndex;
import dev.hone.change.DeployOptions;
import dev.hone.change.Deployer;
import dev.hone.change.DeploymentRecord;
import dev.hone.change.GuardNote;
import dev.hone.change.Journal;
import dev.hone.change.RunSql;
import dev.hone.change.StepState;
import dev.hone.guard.GuardReport.Verdict;
import dev.hone.postgres.Installed;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.workload.ScriptParser;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Deployments under guard to a server with traffic on it. With {@code -Dhone.guard.matrix=true}, twenty that change nothing. */
class GuardTest {

    private static final int IDLE_CHANGES = Boolean.getBoolean("hone.guard.matrix") ? 20 : 2;

    private static final String EFFORT = "SELECT count(*) FROM generate_series(1, (SELECT n FROM effort)) AS g";
    private static final String OTHER = "SELECT count(*) FROM generate_series(1, (SELECT n FROM other)) AS g";
    private static final String THIRD = "SELECT sum(g) FROM generate_series(1, (SELECT n FROM third)) AS g";
    private static final String BIG = "SELECT count(*) FROM \"Big Table\" WHERE k = 17";

    private static final GuardOptions QUICK = GuardOptions.DEFAULT.withTimes(
            Duration.ofMillis(150), Duration.ofMillis(150 * 6), Duration.ofMillis(150 * 8));

    private static final GuardOptions SHORT =
            QUICK.withTimes(Duration.ofMillis(100), Duration.ofMillis(500), Duration.ofMillis(500));

    private static LocalServer local;
    private static ServerAddress address;
    private static Traffic traffic;
    private static Server witness;

    @BeforeAll
    static void start() {
        local = LocalServer.start(
                Installed.chosen(),
                Map.of("shared_preload_libraries", "pg_stat_statements", "autovacuum", "off", "jit", "off"));
        address = local.address("postgres");
        run(
                "CREATE EXTENSION pg_stat_statements",
                "CREATE TABLE effort (n int)",
                "INSERT INTO effort VALUES (4000)",
                "CREATE TABLE other (n int)",
                "INSERT INTO other VALUES (4000)",
                "CREATE TABLE third (n int)",
                "INSERT INTO third VALUES (3000)",
                "CREATE TABLE \"Big Table\" (k int, pad text)",
                "INSERT INTO \"Big Table\" SELECT i % 1000, 'x' FROM generate_series(1, 20000) i",
                "VACUUM ANALYZE");
        witness = Server.connect(address);
        traffic = new Traffic(address, EFFORT, OTHER, THIRD, BIG);
    }

    @AfterAll
    static void stop() throws Exception {
        traffic.close();
        witness.close();
        local.close();
    }

    private static void run(String... statements) {
        try (Server server = Server.connect(address)) {
            for (String statement : statements) {
                server.handle().execute(statement);
            }
        }
    }

    private static String ask(String query) {
        try (Server server = Server.connect(address)) {
            return server.handle().createQuery(query).mapTo(String.class).one();
        }
    }

    private static DeploymentRecord last() {
        try (Server server = Server.connect(address)) {
            return Journal.read(server).getLast();
        }
    }

    private static GuardResult guard(Change change, List<Promise> promises, Evidence... sources) {
        return guard(change, promises, QUICK, Progress.NONE, sources);
    }

    private static GuardResult guard(
            Change change, List<Promise> promises, GuardOptions options, Progress progress, Evidence... sources) {
        return Guarding.apply(
                address,
                List.of(change),
                promises,
                DeployOptions.DEFAULT,
                options,
                sources.length == 0 ? List.of(Evidence.statements(address)) : List.of(sources),
                progress,
                plan -> {});
    }

    private static void undo() {
        Deployer.undo(address, null, DeployOptions.DEFAULT, Progress.NONE);
    }

    /** On a busy machine the figures may be too uneven to decide: then again, and watching for longer. */
    private static GuardResult decided(Change change, List<Promise> promises) {
        GuardResult result = guard(change, promises);
        for (int windows = 16; result.guard().verdict() == Verdict.INCONCLUSIVE && windows <= 64; windows *= 2) {
            undo();
            result = guard(
                    change,
                    promises,
                    QUICK.withTimes(
                            Duration.ofMillis(150),
                            Duration.ofMillis(150L * windows),
                            Duration.ofMillis(150L * windows)),
                    Progress.NONE);
        }
        return result;
    }

    /** Makes the query on effort take so many times as long. */
    private static RunSql effort(String title, double times) {
        return new RunSql(
                title,
                List.of("UPDATE effort SET n = (4000 * " + times + ")::int"),
                List.of("UPDATE effort SET n = 4000"),
                true);
    }

    @Test
    void a_change_that_slows_one_query_by_thirty_percent_is_taken_back_also_by_a_guard_that_was_ended_meanwhile()
            throws Exception {
        RunSql slow = effort("slow down", 1.3);
        GuardOptions longer =
                QUICK.withTimes(Duration.ofMillis(150), Duration.ofMillis(150 * 8), Duration.ofMillis(150 * 12));
        CountDownLatch watching = new CountDownLatch(1);
        Progress tells = (label, total) -> {
            if (label.equals("Watching")) {
                watching.countDown();
            }
            return (done, detail) -> {};
        };
        CompletableFuture<HoneException> interrupted = new CompletableFuture<>();
        Thread first = Thread.ofPlatform().start(() -> {
            try {
                guard(slow, List.of(), longer, tells);
                interrupted.completeExceptionally(new AssertionError("it came to its end"));
            } catch (HoneException e) {
                interrupted.complete(e);
            }
        });
        watching.await();
        first.interrupt();
        assertThat(interrupted.get().advice()).contains("unguarded", "Run the same command again");
        assertThat(ask("SELECT n FROM effort")).isEqualTo("5200");
        assertThat(last().unguarded()).isTrue();

        GuardResult result = guard(slow, List.of(), longer, Progress.NONE);

        assertThat(result.deployment()).as("it was applied before").isNull();
        if (result.guard().verdict() == Verdict.INCONCLUSIVE) {
            undo();
            result = decided(slow, List.of());
        }
        assertThat(result.guard().verdict()).as(result.toString()).isEqualTo(Verdict.ROLLED_BACK);
        assertThat(result.guard().reasons())
                .singleElement()
                .asString()
                .contains("effort", "mean", "the limit is 1.20×");
        assertThat(result.kept()).isFalse();
        assertThat(ask("SELECT n FROM effort")).isEqualTo("4000");
        DeploymentRecord journaled = last();
        assertThat(journaled.guard().state()).isEqualTo(GuardNote.State.ROLLED_BACK);
        assertThat(journaled.steps().getFirst().state()).isEqualTo(StepState.UNDONE);
        assertThat(journaled.steps().getFirst().details()).contains("guard: taken back", "effort");
    }

    @Test
    void an_undo_that_was_cut_off_or_failed_is_finished_by_the_same_command_and_nothing_is_applied_anew() {
        RunSql harmful = new RunSql(
                "cut off",
                List.of("UPDATE effort SET n = 20000"),
                List.of("UPDATE effort SET n = 4000 / (SELECT count(*) FROM pg_class WHERE relname = 'repaired')"),
                true);
        Progress killed = (label, total) -> {
            if (label.startsWith("undo: ")) {
                throw new IllegalStateException("killed");
            }
            return (done, detail) -> {};
        };
        assertThatThrownBy(() -> guard(harmful, List.of(), QUICK, killed)).hasMessage("killed");
        DeploymentRecord cut = last();
        assertThat(cut.guard().state()).isEqualTo(GuardNote.State.ROLLING_BACK);
        assertThat(cut.steps().getFirst().state()).isEqualTo(StepState.APPLIED);
        assertThat(cut.steps().getFirst().details()).contains("guard: to be taken back: ", "effort");

        GuardResult failed = guard(harmful, List.of());

        assertThat(failed.deployment()).isNull();
        assertThat(failed.kept()).isFalse();
        assertThat(failed.undo().complete()).isFalse();
        assertThat(failed.next())
                .contains("Nothing was applied now", "to be taken back: ")
                .contains("Still there, in whole or in part: step 1 (cut off). Remove the cause and run hone undo "
                        + cut.id());
        assertThat(last().id()).isEqualTo(cut.id());
        assertThat(last().guard().state()).isEqualTo(GuardNote.State.ROLLING_BACK);
        assertThat(ask("SELECT n FROM effort")).isEqualTo("20000");

        run("CREATE TABLE repaired ()");
        GuardNote decided = last().guard();
        GuardResult finished = guard(harmful, List.of());

        assertThat(finished.undo().complete()).isTrue();
        assertThat(finished.kept()).isFalse();
        assertThat(last().guard().state()).isEqualTo(GuardNote.State.ROLLED_BACK);
        assertThat(last().guard().summary()).startsWith("taken back: ");
        assertThat(last().steps().getFirst().details()).contains("guard: taken back: ");

        // Killed when all was taken back, and just that not written yet.
        Deployer.guarded(address, cut.id(), decided);
        GuardResult written = guard(harmful, List.of());
        assertThat(written.undo().complete()).isTrue();
        assertThat(last().id()).isEqualTo(cut.id());
        assertThat(last().guard().state()).isEqualTo(GuardNote.State.ROLLED_BACK);
        assertThat(ask("SELECT n FROM effort")).isEqualTo("4000");
        run("DROP TABLE repaired");
    }

    @Test
    void an_index_that_helps_stays_and_one_that_does_not_is_taken_back() {
        String id = ask("SELECT queryid::text FROM pg_stat_statements WHERE query LIKE '%Big Table%k = %'");
        List<Promise> promises = List.of(new Promise(id, "", 1000));
        CreateIndex useless =
                new CreateIndex("public", "Big Table", "useless", false, "btree", List.of("pad"), List.of(), null);

        GuardResult vain = decided(useless, promises);

        assertThat(vain.guard().reasons()).as(vain.toString()).anyMatch(reason -> reason.startsWith("no benefit"));
        assertThat(ask("SELECT count(*) FROM pg_indexes WHERE indexname = 'useless'"))
                .isEqualTo("0");

        CreateIndex useful =
                new CreateIndex("public", "Big Table", "useful", false, "btree", List.of("k"), List.of(), null);
        GuardResult helped = decided(useful, promises);

        assertThat(helped.guard().verdict()).as(helped.toString()).isEqualTo(Verdict.KEPT);
        assertThat(helped.guard().rows())
                .filteredOn(row -> row.query().equals(id))
                .singleElement()
                .matches(row -> row.change() == GuardReport.Change.FASTER && row.ratio() < 0.6);
        assertThat(helped.guard().rows())
                .filteredOn(row -> row.role() == Role.CONTROL)
                .hasSizeGreaterThanOrEqualTo(3);
        assertThat(last().guard().state()).isEqualTo(GuardNote.State.KEPT);
        assertThat(last().steps().getFirst().details()).contains("guard: kept");

        // Once more there is nothing to do, and nothing to guard.
        GuardResult again = guard(useful, promises);
        assertThat(again.guard()).isNull();
        assertThat(again.next()).contains("nothing to guard");
        run("DROP INDEX useful");
    }

    @Test
    void a_change_that_changes_nothing_is_not_taken_back() {
        List<String> undone = new ArrayList<>();
        for (int i = 0; i < IDLE_CHANGES; i++) {
            GuardResult result = guard(
                    new RunSql(
                            "comment " + i,
                            List.of("COMMENT ON TABLE effort IS '" + i + "'"),
                            List.of("COMMENT ON TABLE effort IS NULL"),
                            true),
                    List.of());
            assertThat(result.guard().rows()).isNotEmpty();
            if (!result.kept()) {
                undone.add(String.join("; ", result.guard().reasons()));
            }
        }
        System.out.println(
                "Guard: " + undone.size() + " of " + IDLE_CHANGES + " changes that change nothing taken back");
        assertThat(undone).isEmpty();
    }

    private static synchronized boolean slowed() {
        return !witness.handle()
                .createQuery("SELECT n FROM effort")
                .mapTo(String.class)
                .one()
                .equals("4000");
    }

    @Test
    void requests_of_a_probe_that_fail_and_an_exhausted_pool_are_reasons() throws Exception {
        run("CREATE TABLE probed (n int)", "INSERT INTO probed VALUES (1)");
        Evidence probe = Evidence.probe(
                address,
                ScriptParser.parse(
                        "probe.sql",
                        "-- request: probed\nSELECT n FROM probed;\n-- request: apart\nSELECT n FROM other;\n"),
                200,
                2,
                false);
        AtomicInteger requests = new AtomicInteger();
        HttpServer http = http("/health", query -> {
            boolean changed =
                    ask("SELECT count(*) FROM pg_attribute WHERE attrelid = 'probed'::regclass AND attname = 'm'")
                            .equals("1");
            return """
                {"requests":%d,"errors":0,"p95_ms":12.5,"pool_active":%d,"pool_size":10,"pool_waiting":%d}""".formatted(requests.addAndGet(500), changed ? 10 : 4, changed ? 7 : 0);
        });
        try {
            URI uri = URI.create("http://localhost:" + http.getAddress().getPort() + "/health");
            GuardResult result = guard(
                    new RunSql(
                            "rename",
                            List.of("ALTER TABLE probed RENAME COLUMN n TO m"),
                            List.of("ALTER TABLE probed RENAME COLUMN m TO n"),
                            true),
                    List.of(),
                    QUICK.withTimes(Duration.ofSeconds(1), Duration.ofSeconds(4), Duration.ofSeconds(4)),
                    Progress.NONE,
                    probe,
                    Evidence.latency(uri, Map.of()));

            assertThat(result.guard().reasons())
                    .as(result.toString())
                    .hasSize(2)
                    .anyMatch(reason -> reason.startsWith("probed: 100.00 % of requests fail, 0.00 % did before"))
                    .anyMatch(reason -> reason.endsWith("/health: connections are exhausted: 10 of 10 in use, 7 wait"));
            assertThat(result.guard().rows())
                    .filteredOn(row -> row.query().equals("apart"))
                    .singleElement()
                    .matches(row -> row.role() == Role.CONTROL && row.figure().equals("p95"))
                    .matches(
                            row -> row.requestsBefore() > 100 && row.requestsBefore() <= 1000, "at the rate asked for");
            assertThat(ask("SELECT n FROM probed")).isEqualTo("1");
        } finally {
            http.stop(0);
        }
    }

    /** What an application, or its Prometheus, says over HTTP. */
    private static HttpServer http(String path, UnaryOperator<String> answer) throws Exception {
        HttpServer http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        http.createContext(path, exchange -> {
            String query =
                    URLDecoder.decode(String.valueOf(exchange.getRequestURI().getRawQuery()), StandardCharsets.UTF_8);
            byte[] bytes = answer.apply(query).getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        http.start();
        return http;
    }

    @Test
    void percentiles_from_prometheus_decide() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        HttpServer http = http("/api/v1/query_range", query -> {
            double p95 = (slowed() ? 0.13 : 0.1) + asked.incrementAndGet() % 5 * 0.0005;
            String value = query.contains("rate(requests") ? "20000" : Double.toString(p95);
            return """
                    {"status":"success","data":{"resultType":"matrix","result":[
                     {"metric":{"__name__":"x","job":"shop"},"values":[[1700000000,"%s"],[1700000001,"%s"],[1700000002,"NaN"]]}]}}""".formatted(value, value);
        });
        try {
            URI uri = URI.create("http://localhost:" + http.getAddress().getPort());
            Evidence source = Evidence.latency(
                    uri,
                    Map.of("p95", "histogram_quantile(0.95, x{job=\"shop\"})", "requests", "sum(rate(requests[1m]))"));

            GuardResult result = guard(effort("slow for users", 1.31), List.of(), SHORT, Progress.NONE, source);

            assertThat(result.guard().reasons())
                    .as(result.toString())
                    .singleElement()
                    .asString()
                    .startsWith("{job=shop}: p95 ");
            assertThat(result.guard().notes()).anyMatch(note -> note.contains("no untouched query was seen"));
            assertThat(slowed()).isFalse();
        } finally {
            http.stop(0);
        }
    }

    @Test
    void a_source_that_does_not_answer_is_said_before_anything_is_done() throws Exception {
        HttpServer http = http("/health", query -> "[]");
        URI uri = URI.create("http://localhost:" + http.getAddress().getPort() + "/health");
        RunSql never = effort("never", 1.33);
        assertThatThrownBy(() -> guard(never, List.of(), SHORT, Progress.NONE, Evidence.latency(uri, Map.of())))
                .hasMessageContaining("its answer is no JSON object");
        http.stop(0);
        assertThatThrownBy(() -> guard(never, List.of(), SHORT, Progress.NONE, Evidence.latency(uri, Map.of())))
                .hasMessageContaining("The latency source " + uri + " cannot be used");
        assertThat(slowed()).isFalse();
        run("CREATE DATABASE uncounted");
        ServerAddress uncounted = address.withDatabase("uncounted");
        assertThatThrownBy(() -> Guarding.apply(
                        uncounted,
                        List.of(new RunSql("x", List.of("CREATE TABLE x ()"), List.of("DROP TABLE x"), true)),
                        List.of(),
                        DeployOptions.DEFAULT,
                        SHORT,
                        List.of(Evidence.statements(uncounted)),
                        Progress.NONE,
                        plan -> {}))
                .hasMessageContaining("There is nothing to guard by")
                .hasMessageContaining("pg_stat_statements is loaded, but not created");
        assertThatThrownBy(() -> Evidence.latency(URI.create("http://me:secret@host/x"), Map.of()))
                .hasMessageContaining("holds a user or a password")
                .hasMessageNotContaining("secret");
        assertThatThrownBy(() -> Evidence.latency(uri, Map.of("p95", "x")))
                .hasMessageContaining("must tell p95 (in seconds) and requests");
    }

    @Test
    void what_cannot_be_taken_back_or_was_begun_without_a_guard_is_refused() {
        assertThatThrownBy(() ->
                        guard(new RunSql("for ever", List.of("UPDATE effort SET n = n"), List.of(), true), List.of()))
                .hasMessageContaining("cannot be taken back, so that no guard could");

        RunSql first = effort("first", 1);
        RunSql fails = new RunSql("fails", List.of("UPDATE effort SET n = 1 / 0"), List.of("SELECT 1"), true);
        List<Change> changes = List.of(first, fails);
        assertThat(Deployer.apply(address, changes, DeployOptions.DEFAULT, Progress.NONE)
                        .complete())
                .isFalse();
        assertThatThrownBy(() -> Guarding.apply(
                        address,
                        changes,
                        List.of(),
                        DeployOptions.DEFAULT,
                        QUICK,
                        List.of(Evidence.statements(address)),
                        Progress.NONE,
                        plan -> {}))
                .hasMessageContaining("was begun without a guard")
                .satisfies(e -> assertThat(((HoneException) e).advice()).contains("hone undo"));
        undo();
    }

    @Test
    void deadlocks_are_judged_where_nobody_can_tell_which_statements_there_were() {
        run("CREATE DATABASE blind");
        for (ServerAddress where : List.of(address.withDatabase("blind"), address)) {
            try (Evidence.Watcher watcher = Evidence.statements(where).open(new Touches(false, Map.of()))) {
                watcher.begin(Duration.ofMillis(1));
                watcher.end();
                assertThat(watcher.queries().get("deadlocks").role())
                        .isEqualTo(where.equals(address) ? Role.APART : Role.UNCLEAR);
            }
        }
    }

    @Test
    void a_window_counts_its_own_calls_also_of_a_statement_that_was_far_behind_many_others() {
        run("CREATE DATABASE many");
        ServerAddress many = address.withDatabase("many");
        String seldom = "SELECT count(*) FROM few, generate_series(1, %d) AS g WHERE n < 0";
        try (Server server = Server.connect(many);
                Evidence.Watcher watcher = Evidence.statements(many).open(new Touches(true, Map.of()))) {
            server.handle().execute("CREATE EXTENSION pg_stat_statements");
            server.handle().execute("CREATE TABLE few (n int)");
            for (int i = 0; i < 40; i++) {
                server.handle().execute(seldom.formatted(1));
            }
            for (int i = 0; i < 520; i++) {
                StringBuilder other = new StringBuilder("SELECT count(*)");
                for (int bit = 0; bit < 10; bit++) {
                    other.append((i >> bit & 1) == 1 ? " + 1" : " - 1");
                }
                server.handle().execute(other + " FROM generate_series(1, 20000)");
            }
            watcher.begin(Duration.ofMillis(1));
            for (int i = 0; i < 3; i++) {
                server.handle().execute("INSERT INTO few SELECT 1 FROM generate_series(1, 1000)");
                server.handle().execute(seldom.formatted(5000));
            }
            Window window = watcher.end();

            String id = watcher.queries().entrySet().stream()
                    .filter(query -> query.getValue().text().startsWith("SELECT count(*) FROM few"))
                    .map(Map.Entry::getKey)
                    .findFirst()
                    .orElseThrow();
            assertThat(window.samples())
                    .filteredOn(sample -> sample.query().equals(id))
                    .singleElement()
                    .matches(sample -> sample.requests() == 3, "three calls");
        }
    }

    @Test
    void what_a_query_has_to_do_with_a_deployment_is_told_by_its_text() {
        run(
                "CREATE TABLE parent (id int PRIMARY KEY)",
                "CREATE TABLE child (id int REFERENCES parent)",
                "CREATE VIEW over_child AS SELECT * FROM child",
                "CREATE VIEW over_view AS SELECT * FROM over_child",
                "CREATE TABLE fires (id int)",
                "CREATE FUNCTION anything() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
                "CREATE TRIGGER t AFTER INSERT ON fires FOR EACH ROW EXECUTE FUNCTION anything()",
                "CREATE INDEX child_idx ON child (id)");
        try (Server server = Server.connect(address)) {
            Touches touches = Touches.of(
                    server, List.of(new RunSql("x", List.of("DROP INDEX child_idx"), List.of("SELECT 1"), true)));
            assertThat(touches.role("SELECT * FROM \"child\" WHERE id = $1")).isEqualTo(Role.TOUCHED);
            assertThat(touches.role("SELECT * FROM Over_View")).isEqualTo(Role.TOUCHED);
            assertThat(touches.role("DELETE FROM parent")).isEqualTo(Role.TOUCHED);
            assertThat(touches.role("SELECT * FROM parent")).isEqualTo(Role.CONTROL);
            assertThat(touches.role("SELECT * FROM parent WHERE note = 'child'"))
                    .isEqualTo(Role.CONTROL);
            assertThat(touches.role("INSERT INTO fires VALUES ($1)")).isEqualTo(Role.UNCLEAR);
            assertThat(touches.role("SELECT anything() FROM parent")).isEqualTo(Role.UNCLEAR);
            assertThat(touches.role("SELECT 1")).isEqualTo(Role.APART);
            assertThat(touches.role(List.of("SELECT * FROM parent", "SELECT * FROM child")))
                    .isEqualTo(Role.TOUCHED);
            assertThat(Touches.of(
                                    server,
                                    List.of(new RunSql(
                                            "x", List.of("SELECT pg_reload_conf()"), List.of("SELECT 1"), true)))
                            .role("SELECT * FROM parent"))
                    .isEqualTo(Role.TOUCHED);
        } finally {
            run("DROP VIEW over_view, over_child", "DROP TABLE child, parent, fires", "DROP FUNCTION anything");
        }
    }
}
