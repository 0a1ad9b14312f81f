package dev.hone.cases;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.Sql;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/**
 * Fills an empty database with a case: tables first, then their rows over two connections, then keys and references,
 * which cost less once the rows are there, then statistics.
 */
public final class Loader {

    private static final int CONNECTIONS = 2;
    private static final int CHUNK_BYTES = 64 * 1024;
    private static final long REPORT_ROWS = 10_000;
    private static final String EMPTY_FIRST = "Nothing was changed. Give the case an empty database of its own.";

    private final ServerAddress address;
    private final Class<?> beside;
    private final Progress progress;

    /**
     * @param beside class beside whose {@code schema.sql}, {@code keys.sql} and {@code references.sql} lie
     */
    public Loader(ServerAddress address, Class<?> beside, Progress progress) {
        this.address = address;
        this.beside = beside;
        this.progress = progress;
    }

    /**
     * Creates the tables and fills them.
     *
     * @param tables largest first, so that both connections end together
     * @throws HoneException as {@link Case#create} has it
     */
    public void load(List<Rows> tables) {
        try (Connection connection = Server.open(address, "hone")) {
            refuseUnlessEmpty(connection);
            execute(connection, resource(beside, "schema.sql"));
            copy(tables);
            List<String> keys = statements("keys.sql");
            List<String> references = statements("references.sql");
            List<String> vacuums = tables.stream()
                    .map(rows -> "VACUUM (ANALYZE) " + Sql.identifier(rows.table()))
                    .toList();
            try (Progress.Task task =
                    progress.begin("Keys and statistics", keys.size() + references.size() + vacuums.size())) {
                AtomicLong done = new AtomicLong();
                inParallel(keys, task, done);
                // One by one: two of them would wait for each other's tables.
                for (String reference : references) {
                    execute(connection, reference);
                    task.at(done.incrementAndGet(), "references");
                }
                inParallel(vacuums, task, done);
            }
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    /** The text of a resource beside a class. */
    public static String resource(Class<?> beside, String name) {
        try (InputStream in = beside.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalArgumentException("no resource " + name + " beside " + beside.getName());
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void copy(List<Rows> tables) {
        long total = tables.stream().mapToLong(Rows::count).sum();
        try (Progress.Task task = progress.begin("Loading rows", total)) {
            AtomicLong done = new AtomicLong();
            onConnections(tables.stream()
                    .<Work>map(rows -> connection -> copy(connection, rows, task, done))
                    .toList());
        }
    }

    private static void copy(Connection connection, Rows rows, Progress.Task task, AtomicLong done)
            throws SQLException {
        String table = Sql.identifier(rows.table());
        String columns = rows.columns().stream().map(Sql::identifier).collect(Collectors.joining(", "));
        connection.setAutoCommit(false);
        // Frozen rows need a table that is new in the same transaction; then VACUUM has nothing left to write.
        execute(connection, "TRUNCATE " + table);
        CopyIn in = connection
                .unwrap(PGConnection.class)
                .getCopyAPI()
                .copyIn("COPY " + table + " (" + columns + ") FROM STDIN (FREEZE)");
        try {
            CopyText out = new CopyText();
            for (long id = 1; id <= rows.count(); id++) {
                rows.write(id, out);
                out.end();
                if (out.length() >= CHUNK_BYTES) {
                    in.writeToCopy(out.bytes(), 0, out.length());
                    out.clear();
                }
                if (id % REPORT_ROWS == 0) {
                    task.at(done.addAndGet(REPORT_ROWS), rows.table());
                }
            }
            in.writeToCopy(out.bytes(), 0, out.length());
            in.endCopy();
        } finally {
            if (in.isActive()) {
                in.cancelCopy();
            }
        }
        execute(
                connection,
                "SELECT setval(pg_get_serial_sequence(" + Sql.literal(table) + ", "
                        + Sql.literal(rows.columns().getFirst()) + "), " + rows.count() + ")");
        connection.commit();
        connection.setAutoCommit(true);
        task.at(done.addAndGet(rows.count() % REPORT_ROWS), rows.table());
    }

    private void inParallel(List<String> statements, Progress.Task task, AtomicLong done) {
        onConnections(statements.stream()
                .<Work>map(sql -> connection -> {
                    execute(connection, sql);
                    task.at(done.incrementAndGet(), "");
                })
                .toList());
    }

    /** Work that needs a connection of its own for a while. */
    @FunctionalInterface
    private interface Work {
        void on(Connection connection) throws SQLException;
    }

    private void onConnections(List<Work> works) {
        ExecutorService threads = Executors.newFixedThreadPool(CONNECTIONS);
        try {
            List<Future<Void>> running = new ArrayList<>();
            for (Work work : works) {
                running.add(threads.submit((Callable<Void>) () -> {
                    try (Connection connection = Server.open(address, "hone")) {
                        work.on(connection);
                    }
                    return null;
                }));
            }
            for (Future<Void> one : running) {
                one.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failed(e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof HoneException hone) {
                throw hone;
            }
            throw failed(e);
        } finally {
            threads.shutdownNow();
        }
    }

    private List<String> statements(String name) {
        String withoutComments = resource(beside, name).replaceAll("(?m)^--.*$", "");
        return Arrays.stream(withoutComments.split(";"))
                .map(String::strip)
                .filter(sql -> !sql.isEmpty())
                .toList();
    }

    private void refuseUnlessEmpty(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(Sql.tag("tables", """
                        SELECT count(*) FROM pg_catalog.pg_class
                        WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"""))) {
            if (result.next() && result.getLong(1) > 0) {
                throw HoneException.refused(
                        "The database " + address.database() + " has " + result.getLong(1) + " tables already",
                        EMPTY_FIRST);
            }
        }
    }

    private HoneException failed(Exception e) {
        Throwable cause = e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e;
        return HoneException.failed(
                "Cannot fill the database " + address.database() + ": " + cause.getMessage(),
                "It is half filled and holds nothing but the case: drop it, create it anew and try again.",
                cause);
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
