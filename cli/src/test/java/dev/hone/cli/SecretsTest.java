package dev.hone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.postgres.AddressParser;
import dev.hone.postgres.Installation;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The password that Hone is given is in nothing that Hone leaves: looked for in all of it, from outside. */
class SecretsTest {

    /** The part of the passwords that no escaping changes. */
    private static final String NEEDLE = "zyzzyva";

    private static final String PASSWORD = "p\"a's$ w%41:@/" + NEEDLE;

    private static Library library;
    private static Map<String, String> environment;
    private static ServerAddress address;

    /** All that came to light, by where. */
    private final Map<String, String> seen = new HashMap<>();

    private final Set<String> commandLines = new HashSet<>();
    private final Set<String> sessions = new HashSet<>();

    @BeforeAll
    static void start() throws Exception {
        library = Library.start(Installation.embedded(), Map.of("shared_preload_libraries", "pg_stat_statements"));
        ServerAddress superuser = library.copy("secret");
        Library.execute(
                superuser,
                "CREATE ROLE keeper SUPERUSER LOGIN PASSWORD '" + PASSWORD.replace("'", "''") + "'",
                // From here on the server writes down everything it is told.
                "ALTER SYSTEM SET log_statement = 'all'",
                "ALTER SYSTEM SET log_connections = 'all'",
                "ALTER SYSTEM SET log_parameter_max_length = -1",
                "SELECT pg_reload_conf()",
                "CREATE EXTENSION pg_stat_statements",
                "SELECT pg_stat_statements_reset()");
        environment = CommandLineRun.environment(superuser);
        environment.put("PGUSER", "keeper");
        environment.put("PGPASSWORD", PASSWORD);
        address = new AddressParser(environment, "nobody").parse(null);
    }

    @AfterAll
    static void stop() {
        library.close();
    }

    private void run(Path folder, int exitCode, Map<String, String> with, String... arguments) throws Exception {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.add("--debug");
        ChildHone child = ChildHone.start(folder, with, all.toArray(String[]::new));
        try (Server server = Server.connect(address)) {
            watch(child, server);
        }
        CommandLineRun ended = child.end();
        assertThat(ended.exitCode())
                .as(() -> all + "\n" + ended.out() + ended.err())
                .isEqualTo(exitCode);
        seen.put("stdout of " + all, ended.out());
        seen.put("stderr of " + all, ended.err());
    }

    private void watch(ChildHone child, Server server) throws InterruptedException {
        while (child.process().isAlive()) {
            // With its children: the twin is a server of its own.
            Stream.concat(Stream.of(child.process().toHandle()), child.process().descendants())
                    .forEach(process -> commandLines.add(commandLine(process.pid())));
            sessions.addAll(server.handle()
                    .createQuery(
                            "SELECT application_name || ' ' || query FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
                    .mapTo(String.class)
                    .list());
            Thread.sleep(50);
        }
    }

    /** As {@code ps} shows it; empty once the process is gone. */
    private static String commandLine(long pid) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(pid), "cmdline"), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return ProcessHandle.of(pid)
                    .flatMap(process -> process.info().commandLine())
                    .orElse("");
        }
    }

    @Test
    void no_password_comes_to_light(@TempDir Path folder) throws Exception {
        String workload = Library.workload(folder).toString();
        run(folder, 0, environment, "check", "--format", "json");
        run(folder, 0, environment, "snapshot", "--out", "library.hone");
        run(folder, 0, environment, "advise", "--workload", workload, "--out", "proposal", "--explain");
        run(folder, 0, environment, "apply", "proposal", "--dry-run");
        run(folder, 0, environment, "apply", "proposal");
        run(folder, 0, environment, "status");
        run(
                folder,
                0,
                environment,
                "bench",
                workload,
                "--connections",
                "2",
                "--warm-up",
                "0s",
                "--duration",
                "1s",
                "--out",
                "bench.json");
        run(folder, 0, environment, "undo");

        Map<String, String> wrong = new HashMap<>(environment);
        wrong.put("PGPASSWORD", "wr0ng-" + NEEDLE);
        run(folder, 3, wrong, "check");
        run(folder, 3, wrong, "apply", "proposal");
        Map<String, String> unreachable = new HashMap<>(environment);
        unreachable.put("PGPORT", "1");
        run(folder, 3, unreachable, "advise");
        run(folder, 2, Map.of(), "check", "postgres://keeper:" + NEEDLE.replace("y", "i") + "@h/d");

        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                seen.put(file.toString(), content(file));
            }
        }
        assertThat(seen.keySet())
                .anyMatch(name -> name.endsWith("proposal.json"))
                .anyMatch(name -> name.endsWith(".undo.sql"))
                .anyMatch(name -> name.endsWith("library.hone"))
                .anyMatch(name -> name.endsWith("bench.json"));
        seen.put(
                "journal",
                String.join(
                        "\n", Library.ask(address, "SELECT t::text FROM performance_monitoring.optimization_log t")));
        seen.put("pg_stat_statements", String.join("\n", Library.ask(address, "SELECT query FROM pg_stat_statements")));
        seen.put("pg_stat_activity", String.join("\n", sessions));
        seen.put("command lines", String.join("\n", commandLines));
        seen.put("server's log", content(library.server().data().resolveSibling("log")));
        assertThat(seen.get("journal")).contains("CREATE INDEX CONCURRENTLY");
        assertThat(seen.get("pg_stat_activity")).contains("hone");
        assertThat(seen.get("command lines")).contains(Main.class.getName(), "apply", "postgres\0-D");
        assertThat(seen.get("server's log")).contains("keeper", "optimization_log", "authentication failed");
        seen.forEach((where, text) ->
                assertThat(text).as(where).doesNotContainIgnoringCase(NEEDLE).doesNotContain(PASSWORD.substring(0, 8)));
    }

    private static String content(Path file) throws IOException {
        if (file.toString().endsWith(".hone")) {
            try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
                return new String(in.readAllBytes(), StandardCharsets.UTF_8);
            }
        }
        return Files.readString(file);
    }
}
