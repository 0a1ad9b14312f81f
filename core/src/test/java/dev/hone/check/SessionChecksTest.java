package dev.hone.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.check.Patient.Database;
import dev.hone.postgres.Server;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(300)
@ParameterizedClass
@ValueSource(ints = {18, 15})
class SessionChecksTest {

    private static Patient patient;

    @Parameter
    int major;

    @AfterParameterizedClassInvocation
    static void stop() {
        patient.close();
    }

    private static List<String> subjects(List<Finding> findings) {
        return findings.stream().map(Finding::subject).toList();
    }

    @BeforeParameterizedClassInvocation
    static void start(int major) {
        patient = Patient.start(
                major,
                Map.of(
                        "max_connections",
                        "13",
                        "superuser_reserved_connections",
                        "3",
                        "max_wal_size",
                        "32MB",
                        "checkpoint_timeout",
                        "1h"));
    }

    @Test
    void a_session_idle_in_a_transaction_is_found_and_its_password_is_not_told() throws SQLException {
        Database database = patient.database();
        try (Connection session = Server.open(database.address(), "forgetful \"app\"")) {
            session.setAutoCommit(false);
            session.createStatement().execute("SELECT 'password = hidden'");
            assertThat(database.findings("idle-in-transaction"))
                    .as("a moment is no finding")
                    .isEmpty();

            assertThat(database.findings("idle-in-transaction", "interval '1 minute'", "interval '0'"))
                    .singleElement()
                    .satisfies(finding -> {
                        assertThat(finding.severity()).isEqualTo(Severity.INFO);
                        assertThat(finding.summary()).contains("forgetful \"app\"");
                        assertThat(finding.toString()).doesNotContain("hidden");
                    });
            assertThat(database.findings("long-transaction", "interval '5 minutes'", "interval '0'"))
                    .as("it is idle, not long")
                    .isEmpty();
        }
        database.settle();
    }

