package dev.hone.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalServerTest {

    @Test
    void starts_answers_survives_a_crash_and_leaves_nothing_behind() {
        Path data;
        try (LocalServer local = LocalServer.start(Installation.embedded(), Map.of("work_mem", "7MB"))) {
            data = local.data();
            try (Server server = Server.connect(local.address("postgres"))) {
                assertThat(server.version().major()).isEqualTo(Installation.EMBEDDED_MAJOR);
                assertThat(server.handle()
                                .createQuery("SHOW work_mem")
                                .mapTo(String.class)
                                .one())
                        .isEqualTo("7MB");
                server.handle().execute("CREATE TABLE kept AS SELECT 1 AS one");
                server.handle().execute("CHECKPOINT");
            }
            local.stop(LocalServer.StopMode.IMMEDIATE);
            local.start();
            try (Server server = Server.connect(local.address("postgres"))) {
                assertThat(server.handle()
                                .createQuery("SELECT one FROM kept")
                                .mapTo(Integer.class)
                                .one())
                        .isEqualTo(1);
            }
        }
        assertThat(Files.exists(data)).isFalse();
    }

    @Test
    void two_servers_of_a_process_do_not_sweep_each_other() {
        try (LocalServer first = LocalServer.start(Installation.embedded(), Map.of());
                LocalServer second = LocalServer.start(Installation.embedded(), Map.of());
                Server server = Server.connect(first.address("postgres"))) {
            assertThat(server.version().major()).isEqualTo(Installation.EMBEDDED_MAJOR);
            assertThat(second.data()).exists().isNotEqualTo(first.data());
        }
    }

    @Test
    void what_a_killed_hone_left_is_ended_and_deleted_and_what_another_holds_is_left_alone(@TempDir Path cache)
            throws Exception {
        Process killed = child(cache);
        Path left = data(killed);
        long postmaster = postmaster(left);
        killed.destroyForcibly().waitFor();
        assertThat(ProcessHandle.of(postmaster)).isPresent();

        Process next = child(cache);
        Process other = child(cache);
        try {
            Path alive = data(next);
            assertThat(data(other)).exists();
            for (int i = 0; i < 1200 && (Files.exists(left) || isRunning(postmaster)); i++) {
                Thread.sleep(50);
            }
            assertThat(left).doesNotExist();
            assertThat(isRunning(postmaster)).isFalse();
            assertThat(isRunning(postmaster(alive))).isTrue();
        } finally {
            for (Process child : new Process[] {next, other}) {
                child.destroy();
                child.waitFor();
            }
        }
        try (Stream<Path> folders = Files.walk(cache.resolve("servers"), 2)) {
            assertThat(folders.filter(path -> path.getFileName().toString().startsWith("server-")))
                    .isEmpty();
        }
    }

    private static boolean isRunning(long process) {
        return ProcessHandle.of(process).isPresent();
    }

    private static long postmaster(Path data) throws IOException {
        return Long.parseLong(Files.readAllLines(data.resolve("postmaster.pid")).getFirst());
    }

    /** Where the server of a child is, once it runs. */
    private static Path data(Process child) throws IOException {
        BufferedReader reader = child.inputReader();
        String line = reader.readLine();
        while (line != null && !line.startsWith("/")) {
            line = reader.readLine();
        }
        return Path.of(String.valueOf(line));
    }

    /** A process with a server of its own, which runs until it is ended. */
    private static Process child(Path cache) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                ProcessHandle.current().info().command().orElse("java"),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                Child.class.getName());
        builder.environment().put("HONE_CACHE", cache.toString());
        return builder.redirectErrorStream(true).start();
    }

    /** Starts a server and waits. */
    static final class Child {

        private Child() {}

        public static void main(String[] arguments) throws InterruptedException {
            LocalServer local = LocalServer.start(Installation.embedded(), Map.of());
            System.out.println(local.data());
            Thread.sleep(600_000);
        }
    }
}
