package dev.hone.monitoring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Secret;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Maintenance by pg_cron itself: Debian's, on Debian's PostgreSQL 15. */
class PgCronTest {

    private static final Path CONTROL = Path.of("/usr/share/postgresql/15/extension/pg_cron.control");

    private static LocalServer local;
    private static Database database;

    @BeforeAll
    static void start() {
        Installation installation = Installation.local(15)
                .filter(here -> Files.exists(CONTROL))
                .orElseGet(() ->
                        missing("pg_cron for PostgreSQL 15 is not installed: apt-get install postgresql-15-cron"));
        // Jobs run in background workers: a connection of its own would need a password.
        local = LocalServer.start(
                installation,
                Map.of(
                        "shared_preload_libraries", "pg_cron",
                        "cron.database_name", "postgres",
                        "cron.use_background_workers", "on",
                        "max_worker_processes", "20"));
        database = new Database(local.address("postgres"));
        database.run("CREATE EXTENSION pg_cron", "CREATE ROLE tender LOGIN PASSWORD 'secret'");
        MonitoringSchema.install(database.address(), "tender");
    }

    private static Installation missing(String message) {
        if ("true".equals(System.getenv("HONE_REQUIRE_REAL"))) {
            throw new AssertionError(message);
        }
        return abort(message);
    }

    @AfterAll
    static void stop() {
        if (local != null) {
            local.close();
        }
    }

    @BeforeEach
    void forget() {
        database.run(
                "SELECT cron.unschedule(jobid) FROM cron.job", "DELETE FROM performance_monitoring.maintenance_task");
    }

    private static final String JOBS = "SELECT schedule || ': ' || command FROM cron.job ORDER BY jobid";

    private static String schedule(String kind, String target, String more) {
        return "SELECT (performance_monitoring.schedule_maintenance('" + kind + "', '" + target + "', " + more
                + ")).cron_job";
    }

    private static String unschedule(String kind, String target) {
        return "SELECT performance_monitoring.unschedule_maintenance('" + kind + "', '" + target + "')";
    }

    @Test
    void what_is_scheduled_is_a_job_until_it_is_scheduled_anew_or_no_more() {
        database.run("CREATE TABLE logs (at timestamptz) PARTITION BY RANGE (at)");
        Object first = database.ask(schedule("drop_partitions", "logs", "'1 day', '2026-01-01 03:20Z', '1 month'"));
        assertThat(database.all(JOBS))
                .containsExactly(
                        "20 3 * * *: SELECT * FROM performance_monitoring.drop_old_partitions('public.logs', '1 mon', false)");
        assertThat(database.ask("SELECT count(*) FROM performance_monitoring.maintenance_due"))
                .as("pg_cron does it")
                .isEqualTo(0L);

        database.run("ALTER TABLE logs RENAME TO events");
        Object second = database.ask(schedule("drop_partitions", "events", "'7 days', '2026-01-04 03:20Z', '1 year'"));
        assertThat(second).isNotEqualTo(first);
        assertThat(database.all(JOBS))
                .containsExactly(
                        "20 3 * * 0: SELECT * FROM performance_monitoring.drop_old_partitions('public.events', '1 year', false)");

        // No time that pg_cron can write: it falls to the worker.
        assertThat(database.ask(schedule("drop_partitions", "events", "'36 hours', keep => '1 year'")))
                .isNull();
        assertThat(database.all(JOBS)).isEmpty();
        database.ask(schedule("drop_partitions", "events", "'1 month', '2026-01-15 03:20Z', '1 year'"));
        assertThat(database.all(JOBS)).singleElement().asString().startsWith("20 3 15 * *: ");
        assertThat(database.ask(unschedule("drop_partitions", "events"))).isEqualTo(true);
        assertThat(database.all(JOBS)).isEmpty();
        assertThat(database.ask(unschedule("drop_partitions", "events"))).isEqualTo(false);
    }

    @Test
    void a_job_of_another_role_is_neither_ended_nor_forgotten() {
        database.run("CREATE TABLE lent (a int)", "ALTER TABLE lent OWNER TO tender");
        Database tender = new Database(database.address().withUser("tender", new Secret("secret")));
        assertThat(tender.ask(schedule("analyze", "lent", "'1 day'")))
                .as("may not use pg_cron")
                .isNull();
        assertThat(database.ask(schedule("analyze", "lent", "'1 day'"))).isNotNull();
        assertThatThrownBy(() -> tender.ask(unschedule("analyze", "lent")))
                .hasMessageContaining("was not found among those of role tender");
        database.run("GRANT USAGE ON SCHEMA cron TO tender");
        assertThatThrownBy(() -> tender.ask(unschedule("analyze", "lent")))
                .hasMessageContaining("was not found among those of role tender");
        assertThat(database.all("SELECT jobname FROM cron.job")).containsExactly("hone analyze public.lent");
        assertThat(database.ask(unschedule("analyze", "lent"))).isEqualTo(true);
        assertThat(tender.ask(schedule("analyze", "lent", "'1 day'"))).isNotNull();
        assertThat(tender.ask(unschedule("analyze", "lent"))).isEqualTo(true);
        assertThat(database.all(JOBS)).isEmpty();
    }

    @Test
    void a_job_runs_and_says_so() throws InterruptedException {
        database.run(
                "CREATE TABLE bets (a int)",
                "CREATE MATERIALIZED VIEW sums AS SELECT count(*) AS n FROM bets",
                "INSERT INTO bets VALUES (1), (2)");
        // Not within hours, but at the next start.
        Object job = database.ask(schedule("refresh", "sums", "'1 day', now() + interval '12 hours'"));
        Object vacuum = database.ask(schedule("vacuum", "bets", "'1 day', now() + interval '12 hours'"));
        String runs = "SELECT status || ' ' || command FROM cron.job_run_details WHERE jobid IN (" + job + ", " + vacuum
                + ") AND status IN ('succeeded', 'failed') ORDER BY 1";
        database.all("SELECT cron.alter_job(jobid, schedule => '@reboot')::text FROM cron.job");
        local.stop(LocalServer.StopMode.FAST);
        local.start();
        for (int i = 0; i < 1200 && database.all(runs).size() < 2; i++) {
            Thread.sleep(50);
        }
        assertThat(database.all(runs))
                .isEqualTo(List.of(
                        "succeeded REFRESH MATERIALIZED VIEW public.sums", "succeeded VACUUM (ANALYZE) public.bets"));
        assertThat(database.ask("SELECT n FROM sums")).isEqualTo(2L);
        assertThat(database.ask(unschedule("refresh", "sums"))).isEqualTo(true);
        assertThat(database.ask(unschedule("vacuum", "bets"))).isEqualTo(true);
    }
}
