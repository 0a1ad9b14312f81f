package dev.hone.monitoring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.change.Change;
import dev.hone.change.CreateIndex;
import dev.hone.change.DeployOptions;
import dev.hone.change.Deployer;
import dev.hone.change.Journal;
import dev.hone.postgres.Installed;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Secret;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The schema as somebody meets it who has psql and no Hone. */
class MonitoringSchemaTest {

    private static final String ODD = "\"Über \"\"T\"";
    private static final Change INDEX =
            new CreateIndex("public", "bets", "bets_user_idx", false, "btree", List.of("\"user_id\""), List.of(), null);

    private static LocalServer local;
    private static String template;

    @BeforeAll
    static void start() {
        local = LocalServer.start(
                Installed.chosen(),
                Map.of(
                        "shared_preload_libraries",
                        "pg_stat_statements",
                        "autovacuum",
                        "off",
                        "timezone",
                        "Asia/Tokyo"));
        Database installed = fresh();
        MonitoringSchema.install(installed.address(), null);
        template = installed.address().database();
    }

    @AfterAll
    static void stop() {
        local.close();
    }

    private static Database fresh(String... statements) {
        return Database.on(local, statements);
    }

    private static Database installed(String... statements) {
        return Database.from(local, template, statements);
    }

    private static Database withBets(String... statements) {
        Database database = fresh(
                "CREATE TABLE bets (id int PRIMARY KEY, user_id int, status text)",
                "INSERT INTO bets SELECT g, g % 5000, 'open' FROM generate_series(1, 20000) g",
                "ANALYZE bets");
        database.run(statements);
        return database;
    }

    private static void deploy(Database database) {
        assertThat(Deployer.apply(database.address(), List.of(INDEX), DeployOptions.DEFAULT, Progress.NONE)
                        .complete())
                .isTrue();
    }

    private static List<String> columns(Database database) {
        return database.all(
                "SELECT format('%s %s %s %s', attnum, attname, atttypid::regtype, attnotnull) FROM pg_attribute"
                        + " WHERE attrelid = 'performance_monitoring.optimization_log'::regclass AND attnum > 0 ORDER BY 1");
    }

    private static List<String> objects(Database database) {
        return database.all(
                "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace('performance_monitoring')"
                        + " UNION ALL SELECT oid::regprocedure::text FROM pg_proc"
                        + " WHERE pronamespace = to_regnamespace('performance_monitoring') ORDER BY 1");
    }

    private static ServerAddress as(Database database, String role) {
        return database.address().withUser(role, new Secret("secret"));
    }

    private static void role(String name) {
        try (Server server = Server.connect(local.address("postgres"))) {
            server.handle()
                    .execute("DO $$ BEGIN CREATE ROLE " + name + " LOGIN PASSWORD 'secret';"
                            + " EXCEPTION WHEN duplicate_object THEN NULL; END $$");
        }
    }

    @Test
    void installing_twice_does_nothing_the_second_time() {
        Database database = fresh();
        List<String> steps = MonitoringSchema.install(database.address(), null).steps();
        assertThat(steps).contains("version 1: optimization log").hasSizeGreaterThan(6);
        List<String> before = objects(database);
        assertThat(MonitoringSchema.install(database.address(), null).steps()).isEmpty();
        assertThat(objects(database)).isEqualTo(before);
        assertThat(database.all(
                        "SELECT proname FROM pg_proc WHERE pronamespace = 'performance_monitoring'::regnamespace"
                                + " AND (prosecdef OR proconfig IS NULL OR has_function_privilege('pg_monitor', oid, 'EXECUTE')"
                                + " OR NOT 'search_path=pg_catalog, pg_temp' = ANY (proconfig))"))
                .as("run with other people's rights, or by everybody, or under anybody's search_path")
                .isEmpty();
    }

