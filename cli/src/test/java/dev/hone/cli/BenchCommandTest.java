package dev.hone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Json;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.ServerAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchCommandTest {

    private static LocalServer local;
    private static ServerAddress address;
    private static Map<String, String> environment;

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() {
        local = LocalServer.start(Installation.embedded(), Map.of());
        address = local.address("postgres");
        environment = CommandLineRun.environment(address);
    }

    @AfterAll
    static void stop() {
        local.close();
    }

    @BeforeEach
    void empty() throws Exception {
        Library.execute(address, "DROP TABLE IF EXISTS visit", "CREATE TABLE visit (at int)");
    }

    private String script(String text) throws Exception {
        return Files.writeString(folder.resolve("script.sql"), text).toString();
    }

    private CommandLineRun bench(String script, String... more) {
        String[] all = java.util.Arrays.copyOf(
                new String[] {"bench", script, "--connections", "2", "--warm-up", "0s", "--duration", "1s"},
                8 + more.length);
        System.arraycopy(more, 0, all, 8, more.length);
        return CommandLineRun.of(environment, all);
    }

    private long visits() {
        return Long.parseLong(
                Library.ask(address, "SELECT count(*)::text FROM visit").getFirst());
    }

    @Test
    void a_script_that_writes_needs_leave() throws Exception {
        String script = script("-- request: visit\nINSERT INTO visit VALUES (1);\n");
        CommandLineRun refused = bench(script);
        assertThat(refused.exitCode()).as(refused.out() + refused.err()).isEqualTo(4);
        assertThat(refused.err()).contains("--allow-writes");
        assertThat(visits()).isZero();

        CommandLineRun allowed = bench(script, "--allow-writes", "--format", "json");
        assertThat(allowed.exitCode()).as(allowed.err()).isZero();
        assertThat(Json.object(allowed.out())).containsEntry("writesAllowed", true);
        assertThat(visits()).isPositive();
    }

    @Test
    void a_script_cannot_take_leave_by_itself() throws Exception {
        for (String lifted : new String[] {
            "SET TRANSACTION READ WRITE; INSERT INTO visit VALUES (1);",
            "SET default_transaction_read_only = off; INSERT INTO visit VALUES (1);",
            "SELECT set_config('transaction_read_only', 'off', false); INSERT INTO visit VALUES (1);"
        }) {
            CommandLineRun run = bench(script("-- request: visit\n" + lifted + "\n"));
            assertThat(run.exitCode()).as(lifted + run.out() + run.err()).isEqualTo(4);
            assertThat(visits()).as(lifted).isZero();
        }
    }

    @Test
    void compare_tells_slower_from_not_slower_by_its_exit_code() throws Exception {
        String script = script("-- request: work\nSELECT work();\n");
        String fast = folder.resolve("fast.json").toString();
        String slow = folder.resolve("slow.json").toString();
        String work = "CREATE OR REPLACE FUNCTION work() RETURNS text LANGUAGE sql AS ";
        Library.execute(address, work + "$$SELECT ''$$");
        assertThat(bench(script, "--out", fast).exitCode()).isZero();
        Library.execute(address, work + "$$SELECT pg_sleep(0.01)::text$$");
        assertThat(bench(script, "--out", slow).exitCode()).isZero();

        CommandLineRun slower = CommandLineRun.of(environment, "compare", fast, slow);
        assertThat(slower.exitCode()).as(slower.out() + slower.err()).isEqualTo(1);
        assertThat(slower.out()).contains("work", "p95", "slower");
        CommandLineRun faster = CommandLineRun.of(environment, "compare", slow, fast);
        assertThat(faster.exitCode()).as(faster.out() + faster.err()).isZero();
        assertThat(faster.out()).contains("faster").doesNotContain("slower");
        CommandLineRun same = CommandLineRun.of(environment, "compare", fast, fast, "--format", "json");
        assertThat(same.exitCode()).as(same.out() + same.err()).isZero();
        assertThat(Json.object(same.out()).get("total").toString()).doesNotContain("slower", "faster");
    }

    @Test
    void what_is_no_result_and_no_script() throws Exception {
        String text = Files.writeString(folder.resolve("text"), "no result").toString();
        String one = script("-- request: one\nSELECT 1;");
        String empty = Files.writeString(folder.resolve("empty.sql"), "-- request: empty\n")
                .toString();
        for (String[] command : new String[][] {
            {"compare", text, text},
            {"compare", folder.resolve("nowhere").toString(), text},
            {"bench", folder.resolve("nowhere").toString()},
            {"bench", empty},
            {"bench", one, "--duration", "soon"},
            {"bench", one, "--connections", "0"},
        }) {
            CommandLineRun run = CommandLineRun.of(environment, command);
            assertThat(run.exitCode())
                    .as(() -> String.join(" ", command) + "\n" + run.out() + run.err())
                    .isEqualTo(2);
            assertThat(run.err()).isNotBlank().doesNotContain("\tat ", "defect");
        }
    }
}
