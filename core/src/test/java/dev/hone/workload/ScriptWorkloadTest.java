package dev.hone.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.HoneException;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ScriptWorkloadTest {

    private static final Duration TIMEOUT = Duration.ofSeconds(2);

    private static LocalServer local;

    @BeforeAll
    static void start() {
        local = LocalServer.start(Installation.embedded(), Map.of());
        try (Server server = Server.connect(local.address("postgres"))) {
            server.handle().execute("CREATE SCHEMA app");
            server.handle().execute("ALTER DATABASE postgres SET search_path TO app");
        }
        try (Server server = Server.connect(local.address("postgres"))) {
            server.handle().execute("CREATE TABLE orders (id int, at timestamptz, note text, body bytea)");
            server.handle()
                    .execute("INSERT INTO orders SELECT i, '2026-01-01Z', NULL, '\\x00ff'"
                            + " FROM generate_series(1, 100) i");
        }
    }

    @AfterAll
    static void stop() {
        local.close();
    }

    @Test
    void queries_carry_the_scaled_weight_of_their_request_and_sampled_values_in_order() {
        Script script = ScriptParser.parse("w.sql", """
                -- request: light
                SELECT 1;
                -- request: heavy
                -- weight: 3
                -- sample id, note: SELECT id, note FROM orders WHERE ':' <> '?' ORDER BY id
                -- sample body: SELECT body FROM orders
                BEGIN;
                (SELECT * FROM orders WHERE note = :note AND id = :id OR body = :body);
                UPDATE orders SET id = :id;
                COMMIT;
                """);
        try (Server server = Server.connect(local.address("postgres"))) {
            Workload workload = script.workload(SampleValues.read(server, script, TIMEOUT));

            assertThat(workload.source()).isEqualTo("w.sql");
            assertThat(workload.queries())
                    .extracting(Workload.Query::id)
                    .containsExactly("heavy #2", "heavy #3", "light");
            assertThat(workload.queries()).extracting(Workload.Query::calls).containsExactly(750.0, 750.0, 250.0);
            assertThat(workload.queries().get(0).samples())
                    .hasSize(20)
                    .contains(Arrays.asList(null, "1", "\\x00ff"), Arrays.asList(null, "96", "\\x00ff"));
            assertThat(workload.queries().get(1).samples()).hasSize(20).contains(List.of("1"), List.of("51"));
            assertThat(workload.queries().get(2).samples()).isEmpty();
        }
    }

    @Test
    void without_a_server_there_are_no_samples() {
        Script script = ScriptParser.parse("w.sql", "-- sample id: SELECT 1\nSELECT * FROM orders WHERE id = :id");
        assertThat(script.workload(SampleValues.none()).queries())
                .singleElement()
                .satisfies(query -> assertThat(query.samples()).isEmpty());
    }

    @Test
    void a_sample_that_fails_writes_or_has_too_many_columns_is_refused() {
        assertRefused("SELECT nothing FROM orders", HoneException.Kind.USAGE, "of request 'r' failed:");
        assertRefused("SELECT id, at FROM orders", HoneException.Kind.USAGE, "returns 2 columns for 1 parameters");
        assertRefused("DELETE FROM orders RETURNING id", HoneException.Kind.REFUSED, "writes");
        assertRefused("SELECT 1 FROM pg_sleep(60)", HoneException.Kind.USAGE, "statement timeout");
    }

    private static void assertRefused(String sample, HoneException.Kind kind, String message) {
        Script script = ScriptParser.parse("w.sql", "-- request: r\n-- sample id: " + sample + "\nSELECT :id");
        try (Server server = Server.connect(local.address("postgres"))) {
            assertThatThrownBy(() -> SampleValues.read(server, script, TIMEOUT))
                    .isInstanceOfSatisfying(HoneException.class, e -> {
                        assertThat(e.kind()).isEqualTo(kind);
                        assertThat(e.getMessage())
                                .startsWith("w.sql: the sample of :id")
                                .contains(message);
                    });
        }
    }
}