    @Test
    void the_journal_is_the_same_table_whoever_made_it() {
        Database byHone = withBets();
        deploy(byHone);
        assertThat(columns(byHone)).isEqualTo(columns(installed()));

        // Of an earlier Hone.
        byHone.run("ALTER TABLE performance_monitoring.optimization_log DROP COLUMN before, DROP COLUMN alone");
        assertThat(MonitoringSchema.install(byHone.address(), null).steps()).hasSizeGreaterThan(6);
        Map<String, Object> change = byHone.row("SELECT * FROM performance_monitoring.change_summary");
        assertThat(change)
                .containsEntry("change", "create index bets_user_idx on \"public\".\"bets\"")
                .containsEntry("kind", "create_index")
                .containsEntry("state", "applied")
                .containsEntry("has_undo", true);
        assertThat((Long) change.get("index_bytes")).isPositive();
        assertThat(Deployer.undo(byHone.address(), null, DeployOptions.DEFAULT, Progress.NONE)
                        .complete())
                .isTrue();
    }

    @Test
    void deployments_and_benchmarks_meet_in_the_summaries() {
        Database database = withBets();
        MonitoringSchema.install(database.address(), null);
        String benchmark = "SELECT median_ms FROM performance_monitoring.benchmark_query_detailed("
                + "'SELECT * FROM bets WHERE user_id = 7', 5, '%s', %s)";
        database.ask(benchmark.formatted("before", "0.000001"));
        deploy(database);
        database.ask(benchmark.formatted("after", "60000"));
        assertThat(database.rows(
                        "SELECT test_run, queries, met, missed, verdict, after_deployment IS NOT NULL AS deployed"
                                + " FROM performance_monitoring.test_run_summary"))
                .containsExactly(
                        Map.of(
                                "test_run",
                                "before",
                                "queries",
                                1L,
                                "met",
                                0L,
                                "missed",
                                1L,
                                "verdict",
                                "fail",
                                "deployed",
                                false),
                        Map.of(
                                "test_run",
                                "after",
                                "queries",
                                1L,
                                "met",
                                1L,
                                "missed",
                                0L,
                                "verdict",
                                "pass",
                                "deployed",
                                true));
        Map<String, Object> effect = database.row("SELECT * FROM performance_monitoring.deployment_effect");
        assertThat(effect)
                .containsEntry("before_run", "before")
                .containsEntry("after_run", "after")
                .containsEntry("before_node", "Seq Scan")
                .containsEntry("changes", 1L);
        assertThat((String) effect.get("after_node")).isNotEqualTo("Seq Scan");
    }

    @Test
    void a_query_is_measured_where_its_names_mean_something_and_changes_nothing() {
        Database database = installed(
                "CREATE SCHEMA " + ODD,
                "CREATE TABLE " + ODD + ".\"Odd \"\"; --\" AS SELECT g AS n FROM generate_series(1, 1000) g");
        try (Server server = Server.connect(database.address())) {
            server.handle().execute("SET search_path = " + ODD);
            server.handle().begin();
            Map<String, Object> result = server.handle()
                    .createQuery("SELECT * FROM performance_monitoring.benchmark_query_detailed("
                            + "'SELECT n FROM \"Odd \"\"; --\"', 4)")
                    .mapToMap()
                    .one();
            assertThat(result)
                    .containsEntry("iterations", 4)
                    .containsEntry("rows", 1000.0)
                    .containsEntry("top_node", "Seq Scan");
            assertThat((Double) result.get("min_ms")).isPositive().isLessThanOrEqualTo((Double)
                    result.get("median_ms"));
            assertThat((Double) result.get("p95_ms"))
                    .isGreaterThanOrEqualTo((Double) result.get("median_ms"))
                    .isLessThanOrEqualTo((Double) result.get("max_ms"));
            assertThat((Double) result.get("stddev_ms")).isNotNegative();
            assertThat((Long) result.get("shared_hit")).isPositive();
            // The transaction may write as before, and has its own search_path.
            server.handle().execute("INSERT INTO \"Odd \"\"; --\" VALUES (0)");
            server.handle().rollback();
        }
        assertThatThrownBy(() ->
                        database.ask("SELECT performance_monitoring.benchmark_query_detailed('DELETE FROM pg_class')"))
                .hasMessageContaining("This query writes");
        assertThatThrownBy(
                        () -> database.ask(
                                "SELECT performance_monitoring.benchmark_query_detailed('SELECT 1; DROP TABLE performance_monitoring.test_run')"))
                .hasMessageContaining("This is not one query");
        assertThatThrownBy(
                        () -> database.ask(
                                "SELECT performance_monitoring.benchmark_query_detailed('SELECT set_config(''transaction_read_only'', ''off'', false)')"))
                .hasMessageContaining("read-only");
        assertThatThrownBy(() -> database.ask("SELECT performance_monitoring.benchmark_query_detailed(' ; ')"))
                .hasMessageContaining("There is no query");
        assertThatThrownBy(() -> database.ask("SELECT performance_monitoring.benchmark_query_detailed('SELECT 1', 0)"))
                .hasMessageContaining("iterations must be");
        assertThat(database.all("SELECT query FROM performance_monitoring.benchmark_result"))
                .isEmpty();
    }