    @Test
    void a_long_transaction_is_found() throws Exception {
        Database database = patient.database();
        try (Connection busy = Server.open(database.address(), "report")) {
            CompletableFuture<?> work = inBackground(busy, "SELECT pg_sleep(600)");
            awaitRow(database, "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
            assertThat(database.findings("long-transaction")).isEmpty();
            List<Finding> findings = database.findings("long-transaction", "interval '5 minutes'", "interval '0'");
            assertThat(findings).singleElement().satisfies(finding -> {
                assertThat(finding.summary()).contains("report");
                assertThat(finding.evidence()).containsEntry("query_start", "SELECT pg_sleep(600)");
            });
            database.run(findings.getFirst().sql().getFirst());
            work.get(60, TimeUnit.SECONDS);
        }
    }

    @Test
    void the_session_at_the_head_of_a_queue_for_a_lock_is_named() throws Exception {
        Database database = patient.database().run("CREATE TABLE t (a int)");
        try (Connection holder = Server.open(database.address(), "migration");
                Connection first = Server.open(database.address(), "first");
                Connection second = Server.open(database.address(), "second")) {
            holder.setAutoCommit(false);
            holder.createStatement().execute("SELECT count(*) FROM t");
            CompletableFuture<?> alter = inBackground(first, "ALTER TABLE t ADD COLUMN b int");
            awaitRow(database, "SELECT 1 FROM pg_locks WHERE NOT granted HAVING count(*) = 1");
            CompletableFuture<?> select = inBackground(second, "SELECT count(*) FROM t");
            awaitRow(database, "SELECT 1 FROM pg_locks WHERE NOT granted HAVING count(*) = 2");

            assertThat(database.findings("blocked-sessions"))
                    .as("ten seconds are patience")
                    .isEmpty();
            assertThat(database.findings("blocked-sessions", "interval '10 seconds'", "interval '0'"))
                    .singleElement()
                    .satisfies(finding -> {
                        assertThat(finding.severity()).isEqualTo(Severity.WARNING);
                        assertThat(finding.summary())
                                .contains("migration", "idle in transaction", "blocks 2 session(s)");
                    });
            holder.rollback();
            CompletableFuture.allOf(alter, select).get(60, TimeUnit.SECONDS);
        }
        assertThat(database.findings("blocked-sessions", "interval '10 seconds'", "interval '0'"))
                .isEmpty();
    }

    @Test
    void connections_near_the_limit_are_found() throws SQLException {
        Database database = patient.database();
        assertThat(database.findings("connection-limit")).isEmpty();
        List<Connection> taken = new ArrayList<>();
        try {
            for (int i = 0; i < 8; i++) {
                taken.add(Server.open(database.address(), "client"));
            }
            assertThat(database.findings("connection-limit"))
                    .singleElement()
                    .satisfies(finding -> assertThat(finding.summary()).isEqualTo("9 of 10 connections are taken"));
        } finally {
            for (Connection connection : taken) {
                connection.close();
            }
        }
    }

    @Test
    void a_slot_that_nobody_reads_is_found_when_it_keeps_more_log_than_wanted() {
        Database database = patient.database()
                .run("SELECT pg_create_physical_replication_slot('standby_2', true)", "CREATE TABLE t (a int)");
        assertThat(database.findings("inactive-slot")).isEmpty();
        for (int i = 0; i < 3; i++) {
            database.run("INSERT INTO t VALUES (1)", "SELECT pg_switch_wal()");
        }
        List<Finding> findings = database.findings("inactive-slot");
        assertThat(findings).singleElement().satisfies(finding -> {
            assertThat(finding.subject()).isEqualTo("standby_2");
            assertThat(finding.summary()).contains("physical slot standby_2");
        });
        database.run(findings.getFirst().sql().getFirst());
        assertThat(database.findings("inactive-slot")).isEmpty();
    }

    @Test
    void checkpoints_that_come_early_are_found() {
        Database database = patient.database();
        assertThat(database.findings("forced-checkpoints")).isEmpty();
        database.run("CREATE TABLE t (a int)");
        for (int i = 0; i < 12; i++) {
            database.run("INSERT INTO t VALUES (1)", "CHECKPOINT");
        }
        awaitRow(
                database,
                major >= 17
                        ? "SELECT 1 FROM pg_stat_checkpointer WHERE num_requested >= 12"
                        : "SELECT 1 FROM pg_stat_bgwriter WHERE checkpoints_req >= 12");
        assertThat(subjects(database.findings("forced-checkpoints"))).containsExactly("max_wal_size");
    }

    @Test
    void a_role_that_may_not_see_other_sessions_is_blind_and_never_sees_green() throws SQLException {
        Database database = patient.database()
                .run(
                        "CREATE ROLE \"poor one\" LOGIN PASSWORD 'pw'",
                        "CREATE ROLE monitor LOGIN PASSWORD 'pw' IN ROLE pg_monitor",
                        "CREATE TABLE t (id serial)");
        Diagnosis poor = Checks.diagnose(Database.snapshot(
                database.address().withUser("poor one", new dev.hone.postgres.Secret("pw")), query -> query));
        assertThat(poor.lights().stream()
                        .filter(light -> light.state() == Light.State.BLIND)
                        .map(Light::check))
                .containsExactlyInAnyOrder(
                        "integer-overflow",
                        "blocked-sessions",
                        "connection-limit",
                        "xmin-horizon",
                        "long-transaction",
                        "idle-in-transaction");
        assertThat(poor.light("long-transaction").orElseThrow().blindness())
                .isEqualTo("Other roles' sessions are hidden: GRANT pg_read_all_stats TO \"poor one\"");
        assertThat(poor.light("integer-overflow").orElseThrow().blindness())
                .isEqualTo("1 sequence(s) that this role may not read, such as public.t_id_seq:"
                        + " GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO \"poor one\"");

        Diagnosis monitor = Checks.diagnose(Database.snapshot(
                database.address().withUser("monitor", new dev.hone.postgres.Secret("pw")), query -> query));
        assertThat(monitor.lights().stream()
                        .filter(light -> light.state() == Light.State.BLIND)
                        .map(Light::check))
                .containsExactly("integer-overflow");
    }

    /** On a thread of its own: the common pool may have one only. */
    private static CompletableFuture<?> inBackground(Connection connection, String statement) {
        return CompletableFuture.runAsync(
                () -> executeUntilCancelled(connection, statement), Thread::startVirtualThread);
    }

    private static void executeUntilCancelled(Connection connection, String statement) {
        try {
            connection.createStatement().execute(statement);
        } catch (SQLException cancelled) {
            assertThat(cancelled.getSQLState()).isEqualTo("57014");
        }
    }

    private static void awaitRow(Database database, String query) {
        try (Server server = database.connect()) {
            while (server.handle()
                    .createQuery(query)
                    .mapTo(Integer.class)
                    .findOne()
                    .isEmpty()) {
                Thread.onSpinWait();
            }
        }
    }
}
