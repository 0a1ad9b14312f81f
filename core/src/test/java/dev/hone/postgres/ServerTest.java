package dev.hone.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.HoneException;
import dev.hone.HoneException.Kind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServerTest {

    private static LocalServer local;

    @BeforeAll
    static void start() {
        local = LocalServer.start(Installation.embedded(), Map.of());
    }

    @AfterAll
    static void stop() {
        local.close();
    }

    @Test
    void a_wrong_password_an_unknown_database_and_a_silent_port_are_told_apart() {
        ServerAddress address = local.address("postgres");
        assertUnreachable(
                () -> Server.connect(address.withUser("postgres", new Secret("wr0ng"))), "password", "PGPASSWORD");
        assertUnreachable(() -> Server.connect(address.withDatabase("no such")), "no such", "psql -l");
        assertUnreachable(
                () -> Server.connect(new ServerAddress("127.0.0.1", 1, "d", "u", null, Map.of())),
                "127.0.0.1:1",
                "pg_isready");
    }

    @Test
    void reading_cannot_write_and_cannot_wait() {
        try (Server server = Server.connect(local.address("postgres"))) {
            assertThatThrownBy(() -> server.read(Duration.ofSeconds(5), h -> h.execute("CREATE TABLE t ()")))
                    .hasMessageContaining("read-only transaction");
            assertThatThrownBy(() -> server.read(
                            Duration.ofMillis(100),
                            h -> h.createQuery("SELECT pg_sleep(5)::text")
                                    .mapTo(String.class)
                                    .one()))
                    .hasMessageContaining("statement timeout");
            assertThat(server.handle()
                            .createQuery("SELECT current_setting('statement_timeout')")
                            .mapTo(String.class)
                            .one())
                    .isEqualTo("0");
        }
    }

    @Test
    void the_password_file_and_the_service_file_are_read(@TempDir Path folder) throws Exception {
        ServerAddress known = local.address("postgres");
        Path passwords = folder.resolve("pgpass");
        Files.writeString(
                passwords,
                "127.0.0.1:" + known.port() + ":*:postgres:" + known.password().reveal() + "\n");
        Path services = folder.resolve("services");
        Files.writeString(
                services, "[shop]\nhost=127.0.0.1\nport=" + known.port() + "\ndbname=postgres\nuser=postgres\n");
        System.setProperty("org.postgresql.pgpassfile", passwords.toString());
        System.setProperty("org.postgresql.pgservicefile", services.toString());
        AddressParser parser = new AddressParser(Map.of(), "nobody");
        try (Server byUrl =
                        Server.connect(parser.parse("postgres://postgres@127.0.0.1:" + known.port() + "/postgres"));
                Server byService = Server.connect(parser.parse("service=shop"))) {
            assertThat(byUrl.version()).isEqualTo(byService.version());
        } finally {
            System.clearProperty("org.postgresql.pgpassfile");
            System.clearProperty("org.postgresql.pgservicefile");
        }
    }

    private static void assertUnreachable(ThrowingCallable connect, String message, String advice) {
        assertThatThrownBy(connect).isInstanceOfSatisfying(HoneException.class, e -> {
            assertThat(e.kind()).isEqualTo(Kind.UNREACHABLE);
            assertThat(e.getMessage()).contains(message).doesNotContain("wr0ng");
            assertThat(e.advice()).contains(advice, "Nothing was read or changed");
        });
    }
}