    @Test
    void a_slow_plan_is_explained() {
        Database database = withBets(
                "CREATE TABLE skew AS SELECT g % 100 AS a, g % 100 AS b, repeat('x', 200) AS filler FROM generate_series(1, 20000) g",
                "ANALYZE skew");
        MonitoringSchema.install(database.address(), null);
        database.run("ALTER DATABASE " + database.address().database() + " SET work_mem = '64kB'");
        List<Map<String, Object>> found =
                database.rows("SELECT * FROM performance_monitoring.analyze_query_performance("
                        + "'SELECT * FROM bets WHERE user_id = 7')");
        assertThat(found).hasSize(2);
        assertThat(found.getFirst()).containsEntry("severity", "info").containsEntry("node", "Seq Scan on public.bets");
        assertThat(found.get(1)).containsEntry("severity", "warning");
        assertThat((String) found.get(1).get("finding")).contains("left out 19996 of 20000 rows");
        assertThat((String) found.get(1).get("hint")).contains("user_id = 7");
        assertThat(database.all("SELECT finding FROM performance_monitoring.analyze_query_performance("
                        + "'SELECT * FROM skew WHERE a = 1 AND b = 1')"))
                .anyMatch(line -> line.contains("times too few"));
        assertThat(database.all(
                        "SELECT finding || coalesce(hint, '') FROM performance_monitoring.analyze_query_performance("
                                + "'SELECT * FROM skew ORDER BY filler, a')"))
                .anyMatch(line -> line.contains("kB on disk") && line.contains("skew.filler"));
        assertThat(database.all("SELECT finding FROM performance_monitoring.analyze_query_performance("
                        + "'SELECT * FROM bets WHERE user_id = 7', execute => false)"))
                .anyMatch(line -> line.contains("will read the whole table"));
        assertThatThrownBy(
                        () -> database.rows(
                                "SELECT * FROM performance_monitoring.analyze_query_performance('UPDATE bets SET status = NULL')"))
                .hasMessageContaining("This query writes");
    }

    @Test
    void slow_queries_come_from_pg_stat_statements_and_its_lack_is_said() {
        Database database = installed();
        assertThatThrownBy(() -> database.rows("SELECT * FROM performance_monitoring.get_slow_queries()"))
                .hasMessageContaining("pg_stat_statements is not in this database")
                .hasMessageContaining("CREATE EXTENSION");
        database.run(
                "CREATE SCHEMA " + ODD,
                "CREATE EXTENSION pg_stat_statements SCHEMA " + ODD,
                "SELECT pg_sleep(0.03)",
                "SELECT pg_sleep(0.02)",
                "SELECT 1");
        Map<String, Object> slow =
                database.row("SELECT * FROM performance_monitoring.get_slow_queries(15) WHERE query LIKE '%sleep%'");
        assertThat(slow)
                .containsEntry("query", "SELECT pg_sleep($1)")
                .containsEntry("calls", 2L)
                .containsEntry("role", "postgres");
        assertThat((Double) slow.get("mean_ms")).isGreaterThan(15);
        assertThat((Double) slow.get("percent_of_time")).isPositive();
    }

