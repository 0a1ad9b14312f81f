package dev.hone.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.check.Patient.Database;
import dev.hone.postgres.Server;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
class VacuumChecksTest {

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
        patient = Patient.start(major, Map.of("max_prepared_transactions", "5", "wal_level", "logical"));
    }

    @Test
    void a_table_never_analyzed_and_one_changed_since_have_stale_statistics() {
        Database database = patient.database()
                .run(
                        "CREATE SCHEMA \"S s\"",
                        "CREATE TABLE \"S s\".\"Never\" AS SELECT i FROM generate_series(1, 5000) i",
                        "CREATE TABLE changed AS SELECT i FROM generate_series(1, 5000) i",
                        "CREATE TABLE changed_a_little AS SELECT i FROM generate_series(1, 5000) i",
                        "CREATE TABLE tolerant (i int) WITH (autovacuum_analyze_scale_factor = 1)",
                        "INSERT INTO tolerant SELECT generate_series(1, 5000)",
                        "CREATE TABLE strict (i int) WITH (autovacuum_analyze_scale_factor = 0.01)",
                        "INSERT INTO strict SELECT generate_series(1, 50000)",
                        "CREATE TABLE nobody_cares (i int) WITH (autovacuum_enabled = off)",
                        "INSERT INTO nobody_cares SELECT generate_series(1, 5000)")
                // In a session of its own: what an earlier statement changed is counted when its session tells.
                .run(
                        "CREATE TABLE small AS SELECT 1 AS i",
                        "CREATE TABLE empty (i int)",
                        "ANALYZE changed, changed_a_little, tolerant, strict, nobody_cares",
                        "UPDATE changed SET i = i WHERE i <= 2000",
                        "UPDATE changed_a_little SET i = i WHERE i <= 1050",
                        "UPDATE tolerant SET i = i",
                        "UPDATE strict SET i = i WHERE i <= 2000",
                        "UPDATE nobody_cares SET i = i WHERE i <= 1200");

        List<Finding> findings = database.findings("stale-statistics");

        assertThat(subjects(findings))
                .containsExactlyInAnyOrder(
                        "\"S s\".\"Never\"", "public.changed", "public.strict", "public.nobody_cares");
        assertThat(findings)
                .filteredOn(finding -> finding.subject().contains("Never"))
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.summary()).contains("never analyzed");
                    assertThat(finding.sql()).containsExactly("ANALYZE \"S s\".\"Never\"");
                });
        assertThat(findings)
                .filteredOn(finding -> finding.subject().contains("nobody"))
                .singleElement()
                .satisfies(finding -> assertThat(finding.summary()).contains("autovacuum is off for it"));
        for (Finding finding : findings) {
            database.run(finding.sql().toArray(String[]::new));
        }
        assertThat(database.findings("stale-statistics")).isEmpty();
    }

    @Test
    void a_partitioned_table_that_only_its_partitions_were_analyzed_of_is_found_once() {
        Database database = patient.database()
                .run(
                        "CREATE TABLE p (k int) PARTITION BY RANGE (k)",
                        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (1000)",
                        "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (1000) TO (10000)",
                        "INSERT INTO p SELECT generate_series(1, 5000)");
        assertThat(database.findings("stale-statistics")).singleElement().satisfies(finding -> {
            assertThat(finding.subject()).isEqualTo("public.p");
            assertThat(finding.summary()).contains("partitions changed");
        });
        database.run("ANALYZE p1", "ANALYZE p2");
        assertThat(database.findings("stale-statistics"))
                .singleElement()
                .satisfies(finding -> assertThat(finding.summary()).contains("partitioned table itself was never"));
        database.run("ANALYZE p");
        assertThat(database.findings("stale-statistics")).isEmpty();
    }

    @Test
    void dead_rows_far_above_what_sets_autovacuum_to_work_are_found() {
        String rows = " AS SELECT i FROM generate_series(1, 50000) i";
        Database database = patient.database()
                .run(
                        "CREATE SCHEMA \"D\"",
                        "CREATE TABLE \"D\".\"Dead\"" + rows,
                        "CREATE TABLE will_come" + rows,
                        "CREATE TABLE strict" + rows,
                        "ALTER TABLE strict SET (autovacuum_vacuum_scale_factor = 0.05)",
                        "CREATE TABLE off" + rows,
                        "ALTER TABLE off SET (autovacuum_enabled = off)",
                        "CREATE TABLE p (i int) PARTITION BY RANGE (i)",
                        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (25001)",
                        "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (25001) TO (60000)",
                        "INSERT INTO p SELECT generate_series(1, 50000)",
                        "ANALYZE",
                        "DELETE FROM \"D\".\"Dead\" WHERE i <= 30000",
                        "DELETE FROM will_come WHERE i <= 15000",
                        "DELETE FROM strict WHERE i <= 12000",
                        "DELETE FROM off WHERE i <= 12000",
                        "DELETE FROM p WHERE i % 2 = 0");

        List<Finding> findings = database.findings("dead-tuples");

        assertThat(subjects(findings))
                .containsExactlyInAnyOrder("\"D\".\"Dead\"", "public.p", "public.off", "public.strict");
        assertThat(findings.get(1).sql())
                .containsExactlyInAnyOrder("VACUUM (ANALYZE) public.p1", "VACUUM (ANALYZE) public.p2");
        for (Finding finding : findings) {
            database.run(finding.sql().toArray(String[]::new));
        }
        assertThat(database.findings("dead-tuples")).isEmpty();

        if (major >= 18) {
            database.run("ALTER TABLE will_come SET (autovacuum_vacuum_max_threshold = 5000)");
            assertThat(subjects(database.findings("dead-tuples"))).containsExactly("public.will_come");
        }
    }

    @Test
    void whatever_holds_back_vacuum_is_named() throws SQLException {
        Database database = patient.database()
                .run(
                        "CREATE TABLE t (a int)",
                        "SELECT pg_create_logical_replication_slot('Quoted'''::text, 'x')"
                                .replace("'Quoted'''::text, 'x'", "'forgotten_slot', 'pgoutput'"));
        try (Connection reader = Server.open(database.address(), "it's a report");
                Connection coordinator = Server.open(database.address(), "coordinator")) {
            reader.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            reader.setAutoCommit(false);
            reader.createStatement().execute("SELECT 1");
            coordinator.createStatement().execute("BEGIN");
            coordinator.createStatement().execute("INSERT INTO t VALUES (1)");
            coordinator.createStatement().execute("PREPARE TRANSACTION 'it''s lost'");
            database.run("INSERT INTO t VALUES (2)", "INSERT INTO t VALUES (3)");

            List<Finding> findings = database.findings("xmin-horizon", "h.age >= 1000000", "h.age >= 1");

            assertThat(findings)
                    .extracting(finding -> finding.evidence().get("kind"))
                    .containsExactlyInAnyOrder("session", "replication slot", "prepared transaction");
            assertThat(findings).anySatisfy(finding -> {
                assertThat(finding.summary()).contains("it's a report", "idle in transaction");
                assertThat(finding.sql().getFirst()).startsWith("SELECT pg_terminate_backend(");
            });
            assertThat(findings)
                    .anySatisfy(finding -> assertThat(finding.sql()).containsExactly("ROLLBACK PREPARED 'it''s lost'"));
            assertThat(database.findings("xmin-horizon"))
                    .as("a few transactions old is nothing")
                    .isEmpty();
        }
        database.run("ROLLBACK PREPARED 'it''s lost'", "SELECT pg_drop_replication_slot('forgotten_slot')");
        assertThat(database.findings("xmin-horizon", "h.age >= 1000000", "h.age >= 1"))
                .isEmpty();
    }

    @Test
    void an_old_frozen_horizon_is_critical_long_before_the_server_stops() throws SQLException {
        Database database = patient.database().run("CREATE TABLE \"Old\" (a int)");
        assertThat(database.findings("transaction-id-age")).isEmpty();
        try (Connection superuser = Server.open(database.address(), "time machine")) {
            superuser.setAutoCommit(false);
            // 1.6 thousand million ids before now, modulo 2^32; taken back below.
            for (String statement : List.of(
                    "UPDATE pg_database SET datfrozenxid = "
                            + "mod(pg_current_xact_id()::text::numeric - 1600000000 + 4294967296, 4294967296)::text::xid,"
                            + " datminmxid = mod(1 - 600000000 + 4294967296, 4294967296)::text::xid"
                            + " WHERE datname = current_database()",
                    "UPDATE pg_class SET relfrozenxid = (SELECT datfrozenxid FROM pg_database"
                            + " WHERE datname = current_database()) WHERE relname = 'Old'")) {
                superuser.createStatement().execute(statement);
            }
            String sql = Checks.queries(new dev.hone.postgres.ServerVersion(major * 10_000)).stream()
                    .filter(query -> query.id().equals("transaction-id-age"))
                    .findFirst()
                    .orElseThrow()
                    .sql();
            List<String> found = new ArrayList<>();
            try (var rows = superuser
                    .createStatement()
                    .executeQuery("SELECT concat_ws('|', severity, kind, sql[1], left_ids > 0) FROM (" + sql + ") q")) {
                while (rows.next()) {
                    found.add(rows.getString(1));
                }
            }
            assertThat(found)
                    .hasSize(2)
                    .anyMatch(row -> row.equals("critical|transaction ids|VACUUM (FREEZE) public.\"Old\"|t"))
                    .anyMatch(row -> row.startsWith("warning|multixact ids|"));
            superuser.rollback();
        }
    }
}
