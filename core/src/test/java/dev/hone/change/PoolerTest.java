package dev.hone.change;

import static dev.hone.change.Bench.index;
import static dev.hone.change.Bench.ofKind;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.HoneException;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Secret;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import java.io.File;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A deployment through PgBouncer: refused where it mixes sessions, served where it does not. */
class PoolerTest {

    @Test
    void a_pool_in_transaction_mode_is_refused_and_one_in_session_mode_is_served(@TempDir Path folder)
            throws Exception {
        Optional<Path> program = pgbouncer();
        assumeTrue(program.isPresent() || "true".equals(System.getenv("HONE_REQUIRE_REAL")), "no PgBouncer here");
        try (LocalServer local = LocalServer.start(Installation.embedded(), Map.of())) {
            Bench bench = Bench.on(local, "CREATE TABLE plain (id int, a int)");
            CreateIndex change = index("public", "plain", "x_idx", "a");

            Process transaction = start(program.orElseThrow(), folder, bench.address(), "transaction");
            try {
                Bench pooled = new Bench(through(folder, "transaction", bench.address()));
                assertThatThrownBy(() -> pooled.apply(change))
                        .satisfies(ofKind(HoneException.Kind.REFUSED))
                        .hasMessageContaining("pooler");
                assertThat(bench.journal()).isEmpty();
                assertThat(bench.ask("SELECT count(*)::text FROM pg_locks WHERE locktype = 'advisory'"))
                        .isEqualTo("0");
            } finally {
                transaction.destroyForcibly().waitFor();
            }

            Process session = start(program.orElseThrow(), folder, bench.address(), "session");
            try {
                Bench pooled = new Bench(through(folder, "session", bench.address()));
                assertThat(pooled.apply(change).complete()).isTrue();
                assertThat(pooled.apply(index("public", "plain", "y_idx", "id")).complete())
                        .isTrue();
            } finally {
                session.destroyForcibly().waitFor();
            }
        }
    }

    private static Optional<Path> pgbouncer() {
        return Stream.concat(Stream.of(System.getenv("PATH").split(File.pathSeparator)), Stream.of("/usr/sbin"))
                .map(folder -> Path.of(folder, "pgbouncer"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private static Process start(Path program, Path folder, ServerAddress server, String mode) throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        Files.writeString(folder.resolve(mode + ".port"), Integer.toString(port));
        Secret password = server.password();
        Path users = Files.writeString(
                folder.resolve("users"),
                "\"" + server.user() + "\" \"" + (password == null ? "" : password.reveal()) + "\"\n");
        Path settings =
                Files.writeString(folder.resolve(mode + ".ini"), """
                [databases]
                * = host=127.0.0.1 port=%d
                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = %d
                unix_socket_dir =
                auth_type = scram-sha-256
                auth_file = %s
                pool_mode = %s
                ignore_startup_parameters = extra_float_digits
                """.formatted(server.port(), port, users, mode));
        List<String> command = new ArrayList<>();
        if (System.getProperty("user.name").equals("root")) {
            command.addAll(List.of("unshare", "-U"));
        }
        command.addAll(List.of(program.toString(), settings.toString()));
        Process started = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve(mode + ".log").toFile())
                .start();
        ServerAddress address = through(folder, mode, server);
        Bench.await("PgBouncer answers", () -> {
            try (Server probe = Server.connect(address)) {
                return true;
            } catch (HoneException e) {
                return false;
            }
        });
        return started;
    }

    private static ServerAddress through(Path folder, String mode, ServerAddress server) throws java.io.IOException {
        int port = Integer.parseInt(Files.readString(folder.resolve(mode + ".port")));
        return new ServerAddress(
                server.host(), port, server.database(), server.user(), server.password(), server.properties());
    }
}
