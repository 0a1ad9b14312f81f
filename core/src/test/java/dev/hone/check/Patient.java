package dev.hone.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.Progress;
import dev.hone.postgres.Evidence;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotReader;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** A real server on which tests plant defects, each in a database of its own. */
final class Patient implements AutoCloseable {

    /** No autovacuum in the middle of a test, and nothing for default-settings to find. */
    private static final Map<String, String> QUIET = Map.of(
            "autovacuum_naptime", "1d",
            "fsync", "on",
            "synchronous_commit", "off",
            "full_page_writes", "on",
            "track_io_timing", "on");

    private final LocalServer local;
    private int databases;

    private Patient(LocalServer local) {
        this.local = local;
    }

    static Patient start(int major, Map<String, String> settings) {
        Map<String, String> all = new LinkedHashMap<>(QUIET);
        all.putAll(settings);
        if (major == Installation.EMBEDDED_MAJOR) {
            return new Patient(LocalServer.start(Installation.embedded(), all));
        }
        Optional<Installation> installed = Installation.local(major);
        if (installed.isEmpty() && !"true".equals(System.getenv("HONE_REQUIRE_REAL"))) {
            assumeTrue(false, "PostgreSQL " + major + " is not installed here");
        }
        return new Patient(LocalServer.start(installed.orElseThrow(), all));
    }

    /** A new, empty database. */
    Database database() {
        String name = "patient " + ++databases;
        try (Server server = Server.connect(local.address("postgres"))) {
            server.handle().execute("CREATE DATABASE \"" + name + "\"");
        }
        return new Database(local.address(name));
    }

    @Override
    public void close() {
        local.close();
    }

    record Database(ServerAddress address) {

        /** Runs statements, and ends the session so that what it counted is there to be seen. */
        Database run(String... statements) {
            try (Server server = Server.connect(address)) {
                for (String statement : statements) {
                    server.handle().getConnection().createStatement().execute(statement);
                }
            } catch (java.sql.SQLException e) {
                throw new IllegalStateException(e);
            }
            return settle();
        }

        /** Waits until no ended session is still on its way out: it hands over its counters last. */
        Database settle() {
            try (Server server = Server.connect(address)) {
                while (server.handle()
                                .createQuery("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                                        + " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
                                        + " AND application_name = 'hone'")
                                .mapTo(Integer.class)
                                .one()
                        > 0) {
                    Thread.onSpinWait();
                }
            }
            return this;
        }

        Server connect() {
            return Server.connect(address);
        }

        Snapshot snapshot() {
            return snapshot(address, query -> query);
        }

        static Snapshot snapshot(ServerAddress address, UnaryOperator<Evidence.Query> adapted) {
            try (Server server = Server.connect(address)) {
                List<Evidence.Query> queries =
                        Checks.queries(server.version()).stream().map(adapted).toList();
                Snapshot snapshot = SnapshotReader.only(queries).read(server, Progress.NONE);
                assertThat(snapshot.evidence().values())
                        .allSatisfy(answer ->
                                assertThat(answer.unavailable()).as(answer.id()).isNull());
                return snapshot;
            }
        }

        Diagnosis diagnose() {
            return Checks.diagnose(snapshot());
        }

        /** What one check finds. */
        List<Finding> findings(String check) {
            return diagnose().findings(check);
        }

        /** What one check finds with another threshold than its own: nobody waits an hour in a test. */
        List<Finding> findings(String check, String threshold, String instead) {
            return Checks.diagnose(snapshot(address, query -> {
                        if (!query.id().equals(check)) {
                            return query;
                        }
                        assertThat(query.sql()).contains(threshold);
                        return new Evidence.Query(check, query.sql().replace(threshold, instead));
                    }))
                    .findings(check);
        }
    }
}
