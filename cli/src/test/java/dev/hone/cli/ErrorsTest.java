package dev.hone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What goes wrong is said in words, with an exit code, and without a password or a stack trace. */
class ErrorsTest {

    private static LocalServer local;
    private static Map<String, String> environment;

    @BeforeAll
    static void start() {
        local = LocalServer.start(Installation.embedded(), Map.of("fsync", "on", "full_page_writes", "on"));
        environment = CommandLineRun.environment(local.address("postgres"));
    }

    @AfterAll
    static void stop() {
        local.close();
    }

    @Test
    void no_server() {
        CommandLineRun run = CommandLineRun.of(Map.of(), "check", "postgres://me@127.0.0.1:1/d");
        assertThat(run.exitCode()).isEqualTo(3);
        assertThat(run.err()).contains("Cannot connect to postgres://me@127.0.0.1:1/d", "Nothing was read or changed");
        assertThat(run.err()).doesNotContain("\tat ");
    }

    @Test
    void a_wrong_password() {
        Map<String, String> wrong = new HashMap<>(environment);
        wrong.put("PGPASSWORD", "wr0ng-s3cret");
        CommandLineRun run = CommandLineRun.of(wrong, "check");
        assertThat(run.exitCode()).isEqualTo(3);
        assertThat(run.err())
                .contains("password authentication failed", "PGPASSWORD")
                .doesNotContain("wr0ng-s3cret");
    }

    @Test
    void a_password_on_the_command_line() {
        CommandLineRun run = CommandLineRun.of(Map.of(), "check", "postgres://me:s3cret@127.0.0.1:1/d", "--debug");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("can be seen by everybody").doesNotContain("s3cret");
    }

    @Test
    void neither_a_file_nor_an_address() {
        CommandLineRun run = CommandLineRun.of(Map.of(), "check", "no-such-file");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("No such file, and not a database address: no-such-file");
    }

    @Test
    void a_file_that_is_no_snapshot(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("x.hone"), "not gzip");
        CommandLineRun run = CommandLineRun.of(Map.of(), "check", file.toString());
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("cannot be read as a snapshot");
    }

    @Test
    void an_unknown_command_and_an_unknown_option() {
        assertThat(CommandLineRun.of(Map.of(), "chekc").exitCode()).isEqualTo(2);
        assertThat(CommandLineRun.of(Map.of(), "check", "--frobnicate").exitCode())
                .isEqualTo(2);
        assertThat(CommandLineRun.of(Map.of()).exitCode()).isEqualTo(2);
    }

    @Test
    void an_empty_database_is_nothing_to_complain_about() {
        try (Server server = Server.connect(local.address("postgres"))) {
            server.handle().execute("CREATE DATABASE empty");
        }
        Map<String, String> empty = new HashMap<>(environment);
        empty.put("PGDATABASE", "empty");
        CommandLineRun run = CommandLineRun.of(empty, "check", "--fail-on", "warning");
        assertThat(run.exitCode()).as(run.out() + run.err()).isZero();
        assertThat(run.out()).contains("0 critical findings, 0 warnings", "Nothing was changed");
    }
}