    @Test
    void indexes_are_told_apart_by_their_use() {
        Database database = withBets(
                "CREATE INDEX dup_a ON bets (status)",
                "CREATE INDEX dup_b ON bets (status)",
                "CREATE INDEX \"Used \"\"i\" ON bets (user_id)",
                "CREATE UNIQUE INDEX again ON bets (id)");
        MonitoringSchema.install(database.address(), null);
        database.run("SET enable_seqscan = off", "SELECT count(*) FROM bets WHERE user_id = 7");
        try (Server server = Server.connect(database.address())) {
            for (int i = 0; i < 200; i++) {
                List<String> states = server.handle()
                        .createQuery(
                                "SELECT index_name || ': ' || state FROM performance_monitoring.check_index_usage('public')"
                                        + " ORDER BY 1")
                        .mapTo(String.class)
                        .list();
                if (states.getFirst().endsWith("rarely scanned")) {
                    break;
                }
                pause();
            }
        }
        assertThat(
                        database.all(
                                "SELECT index_name || ': ' || state FROM performance_monitoring.check_index_usage('public') ORDER BY 1"))
                .containsExactlyInAnyOrder(
                        "public.\"Used \"\"i\": rarely scanned",
                        "public.again: duplicate of public.bets_pkey",
                        "public.bets_pkey: needed by primary key bets_pkey, never scanned",
                        "public.dup_a: never scanned",
                        "public.dup_b: duplicate of public.dup_a");
        assertThat(database.all("SELECT index_name FROM performance_monitoring.check_index_usage('none')"))
                .isEmpty();
    }

