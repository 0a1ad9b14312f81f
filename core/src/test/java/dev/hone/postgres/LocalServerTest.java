package dev.hone.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

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
    void what_a_killed_hone_left_is_swept_and_what_is_not_hones_is_left_alone() throws Exception {
        Path runs = CacheFolder.path().resolve("run");
        Path left = Files.createDirectories(runs.resolve("999999999-1").resolve("data"));
        Files.writeString(left.resolve("postmaster.pid"), "");
        Path foreign = Files.createDirectories(runs.resolve("not-of-hone"));
        try (LocalServer local = LocalServer.start(Installation.embedded(), Map.of())) {
            assertThat(local.data()).exists();
            assertThat(foreign).exists();
        } finally {
            CacheFolder.delete(foreign);
            CacheFolder.delete(left.getParent());
        }
    }
}
