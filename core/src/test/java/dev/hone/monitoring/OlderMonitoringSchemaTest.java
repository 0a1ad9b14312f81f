package dev.hone.monitoring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Progress;
import dev.hone.change.CreateIndex;
import dev.hone.change.DeployOptions;
import dev.hone.change.Deployer;
import dev.hone.postgres.Installed;
import dev.hone.postgres.LocalServer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every function and view once on older servers, over a journal that a deployment made. */
class OlderMonitoringSchemaTest {

    @ParameterizedTest
    @ValueSource(ints = {15, 13})
    void all_of_it_works_on_an_older_server(int major) {
        try (LocalServer local =
                LocalServer.start(Installed.major(major), Map.of("shared_preload_libraries", "pg_stat_statements"))) {
            Database database = Database.on(
                    local,
                    "CREATE EXTENSION pg_stat_statements",
                    "CREATE TABLE bets (id int PRIMARY KEY, user_id int)",
                    "INSERT INTO bets SELECT g, g % 100 FROM generate_series(1, 20000) g",
                    "CREATE TABLE logs (id bigint GENERATED ALWAYS AS IDENTITY, at timestamptz) PARTITION BY RANGE (at)",
                    "CREATE MATERIALIZED VIEW totals AS SELECT user_id, count(*) AS n FROM bets GROUP BY user_id",
                    "CREATE UNIQUE INDEX ON totals (user_id)");
            CreateIndex index = new CreateIndex(
                    "public", "bets", "bets_user", false, "btree", List.of("\"user_id\""), List.of(), null);
            database.run("ANALYZE");
            assertThat(Deployer.apply(database.address(), List.of(index), DeployOptions.DEFAULT, Progress.NONE)
                            .complete())
                    .isTrue();
            List<String> journalAlone = names(database);

            MonitoringSchema.install(database.address(), "pg_monitor");
            assertThat(MonitoringSchema.install(database.address(), "pg_monitor")
                            .steps())
                    .isEmpty();

            assertThat(database.row("SELECT * FROM performance_monitoring.benchmark_query_detailed("
                            + "'SELECT * FROM bets WHERE id % 1000 = 1', 3, 'older', 60000)"))
                    .containsEntry("rows", 20.0)
                    .containsEntry("met", true);
            assertThat(database.ask("SELECT verdict FROM performance_monitoring.test_run_summary"))
                    .isEqualTo("pass");
            assertThat(database.ask("SELECT state FROM performance_monitoring.change_summary"))
                    .isEqualTo("applied");
            assertThat(database.rows("SELECT * FROM performance_monitoring.deployment_effect"))
                    .isEmpty();
            assertThat(database.all("SELECT finding FROM performance_monitoring.analyze_query_performance("
                            + "'SELECT * FROM bets WHERE id % 1000 = 1')"))
                    .anyMatch(line -> line.contains("left out 19980 of 20000 rows"));
            assertThat(database.all("SELECT query FROM performance_monitoring.get_slow_queries(0, 1000)"))
                    .anyMatch(query -> query.startsWith("INSERT INTO bets"));
            assertThat(database.all("SELECT index_name FROM performance_monitoring.check_index_usage()"))
                    .contains("public.bets_user");
            assertThat(database.rows("SELECT * FROM performance_monitoring.create_monthly_partitions('logs', 1)"))
                    .hasSize(2);
            assertThat(database.rows(
                            "SELECT * FROM performance_monitoring.drop_old_partitions('logs', '1 day', false)"))
                    .isEmpty();
            database.run(
                    "INSERT INTO logs (at) VALUES (now())",
                    "SELECT performance_monitoring.schedule_maintenance('refresh', 'totals', '1 hour')");
            assertThat(database.row("SELECT command, error FROM performance_monitoring.run_maintenance()"))
                    .containsEntry("command", "REFRESH MATERIALIZED VIEW CONCURRENTLY public.totals")
                    .containsEntry("error", null);

            MonitoringSchema.remove(database.address(), false, false);
            assertThat(names(database)).isEqualTo(journalAlone);
            assertThat(Deployer.undo(database.address(), null, DeployOptions.DEFAULT, Progress.NONE)
                            .complete())
                    .isTrue();
        }
    }

    private static List<String> names(Database database) {
        return database.all("SELECT relname FROM pg_class WHERE relnamespace = 'performance_monitoring'::regnamespace"
                + " UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'performance_monitoring'::regnamespace"
                + " ORDER BY 1");
    }
}