    private static void pause() {
        try {
            Thread.sleep(50);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void months_get_the_partitions_they_lack() {
        String table = ODD + ".\"Ereignisse mit einem sehr langen Namen, für den kaum Platz ist ü\"";
        Database database = installed(
                "CREATE SCHEMA " + ODD,
                "CREATE TABLE " + table
                        + " (id bigint GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL, n int DEFAULT 7 CHECK (n > 0),"
                        + " PRIMARY KEY (id, at)) PARTITION BY RANGE (at)",
                "CREATE INDEX ON " + table + " (n)");
        String create = "SELECT * FROM performance_monitoring.create_monthly_partitions('" + table + "', %d)";
        assertThat(database.rows(create.formatted(2))).hasSize(3);
        assertThat(database.rows(create.formatted(2))).isEmpty();
        // One that covers a part of the month after.
        database.run(
                "DO $$ BEGIN EXECUTE format('CREATE TABLE half PARTITION OF " + table.replace("'", "''")
                        + " FOR VALUES FROM (%L) TO (%L)', date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + interval '3 months 9 days',"
                        + " date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + interval '3 months 19 days'); END $$");
        List<Map<String, Object>> around = database.rows(create.formatted(3));
        assertThat(around).hasSize(2);
        assertThat(around.get(1).get("partition").toString()).endsWith("_2\"");
        database.run(
                "INSERT INTO " + table + " (at) SELECT now() + i * interval '1 day' FROM generate_series(0, 90) i");
        assertThat(database.all(
                        "SELECT DISTINCT pg_get_userbyid(relowner) || count(*) OVER () FROM pg_class JOIN pg_inherits ON inhrelid = oid"
                                + " WHERE inhparent = '" + table + "'::regclass"))
                .containsExactly("postgres6");
        assertThat(database.all("SELECT count(*)::text FROM pg_index i JOIN pg_inherits h ON h.inhrelid = i.indrelid"
                        + " WHERE h.inhparent = '" + table + "'::regclass AND indisvalid"))
                .containsExactly("12");
    }

    @Test
    void what_cannot_be_partitioned_by_month_is_refused() {
        Database database = installed(
                "CREATE TABLE plain (a int)",
                "CREATE TABLE by_list (a int) PARTITION BY LIST (a)",
                "CREATE TABLE days (d date) PARTITION BY RANGE (d)",
                "CREATE TABLE days_rest PARTITION OF days DEFAULT",
                "INSERT INTO days VALUES (now())");
        for (String table : List.of("plain", "by_list")) {
            assertThatThrownBy(() ->
                            database.rows("SELECT performance_monitoring.create_monthly_partitions('" + table + "')"))
                    .hasMessageContaining("is not partitioned");
        }
        assertThatThrownBy(() -> database.rows("SELECT performance_monitoring.create_monthly_partitions('days')"))
                .hasMessageContaining("The default partition of public.days holds rows");
        database.run("DELETE FROM days");
        assertThat(
                        database.rows(
                                "SELECT * FROM performance_monitoring.create_monthly_partitions('days', 0, 'America/New_York')"))
                .hasSize(1);
        assertThat(
                        database.rows(
                                "SELECT * FROM performance_monitoring.create_monthly_partitions('days', 0, 'America/New_York')"))
                .isEmpty();
    }

    @Test
    void old_partitions_are_dropped_only_when_asked() {
        Database database = installed(
                "CREATE TABLE logs (at timestamp) PARTITION BY RANGE (at)",
                "CREATE TABLE logs_first PARTITION OF logs FOR VALUES FROM (MINVALUE) TO ('2020-01-01')",
                "CREATE TABLE \"Logs 2020\" PARTITION OF logs FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
                "CREATE TABLE logs_rest PARTITION OF logs FOR VALUES FROM ('2021-01-01') TO (MAXVALUE)",
                "INSERT INTO logs VALUES ('2019-05-05'), ('2020-05-05'), (now())");
        String drop =
                "SELECT partition, dropped FROM performance_monitoring.drop_old_partitions('logs', interval '1 year'%s)";
        assertThat(database.rows(drop.formatted("")))
                .containsExactly(
                        Map.of("partition", "public.logs_first", "dropped", false),
                        Map.of("partition", "public.\"Logs 2020\"", "dropped", false));
        assertThat(database.ask("SELECT count(*) FROM logs")).isEqualTo(3L);
        assertThat(database.rows(drop.formatted(", false"))).hasSize(2);
        assertThat(database.ask("SELECT count(*) FROM logs")).isEqualTo(1L);
        for (String keep : List.of("interval '0'", "interval '-1 year'", "NULL")) {
            assertThatThrownBy(() -> database.rows(
                            "SELECT performance_monitoring.drop_old_partitions('logs', " + keep + ", false)"))
                    .hasMessageContaining("keep must be");
        }
    }

    @Test
    void maintenance_runs_when_it_is_due_and_each_task_for_itself() {
        Database database = withBets(
                "CREATE MATERIALIZED VIEW \"V \"\"1\" AS SELECT status, count(*) AS n FROM bets GROUP BY status",
                "CREATE UNIQUE INDEX ON \"V \"\"1\" (status)",
                "CREATE MATERIALIZED VIEW broken AS SELECT 1 / min(id) AS x FROM bets",
                "CREATE TABLE logs (at timestamptz) PARTITION BY RANGE (at)",
                "INSERT INTO bets VALUES (0, 1, 'won')");
        MonitoringSchema.install(database.address(), null);
        database.run(
                "SELECT performance_monitoring.schedule_maintenance('refresh', '\"V \"\"1\"', '1 hour')",
                "SELECT performance_monitoring.schedule_maintenance('refresh', 'broken', '1 hour', now() - interval '25.5 hours')",
                "SELECT performance_monitoring.schedule_maintenance('create_partitions', 'logs', '1 month', months_ahead => 1)",
                "SELECT performance_monitoring.schedule_maintenance('vacuum', 'bets', '1 day')",
                "SELECT performance_monitoring.schedule_maintenance('analyze', 'bets', '1 day', now() + interval '1 day')");
        assertThat(
                        database.rows(
                                "SELECT command, by_function FROM performance_monitoring.maintenance_due WHERE kind = 'vacuum'"))
                .containsExactly(Map.of("command", "VACUUM (ANALYZE) public.bets", "by_function", false));
        List<Map<String, Object>> ran = database.rows("SELECT * FROM performance_monitoring.run_maintenance()");
        assertThat(ran)
                .extracting(row -> row.get("command"))
                .containsExactlyInAnyOrder(
                        "REFRESH MATERIALIZED VIEW CONCURRENTLY public.\"V \"\"1\"",
                        "REFRESH MATERIALIZED VIEW public.broken",
                        "SELECT * FROM performance_monitoring.create_monthly_partitions('public.logs', 1)");
        assertThat(ran)
                .extracting(row -> row.get("error"))
                .filteredOn(java.util.Objects::nonNull)
                .containsExactly("division by zero");
        assertThat(database.ask("SELECT count(*) FROM \"V \"\"1\"")).isEqualTo(2L);
        assertThat(database.ask("SELECT count(*) FROM pg_inherits WHERE inhparent = 'logs'::regclass"))
                .isEqualTo(2L);
        assertThat(database.rows("SELECT * FROM performance_monitoring.run_maintenance()"))
                .isEmpty();
        // At its own minute again, in the future.
        assertThat(database.ask(
                        "SELECT next_at > now() AND next_at < now() + interval '1 hour' AND last_error = 'division by zero'"
                                + " FROM performance_monitoring.maintenance_task WHERE target = 'broken'::regclass"))
                .isEqualTo(true);
        assertThat(database.ask("SELECT count(*) FROM performance_monitoring.maintenance_log WHERE error IS NULL"))
                .isEqualTo(2L);

        assertThatThrownBy(() ->
                        database.rows("SELECT performance_monitoring.schedule_maintenance('burn', 'bets', '1 day')"))
                .hasMessageContaining("no maintenance of the kind burn");
        assertThatThrownBy(() ->
                        database.rows("SELECT performance_monitoring.schedule_maintenance('refresh', 'bets', '1 day')"))
                .hasMessageContaining("cannot be maintained by refresh");
        assertThat(database.ask("SELECT performance_monitoring.unschedule_maintenance('vacuum', 'bets')"))
                .isEqualTo(true);
        assertThat(database.ask("SELECT performance_monitoring.unschedule_maintenance('vacuum', 'bets')"))
                .isEqualTo(false);
    }

    @Test
    void schedules_are_written_as_pg_cron_writes_them() {
        Database database = installed();
        String at = "timestamptz '2026-11-06 03:30+00'";
        assertThat(
                        database.all(
                                "SELECT coalesce(performance_monitoring.cron_schedule(every::interval, " + at
                                        + "), 'none')"
                                        + " FROM unnest('{1 month,7 days,1 day,6 hours,1 hour,15 minutes,7 minutes,36 hours}'::text[]) WITH ORDINALITY AS e(every, n) ORDER BY n"))
                .containsExactly(
                        "30 3 6 * *",
                        "30 3 * * 5",
                        "30 3 * * *",
                        "30 */6 * * *",
                        "30 * * * *",
                        "*/15 * * * *",
                        "none",
                        "none");
    }

    @Test
    void a_task_by_the_month_is_next_due_on_its_day_however_late_it_was() {
        Database database = installed("CREATE TABLE logs (at timestamptz) PARTITION BY RANGE (at)");
        String first = "date_trunc('month', now()) - interval '40 months' + interval '3 hours'";
        database.run("SELECT performance_monitoring.schedule_maintenance('create_partitions', 'logs', '1 month', "
                + first + ")");
        assertThat(database.rows("SELECT * FROM performance_monitoring.run_maintenance()"))
                .hasSize(1);
        assertThat(database.ask("SELECT next_at > now() AND next_at <= now() + interval '1 month'"
                        + " AND next_at - interval '3 hours' = date_trunc('month', next_at)"
                        + " FROM performance_monitoring.maintenance_task"))
                .isEqualTo(true);
    }

    @Test
    void an_index_that_lets_in_one_null_is_no_duplicate() {
        Database database = installed("CREATE TABLE t (a int)", "CREATE UNIQUE INDEX first ON t (a)");
        org.junit.jupiter.api.Assumptions.assumeTrue(
                database.ask("SELECT current_setting('server_version_num')::int >= 150000")
                        .equals(true));
        database.run("CREATE UNIQUE INDEX second ON t (a) NULLS NOT DISTINCT");
        assertThat(database.all("SELECT state FROM performance_monitoring.check_index_usage('public')"))
                .hasSize(2)
                .noneMatch(state -> state.startsWith("duplicate"));
    }

    @Test
    void a_first_installation_that_failed_installed_nothing() {
        // The history of versions is committed before them.
        Database database = fresh(
                "CREATE SCHEMA performance_monitoring", "CREATE TABLE performance_monitoring.schema_version (a int)");
        try (Server server = Server.connect(database.address())) {
            assertThat(MonitoringSchema.installed(server)).isFalse();
        }
        assertThatThrownBy(() -> MonitoringSchema.removal(database.address(), false))
                .hasMessageContaining("was not installed");
    }

    @Test
    void a_task_that_is_scheduled_anew_leaves_no_job_behind() {
        // As much of pg_cron as is used.
        Database database = installed(
                "CREATE TABLE logs (at timestamptz) PARTITION BY RANGE (at)",
                "CREATE SCHEMA cron",
                "CREATE TABLE cron.job (jobid bigint GENERATED ALWAYS AS IDENTITY, schedule text, command text,"
                        + " database text DEFAULT current_database(), jobname text, username text DEFAULT current_user)",
                "CREATE FUNCTION cron.schedule(text, text, text) RETURNS bigint LANGUAGE sql AS"
                        + " 'INSERT INTO cron.job (jobname, schedule, command) VALUES ($1, $2, $3) RETURNING jobid'",
                "CREATE FUNCTION cron.unschedule(bigint) RETURNS boolean LANGUAGE sql AS"
                        + " 'DELETE FROM cron.job WHERE jobid = $1 RETURNING true'",
                "SET allow_system_table_mods = on",
                "INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)"
                        + " SELECT 99999, 'pg_cron', 10, 'cron'::regnamespace, false, '1.6'",
                "INSERT INTO cron.job (jobname, command) VALUES ('theirs', 'SELECT 1')");
        String jobs = "SELECT command FROM cron.job WHERE jobname <> 'theirs'";
        String schedule =
                "SELECT (performance_monitoring.schedule_maintenance('drop_partitions', '%s', '%s', keep => '%s')).id";
        String unschedule = "SELECT performance_monitoring.unschedule_maintenance('drop_partitions', '%s')";
        database.ask(schedule.formatted("logs", "1 day", "1 month"));
        assertThat(database.all(jobs)).singleElement().asString().contains("'1 mon'");
        database.ask(schedule.formatted("logs", "1 day", "10 years"));
        assertThat(database.all(jobs)).singleElement().asString().contains("'10 years'");
        database.run("ALTER TABLE logs RENAME TO events");
        // pg_cron cannot write that.
        database.ask(schedule.formatted("events", "36 hours", "20 years"));
        assertThat(database.all(jobs)).isEmpty();
        assertThat(database.ask("SELECT cron_job IS NULL FROM performance_monitoring.maintenance_task"))
                .isEqualTo(true);

        database.ask(schedule.formatted("events", "1 day", "1 month"));
        // Somebody else's by now, or hidden from this role.
        database.run("UPDATE cron.job SET jobname = 'another'");
        assertThatThrownBy(() -> database.ask(unschedule.formatted("events")))
                .hasMessageContaining("was not found among those of role postgres");
        assertThatThrownBy(() -> database.ask(schedule.formatted("events", "1 day", "1 year")))
                .hasMessageContaining("was not found among those of role postgres");
        assertThat(database.ask("SELECT count(*) FROM cron.job")).isEqualTo(2L);
        database.run("UPDATE performance_monitoring.maintenance_task SET cron_job = NULL");
        assertThat(database.ask(unschedule.formatted("events"))).isEqualTo(true);
        assertThat(database.ask("SELECT count(*) FROM cron.job")).isEqualTo(2L);
    }

    @Test
    void a_role_without_rights_installs_in_its_own_database_and_lends_its_use() {
        role("chief");
        role("reader");
        role("stranger");
        Database database = withBets("GRANT SELECT ON bets TO reader");
        database.run(
                "ALTER DATABASE " + database.address().database() + " OWNER TO chief",
                "ALTER SCHEMA public OWNER TO chief");
        ServerAddress chief = as(database, "chief");
        assertThat(MonitoringSchema.install(chief, "reader").steps()).isNotEmpty();
        Database reader = new Database(as(database, "reader"));
        reader.ask(
                "SELECT median_ms FROM performance_monitoring.benchmark_query_detailed('SELECT count(*) FROM bets', 2, 'mine')");
        assertThat(reader.ask("SELECT verdict FROM performance_monitoring.test_run_summary"))
                .isEqualTo("no target");
        assertThat(reader.rows("SELECT * FROM performance_monitoring.check_index_usage()"))
                .isNotEmpty();
        assertThat(reader.rows("SELECT * FROM performance_monitoring.maintenance_due"))
                .isEmpty();
        assertThat(reader.rows("SELECT * FROM performance_monitoring.run_maintenance()"))
                .isEmpty();
        assertThatThrownBy(() ->
                        reader.rows("SELECT performance_monitoring.schedule_maintenance('vacuum', 'bets', '1 day')"))
                .hasMessageContaining("Role reader does not own public.bets");
        assertThatThrownBy(() -> reader.rows("SELECT * FROM performance_monitoring.optimization_log"))
                .hasMessageContaining("permission denied");
        Database stranger = new Database(as(database, "stranger"));
        assertThatThrownBy(() -> stranger.rows("SELECT * FROM performance_monitoring.check_index_usage()"))
                .hasMessageContaining("permission denied");
        assertThatThrownBy(() -> MonitoringSchema.install(as(database, "reader"), null))
                .isInstanceOfSatisfying(HoneException.class, e -> {
                    assertThat(e.kind()).isEqualTo(HoneException.Kind.REFUSED);
                    assertThat(e).hasMessageContaining("belongs to chief");
                });
        assertThatThrownBy(() -> MonitoringSchema.install(chief, "no \"such\" role"))
                .hasMessageContaining("no \"such\" role");
        // Others would run it with their rights.
        assertThatThrownBy(() -> reader.run(
                        "INSERT INTO performance_monitoring.maintenance_task (kind, target, every, keep, next_at)"
                                + " VALUES ('drop_partitions', 'bets', '1 day', '1 s', now())"))
                .hasMessageContaining("row-level security");
    }

    @Test
    void removal_leaves_the_journal_and_nothing_else() {
        Database database = withBets();
        List<String> nothing = objects(database);
        MonitoringSchema.install(database.address(), null);
        assertThat(MonitoringSchema.remove(database.address(), false, false).stays())
                .isEmpty();
        assertThat(objects(database)).isEqualTo(nothing);
        assertThat(database.ask("SELECT count(*) FROM pg_namespace WHERE nspname = 'performance_monitoring'"))
                .isEqualTo(0L);

        deploy(database);
        List<String> journalAlone = objects(database);
        MonitoringSchema.install(database.address(), null);
        database.ask("SELECT median_ms FROM performance_monitoring.benchmark_query_detailed('SELECT 1', 1)");
        MonitoringSchema.Removal removal = MonitoringSchema.removal(database.address(), false);
        assertThat(removal.goes()).contains("1 results of benchmarks");
        assertThat(removal.stays()).singleElement().asString().contains("with 1 deployment");
        assertThatThrownBy(() -> MonitoringSchema.remove(database.address(), true, false))
                .isInstanceOfSatisfying(
                        HoneException.class, e -> assertThat(e.kind()).isEqualTo(HoneException.Kind.REFUSED))
                .hasMessageContaining("could not be undone");
        MonitoringSchema.remove(database.address(), false, false);
        assertThat(objects(database)).isEqualTo(journalAlone);
        assertThatThrownBy(() -> MonitoringSchema.remove(database.address(), false, false))
                .hasMessageContaining("was not installed");

        MonitoringSchema.install(database.address(), null);
        MonitoringSchema.remove(database.address(), true, true);
        assertThat(objects(database)).isEmpty();
        try (Server server = Server.connect(database.address())) {
            assertThat(Journal.read(server)).isEmpty();
        }
    }

    @Test
    void what_somebody_else_rests_on_it_stops_a_removal() {
        Database database = installed("CREATE SCHEMA theirs");
        database.run("CREATE VIEW theirs.v AS SELECT * FROM performance_monitoring.test_run_summary");
        List<String> before = objects(database);
        assertThatThrownBy(() -> MonitoringSchema.remove(database.address(), false, false))
                .hasMessageContaining("view theirs.v depends on view performance_monitoring.test_run_summary");
        assertThat(objects(database)).isEqualTo(before);
        database.run("DROP VIEW theirs.v", "CREATE TABLE performance_monitoring.theirs (a int)");
        MonitoringSchema.remove(database.address(), false, false);
        assertThat(objects(database)).containsExactly("theirs");
    }

    @Test
    void another_hone_at_work_stops_it() {
        Database database = fresh();
        try (Server other = Server.connect(database.address())) {
            String refused = Journal.alone(other, () -> {
                try {
                    MonitoringSchema.install(database.address(), null);
                    return "went on";
                } catch (HoneException e) {
                    return e.getMessage();
                }
            });
            assertThat(refused).contains("Another Hone is at work");
        }
        assertThat(objects(database)).isEmpty();
    }
}
