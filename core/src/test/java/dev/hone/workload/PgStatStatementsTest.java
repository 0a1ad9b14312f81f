package dev.hone.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.HoneException;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Secret;
import dev.hone.postgres.Server;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

class PgStatStatementsTest {

    private static final Map<String, String> PRELOADED = Map.of("shared_preload_libraries", "pg_stat_statements");

    @Nested
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    class OnTheEmbeddedServer extends Reading {
        OnTheEmbeddedServer() {
            super(Optional.of(Installation.embedded()));
        }
    }

    @Nested
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    class OnVersion15 extends Reading {
        OnVersion15() {
            super(Installation.local(15));
        }
    }

    abstract static class Reading {

        private final Optional<Installation> installation;
        private LocalServer local;

        @SuppressWarnings("NullAway.Init")
        Reading(Optional<Installation> installation) {
            this.installation = installation;
        }

        @BeforeAll
        void start() throws SQLException {
            assumeTrue(installation.isPresent() || "true".equals(System.getenv("HONE_REQUIRE_REAL")));
            local = LocalServer.start(installation.orElseThrow(), PRELOADED);
            try (Server server = Server.connect(local.address("postgres"))) {
                server.handle().execute("CREATE DATABASE \"Sh\"\"op\"");
                server.handle().execute("CREATE ROLE \"App\"\"1\" LOGIN PASSWORD 'x'");
                server.handle().execute("CREATE ROLE reader LOGIN PASSWORD 'x'");
            }
            try (Server server = Server.connect(local.address("Sh\"op"))) {
                server.handle().execute("CREATE SCHEMA \"odd; \"\"schema\"");
                server.handle().execute("CREATE EXTENSION pg_stat_statements SCHEMA \"odd; \"\"schema\"");
                server.handle().execute("GRANT USAGE ON SCHEMA \"odd; \"\"schema\" TO PUBLIC");
                server.handle().execute("CREATE TABLE public.orders (id int, note text)");
                server.handle().execute("GRANT ALL ON public.orders TO PUBLIC");
                server.handle().execute("INSERT INTO public.orders SELECT i, 'n' FROM generate_series(1, 1000) i");
                server.handle()
                        .createQuery("SELECT \"odd; \"\"schema\".pg_stat_statements_reset()")
                        .mapToMap()
                        .list();
            }
        }

        @AfterAll
        void stop() {
            if (local != null) {
                local.close();
            }
        }

        @Test
        void statements_of_all_roles_are_merged_and_only_planned_ones_kept() throws SQLException {
            for (String role : List.of("App\"1", "postgres")) {
                try (Connection connection = open(role)) {
                    for (int i = 0; i < 3; i++) {
                        try (PreparedStatement statement =
                                connection.prepareStatement("SELECT count(*) FROM orders WHERE id = " + i)) {
                            statement.executeQuery();
                        }
                    }
                    connection.setAutoCommit(false);
                    connection.createStatement().execute("UPDATE orders SET note = 'x' WHERE id = 7");
                    connection.commit();
                    connection.createStatement().execute("SET work_mem = '8MB'");
                    connection.createStatement().execute("/* hone:probe */ SELECT note FROM orders LIMIT 1");
                    connection.commit();
                }
            }

            try (Server server = Server.connect(local.address("Sh\"op"))) {
                PgStatStatements.read(server, 100);
                // Once more: by now Hone's own statements have been counted too.
                PgStatStatements.Reading reading = PgStatStatements.read(server, 100);

                List<Workload.Query> queries = reading.workload().queries().stream()
                        .filter(query -> !query.sql().contains("pg_stat_statements_reset"))
                        .toList();
                assertThat(queries)
                        .extracting(Workload.Query::sql)
                        .containsExactlyInAnyOrder(
                                "SELECT count(*) FROM orders WHERE id = $1",
                                "UPDATE orders SET note = $1 WHERE id = $2");
                assertThat(queries).allSatisfy(query -> {
                    assertThat(query.calls()).isEqualTo(query.sql().startsWith("SELECT") ? 6 : 2);
                    assertThat(query.totalMillis()).isPositive();
                    assertThat(query.id()).matches("-?\\d+");
                });
                assertThat(reading.blindSpots()).isEmpty();
                Instant since = reading.since();
                assertThat(since).isNotNull().isBefore(Instant.now().plusSeconds(5));
                assertThat(reading.workload().source()).isEqualTo("pg_stat_statements since " + since);
                assertThat(PgStatStatements.read(server, 1).workload().queries())
                        .hasSize(1);
            }
        }

        @Test
        void text_of_other_roles_that_stays_hidden_is_a_blind_spot_with_its_grant() throws SQLException {
            try (Connection connection = open("App\"1")) {
                connection.createStatement().execute("SELECT sum(id) FROM orders");
            }
            try (Server server = Server.connect(local.address("Sh\"op").withUser("reader", new Secret("x")))) {
                PgStatStatements.Reading reading = PgStatStatements.read(server, 100);

                assertThat(reading.workload().queries())
                        .extracting(Workload.Query::sql)
                        .doesNotContain("<insufficient privilege>", "SELECT sum(id) FROM orders");
                assertThat(reading.blindSpots()).singleElement().satisfies(spot -> {
                    assertThat(spot.what()).matches("The text of [1-9]\\d* statements of other roles .*");
                    assertThat(spot.cure()).isEqualTo("GRANT pg_read_all_stats TO \"reader\"");
                });
            }
        }

        @Test
        void a_database_without_the_extension_is_told_to_create_it() {
            try (Server server = Server.connect(local.address("postgres"))) {
                assertThatThrownBy(() -> PgStatStatements.read(server, 10))
                        .isInstanceOfSatisfying(HoneException.class, e -> {
                            assertThat(e.getMessage()).contains("is loaded, but not created in");
                            assertThat(e.advice())
                                    .contains("CREATE EXTENSION pg_stat_statements;")
                                    .doesNotContain("shared_preload_libraries");
                        });
            }
        }

        private Connection open(String role) {
            return Server.open(
                    role.equals("postgres")
                            ? local.address("Sh\"op")
                            : local.address("Sh\"op").withUser(role, new Secret("x")),
                    "test");
        }
    }

    @Test
    void a_server_that_does_not_preload_the_library_is_told_to() {
        try (LocalServer plain = LocalServer.start(Installation.embedded(), Map.of("pg_stat_statements.max", "1000"));
                Server server = Server.connect(plain.address("postgres"))) {
            assertThatThrownBy(() -> PgStatStatements.read(server, 10))
                    .isInstanceOfSatisfying(HoneException.class, e -> {
                        assertThat(e.getMessage()).contains("is not loaded by the server");
                        assertThat(e.advice()).contains("shared_preload_libraries", "CREATE EXTENSION");
                    });
            server.handle().execute("CREATE EXTENSION pg_stat_statements");
            assertThatThrownBy(() -> PgStatStatements.read(server, 10))
                    .isInstanceOfSatisfying(
                            HoneException.class,
                            e -> assertThat(e.advice())
                                    .contains("shared_preload_libraries")
                                    .doesNotContain("CREATE EXTENSION"));
        }
    }
}
