package dev.hone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Json;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckCommandTest {

    private LocalServer local;
    private Map<String, String> environment;

    @BeforeEach
    void start() {
        local = LocalServer.start(Installation.embedded(), Map.of("fsync", "on", "full_page_writes", "on"));
        environment = CommandLineRun.environment(local.address("postgres"));
    }

    @AfterEach
    void stop() {
        local.close();
    }

    private void execute(String... statements) {
        try (Server server = Server.connect(local.address("postgres"))) {
            for (String statement : statements) {
                server.handle().execute(statement);
            }
        }
    }

    private static void plantDuplicate(CheckCommandTest test) {
        test.execute(
                "CREATE TABLE \"T x\" (id int PRIMARY KEY, a int)",
                "CREATE INDEX one ON \"T x\" (a)",
                "CREATE INDEX \"two \"\"2\" ON \"T x\" (a)");
    }

    @Test
    void json_is_one_document_and_the_exit_code_follows_the_level_asked() {
        plantDuplicate(this);
        CommandLineRun run = CommandLineRun.of(environment, "check", "--format", "json", "--fail-on", "warning");
        assertThat(run.exitCode()).isEqualTo(1);
        Map<String, Object> document = Json.object(run.out());
        assertThat(document).containsEntry("format", 1).containsKeys("findings", "lights", "blindSpots", "database");
        assertThat(document.get("findings").toString()).contains("duplicate-index", "two \"\"2");
        assertThat(CommandLineRun.of(environment, "check", "--fail-on", "critical")
                        .exitCode())
                .isZero();
        assertThat(CommandLineRun.of(environment, "check").exitCode()).isZero();
    }

    @Test
    void a_snapshot_is_diagnosed_as_its_server_was(@TempDir Path folder) {
        plantDuplicate(this);
        Path file = folder.resolve("s.hone");
        CommandLineRun taken = CommandLineRun.of(environment, "snapshot", "--out", file.toString());
        assertThat(taken.exitCode()).as(taken.err()).isZero();
        assertThat(Files.exists(file)).isTrue();
        CommandLineRun offline = CommandLineRun.of(Map.of(), "check", file.toString());
        assertThat(offline.out()).contains("Duplicate index", "\"two \"\"2\"");
    }

    @Test
    void a_poor_role_is_told_what_it_cannot_see_and_the_grant() {
        plantDuplicate(this);
        execute(
                "CREATE ROLE monitor LOGIN PASSWORD 'm0nitor-pw' IN ROLE pg_monitor",
                "CREATE ROLE nobody LOGIN PASSWORD 'm0nitor-pw'");
        Map<String, String> poor = new HashMap<>(environment);
        poor.put("PGPASSWORD", "m0nitor-pw");
        poor.put("PGUSER", "monitor");
        CommandLineRun monitor = CommandLineRun.of(poor, "check");
        assertThat(monitor.exitCode()).isZero();
        assertThat(monitor.out())
                .contains("Duplicate index", "GRANT pg_read_all_data TO \"monitor\";")
                .doesNotContain("GRANT pg_monitor", "m0nitor-pw");
        poor.put("PGUSER", "nobody");
        CommandLineRun nobody = CommandLineRun.of(poor, "check");
        assertThat(nobody.exitCode()).isZero();
        assertThat(nobody.out())
                .contains("Duplicate index", "GRANT pg_monitor TO \"nobody\";", "? Long transaction")
                .doesNotContain("✔ Long transaction");
    }

    @Test
    void a_standby_is_diagnosed() throws Exception {
        plantDuplicate(this);
        local.stop(LocalServer.StopMode.FAST);
        Files.createFile(local.data().resolve("standby.signal"));
        local.start();
        CommandLineRun run = CommandLineRun.of(environment, "check");
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out()).contains("a standby", "Duplicate index");
    }

    @Test
    void five_thousand_tables() {
        execute("""
                DO $$
                BEGIN
                  FOR i IN 1..5000 LOOP
                    EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, a int, b text)', i);
                    EXECUTE format('CREATE INDEX ON t%s (a)', i);
                    IF i % 250 = 0 THEN
                      COMMIT;
                    END IF;
                  END LOOP;
                END $$""", "CREATE INDEX again ON t4711 (a)");
        CommandLineRun run = CommandLineRun.of(environment, "check", "--format", "json");
        assertThat(run.exitCode()).as(run.err()).isZero();
        Map<String, Object> document = Json.object(run.out());
        assertThat((List<?>) document.get("findings"))
                .anySatisfy(finding -> assertThat(finding.toString()).contains("duplicate-index", "t4711"));
        assertThat((List<?>) document.get("lights"))
                .noneSatisfy(light -> assertThat(light.toString()).contains("did not answer"));
    }

    @Test
    void checking_leaves_no_trace() {
        plantDuplicate(this);
        String count = "SELECT (SELECT count(*) FROM pg_class) + (SELECT count(*) FROM pg_namespace)"
                + " + (SELECT count(*) FROM pg_proc)";
        try (Server server = Server.connect(local.address("postgres"))) {
            long before = server.handle().createQuery(count).mapTo(Long.class).one();
            CommandLineRun.of(environment, "check");
            assertThat(server.handle().createQuery(count).mapTo(Long.class).one())
                    .isEqualTo(before);
        }
    }
}
