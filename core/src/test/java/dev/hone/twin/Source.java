package dev.hone.twin;

import dev.hone.Progress;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;

/** A real, filled database that twins are built of. */
record Source(LocalServer local, Server server) implements AutoCloseable {

    static Source start() {
        return start(Installation.embedded());
    }

    static Source start(Installation installation) {
        Source source = empty(installation);
        source.execute(resource("source.sql"));
        if (source.server().version().isAtLeast(14)) {
            source.execute("CREATE STATISTICS \"Sales Dept\".\"by plan\" (ndistinct) ON (profile ->> 'plan'), country"
                    + " FROM \"Sales Dept\".\"Customer\"");
            source.execute("CREATE STATISTICS \"Sales Dept\".\"plan\" ON (profile ->> 'plan')"
                    + " FROM \"Sales Dept\".\"Customer\"");
        }
        source.analyze();
        return source;
    }

    /** A database with nothing in it. */
    static Source empty() {
        return empty(Installation.embedded());
    }

    private static Source empty(Installation installation) {
        LocalServer local = LocalServer.start(installation, Map.of("autovacuum", "off", "jit", "off"));
        return new Source(local, Server.connect(local.address("postgres")));
    }

    static String resource(String name) {
        try (InputStream in = Source.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void analyze() {
        execute("VACUUM ANALYZE");
    }

    void execute(String sql) {
        try (Statement statement = connection().createStatement()) {
            statement.setEscapeProcessing(false);
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    List<Long> longs(String sql) {
        return server.handle().createQuery(sql).mapTo(Long.class).list();
    }

    Plan explain(String sql) {
        try (Statement statement = connection().createStatement();
                ResultSet result = statement.executeQuery("EXPLAIN (VERBOSE, FORMAT JSON) " + sql)) {
            result.next();
            return Plan.parse(result.getString(1));
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }

    Snapshot snapshot() {
        return SnapshotReader.whole(List.of()).read(server, Progress.NONE);
    }

    private Connection connection() {
        return server.handle().getConnection();
    }

    @Override
    public void close() {
        server.close();
        local.close();
    }
}
