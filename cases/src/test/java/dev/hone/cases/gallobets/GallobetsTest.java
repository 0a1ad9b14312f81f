package dev.hone.cases.gallobets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.measure.Metric;
import dev.hone.measure.Target;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.Sql;
import dev.hone.workload.SampleValues;
import dev.hone.workload.Script;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class GallobetsTest {

    private static final double SCALE = 0.02;
    private static final Gallobets CASE = new Gallobets();
    private static final Map<String, Long> REPORTED = new ConcurrentHashMap<>();

    private static LocalServer local;
    private static ServerAddress address;

    @BeforeAll
    static void create() {
        local = LocalServer.start(Installation.embedded(), CASE.serverSettings());
        address = database("one");
        CASE.create(
                address,
                SCALE,
                (label, total) -> (done, detail) -> REPORTED.merge(label, done * 1_000_000 / total, Math::max));
    }

    @AfterAll
    static void stop() {
        local.close();
    }

    @Test
    void same_scale_gives_the_same_rows() {
        ServerAddress other = database("again");
        CASE.create(other, SCALE, Progress.NONE);
        assertThat(checksums(other)).isEqualTo(checksums(address));
    }

    @Test
    void row_counts_follow_the_scale() {
        ServerAddress half = database("half");
        CASE.create(half, SCALE / 2, Progress.NONE);
        assertThat(number(address, "SELECT count(*) FROM bets")).isEqualTo(20_000);
        assertThat(number(half, "SELECT count(*) FROM bets")).isEqualTo(10_000);
        assertThat(number(address, "SELECT count(*) FROM transactions")).isEqualTo(24_000);
        assertThat(number(address, "SELECT count(*) FROM wallets"))
                .isEqualTo(number(address, "SELECT count(*) FROM users"));
        assertThat(number(address, "SELECT count(*) FROM fights"))
                .isGreaterThan(number(half, "SELECT count(*) FROM fights") * 3 / 2);
    }

    @Test
    void scale_one_has_a_million_bets() {
        assertThat(new Season(1).bets).isGreaterThanOrEqualTo(1_000_000);
    }

    @Test
    void progress_ends_at_the_total() {
        assertThat(REPORTED).containsOnlyKeys("Loading rows", "Keys and statistics");
        assertThat(REPORTED.values()).containsOnly(1_000_000L);
    }

    @Test
    void every_table_has_its_primary_key_and_references_that_hold() {
        assertThat(number(address, """
                        SELECT count(*) FROM pg_class c
                        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
                          AND NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = c.oid AND contype = 'p')""")).isZero();
        assertThat(number(address, "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND convalidated"))
                .isEqualTo(11);
        assertThat(number(address, "SELECT count(*) FROM pg_constraint WHERE NOT convalidated"))
                .isZero();
    }

    @Test
    void no_index_but_those_of_constraints() {
        assertThat(number(address, """
                        SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
                        WHERE c.relnamespace = 'public'::regnamespace
                          AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid AND contype IN ('p', 'u'))""")).isZero();
    }

    @Test
    void case_holds_nothing_about_indexes() throws IOException, URISyntaxException {
        Path resources = Path.of(Objects.requireNonNull(Gallobets.class.getResource("schema.sql"))
                        .toURI())
                .getParent();
        try (Stream<Path> files =
                Files.list(resources).filter(file -> file.toString().endsWith(".sql"))) {
            assertThat(files)
                    .hasSize(4)
                    .allSatisfy(file -> assertThat(Files.readString(file)).doesNotContainIgnoringCase("index"));
        }
    }

    @Test
    void rows_of_different_tables_agree() {
        assertThat(number(address, """
                        SELECT count(*) FROM bets b JOIN fights f ON f.id = b.fight_id
                        WHERE b.status IN ('pending', 'active') AND f.status IN ('completed', 'cancelled')""")).isZero();
        assertThat(number(address, """
                        SELECT count(*) FROM bets c JOIN bets p ON p.id = c.parent_bet_id
                        WHERE c.fight_id <> p.fight_id OR c.created_at < p.created_at""")).isZero();
        assertThat(number(address, """
                        SELECT count(*) FROM event_connections c JOIN events e ON e.id = c.event_id
                        WHERE c.disconnected_at IS NULL AND e.status <> 'in-progress'""")).isZero();
        assertThat(number(
                        address,
                        "SELECT count(*) FROM (SELECT event_id, number FROM fights GROUP BY 1, 2) unique_ones"))
                .isEqualTo(number(address, "SELECT count(*) FROM fights"));
        assertThat(number(address, """
                        SELECT count(*) FROM
                        (SELECT created_at < lag(created_at) OVER (ORDER BY id) AS back FROM bets) ordered WHERE back""")).isZero();
    }

    @Test
    void data_are_skewed_as_in_life() {
        long bets = number(address, "SELECT count(*) FROM bets");
        assertThat(number(address, """
                        SELECT sum(n) FROM
                        (SELECT count(*) AS n FROM bets GROUP BY user_id ORDER BY n DESC LIMIT 100) busiest"""))
                .as("bets of the busiest tenth of users")
                .isGreaterThan(bets / 4);
        assertThat(number(address, """
                        SELECT count(*) FROM bets WHERE fight_id > (SELECT max(fight_id) * 3 / 4 FROM bets)"""))
                .as("bets on the latest quarter of fights")
                .isGreaterThan(bets * 2 / 5);
        assertThat(number(address, "SELECT count(*) FROM bets WHERE status = 'completed'"))
                .isGreaterThan(bets * 3 / 4);
        assertThat(number(address, "SELECT count(*) FROM bets WHERE status = 'pending'"))
                .isBetween(bets / 1000, bets / 30);
        assertThat(number(address, "SELECT count(*) FROM bets WHERE parent_bet_id IS NOT NULL"))
                .isBetween(bets / 50, bets / 12);
        assertThat(number(address, "SELECT count(*) FROM event_connections WHERE disconnected_at IS NULL"))
                .isBetween(1L, number(address, "SELECT count(*) FROM event_connections") / 20);
        assertThat(number(address, "SELECT count(*) FROM events WHERE status = 'in-progress'"))
                .isEqualTo(3);
    }

    @Test
    void statistics_are_up_to_date_and_rows_frozen() {
        assertThat(number(address, """
                        SELECT count(*) FROM pg_class
                        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
                          AND reltuples > 0 AND relallvisible = relpages""")).isEqualTo(8);
        assertThat(number(address, "SELECT count(DISTINCT tablename) FROM pg_stats WHERE schemaname = 'public'"))
                .isEqualTo(8);
    }

    @Test
    void new_rows_get_ids_of_their_own() {
        assertThat(number(address, """
                        SELECT count(*) FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NULL""")).isZero();
        assertThat(number(address, "SELECT nextval('bets_id_seq')")).isGreaterThan(20_000);
    }

    @Test
    void every_statement_of_the_workload_runs_with_its_sampled_values() throws SQLException {
        Script script = CASE.script();
        ServerAddress used = database("used");
        CASE.create(used, SCALE, Progress.NONE);
        try (Server server = Server.connect(used);
                Connection connection = Server.open(used, "test")) {
            SampleValues values = SampleValues.read(server, script, Duration.ofSeconds(30));
            for (Script.Request request : script.requests()) {
                Map<String, @Nullable String> row = new HashMap<>();
                for (Script.Sample sample : request.samples()) {
                    List<List<@Nullable String>> rows = values.rows(sample);
                    assertThat(rows).as("values for " + request.name()).hasSizeGreaterThan(2);
                    for (int i = 0; i < sample.parameters().size(); i++) {
                        row.put(sample.parameters().get(i), rows.getFirst().get(i));
                    }
                }
                connection.setAutoCommit(true);
                for (Script.Statement statement : request.statements()) {
                    run(connection, statement, row);
                }
            }
        }
    }

    @Test
    void workload_is_mostly_reads_and_no_request_has_more_than_twelve_statements() {
        List<Script.Request> requests = CASE.script().requests();
        double all = requests.stream().mapToDouble(Script.Request::weight).sum();
        double writes = requests.stream()
                .filter(request ->
                        request.statements().stream().anyMatch(s -> s.sql().matches("(?s)(INSERT|UPDATE|DELETE).*")))
                .mapToDouble(Script.Request::weight)
                .sum();
        assertThat(writes / all).isBetween(0.05, 0.12);
        assertThat(requests)
                .allSatisfy(request -> assertThat(request.statements()).hasSizeLessThanOrEqualTo(12));
        assertThat(requests.stream().map(Script.Request::name))
                .contains("bets list", "events list", "event detail", "fight detail");
    }

    @Test
    void targets_are_those_of_the_case() {
        assertThat(CASE.targets())
                .contains(Target.below(Metric.P95, 500), Target.above(Metric.REQUESTS_PER_SECOND, 100))
                .extracting(Target::metric)
                .doesNotHaveDuplicates()
                .contains(
                        Metric.SEQUENTIAL_SCAN_SHARE,
                        Metric.INDEX_USE_SHARE,
                        Metric.STORAGE_OVERHEAD,
                        Metric.P95_RATIO);
    }

    @Test
    void filled_database_is_refused_and_left_as_it_is() {
        Map<String, String> before = checksums(address);
        assertThatThrownBy(() -> CASE.create(address, SCALE, Progress.NONE))
                .isInstanceOfSatisfying(
                        HoneException.class, e -> assertThat(e.kind()).isEqualTo(HoneException.Kind.REFUSED));
        assertThat(checksums(address)).isEqualTo(before);
    }

    @Test
    void impossible_scale_is_a_usage_error() {
        for (double scale : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatThrownBy(() -> CASE.create(address, scale, Progress.NONE))
                    .isInstanceOfSatisfying(
                            HoneException.class, e -> assertThat(e.kind()).isEqualTo(HoneException.Kind.USAGE));
        }
    }

    private static void run(Connection connection, Script.Statement statement, Map<String, @Nullable String> row)
            throws SQLException {
        String sql = statement.sql().replaceAll("\\$\\d+", "?");
        try (PreparedStatement prepared = connection.prepareStatement(sql)) {
            for (int i = 0; i < statement.parameters().size(); i++) {
                prepared.setObject(i + 1, row.get(statement.parameters().get(i)), Types.OTHER);
            }
            prepared.execute();
        }
    }

    private static ServerAddress database(String name) {
        try (Server server = Server.connect(local.address("postgres"))) {
            server.handle().execute("CREATE DATABASE " + Sql.identifier(name));
        }
        return local.address(name);
    }

    private static long number(ServerAddress database, String sql) {
        try (Server server = Server.connect(database)) {
            return server.handle().createQuery(sql).mapTo(Long.class).one();
        }
    }

    /** Count and hash of the rows of each table. */
    private static Map<String, String> checksums(ServerAddress database) {
        Map<String, String> sums = new HashMap<>();
        try (Server server = Server.connect(database)) {
            for (String table : List.of(
                    "bets", "events", "event_connections", "fights", "transactions", "users", "venues", "wallets")) {
                sums.put(
                        table,
                        server.handle()
                                .createQuery("SELECT count(*) || ':' || sum(hashtextextended(t::text, 0)) FROM " + table
                                        + " t")
                                .mapTo(String.class)
                                .one());
            }
        }
        return sums;
    }
}
