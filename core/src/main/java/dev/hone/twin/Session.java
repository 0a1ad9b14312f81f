package dev.hone.twin;

import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.ServerVersion;
import dev.hone.postgres.Sql;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * One connection to the twin's server. Statements go in the simple protocol, so that many travel in one message. Not
 * safe for use by several threads at once.
 */
final class Session implements AutoCloseable {

    /** How many statements travel together. */
    private static final int BATCH = 100;

    static final String SEVERAL = "there is more than one statement";
    private static final Pattern NO_CURSOR = Pattern.compile("cannot open ([A-Z ]+) query as cursor");
    private static final String INVALID_CURSOR = "42P11";

    /** A statement and the object that would be missing without it. */
    record Step(String object, String sql) {}

    @FunctionalInterface
    interface Row<T> {
        T read(ResultSet row) throws SQLException;
    }

    private final Connection connection;

    private Session(Connection connection) {
        this.connection = connection;
    }

    static Session open(ServerAddress address) {
        Map<String, String> properties = new TreeMap<>(address.properties());
        properties.put("preferQueryMode", "simple");
        return new Session(Server.open(
                new ServerAddress(
                        address.host(),
                        address.port(),
                        address.database(),
                        address.user(),
                        address.password(),
                        properties),
                "hone twin"));
    }

    /** The major version of the twin's server, which decides what its catalogs look like. */
    ServerVersion version() throws SQLException {
        // It came with the greeting; nothing is asked.
        return new ServerVersion(connection.getMetaData().getDatabaseMajorVersion() * 10_000);
    }

    /** Runs statements and forgets what they return. */
    void execute(String sql) throws SQLException {
        try (Statement statement = statement()) {
            statement.execute(sql);
        }
    }

    /** The rows of the first statement that returns any. */
    <T> List<T> query(String sql, Row<T> mapper) throws SQLException {
        try (Statement statement = statement()) {
            boolean rows = statement.execute(sql);
            while (!rows) {
                if (statement.getUpdateCount() == -1) {
                    return List.of();
                }
                rows = statement.getMoreResults();
            }
            List<T> found = new ArrayList<>();
            try (ResultSet result = statement.getResultSet()) {
                while (result.next()) {
                    found.add(mapper.read(result));
                }
            }
            return found;
        }
    }

    /** The first column of the first row. */
    Optional<String> text(String sql) throws SQLException {
        List<Optional<String>> rows = query(sql, row -> Optional.ofNullable(row.getString(1)));
        return rows.isEmpty() ? Optional.empty() : rows.getFirst();
    }

    /** Runs a query and gives the warnings that PostgreSQL sent with it, without its rows. */
    String warnings(String sql) throws SQLException {
        try (Statement statement = statement()) {
            statement.execute(sql);
            List<String> messages = new ArrayList<>();
            for (SQLWarning warning = statement.getWarnings(); warning != null; warning = warning.getNextWarning()) {
                messages.add(String.valueOf(warning.getMessage()));
            }
            return String.join("; ", messages);
        }
    }

    /**
     * Runs steps in an open transaction; one that fails leaves no trace and stops no other. They travel together, and
     * one by one only where a batch has failed.
     *
     * @param failed is told of each step that failed, and why
     */
    void attempt(List<Step> steps, BiConsumer<Step, String> failed) throws SQLException {
        for (int from = 0; from < steps.size(); from += BATCH) {
            attemptBatch(steps.subList(from, Math.min(steps.size(), from + BATCH)), failed);
        }
    }

    /** Runs one step as {@link #attempt(List, BiConsumer)} does; whether it succeeded. */
    boolean attempt(Step step, BiConsumer<Step, String> failed) throws SQLException {
        List<Step> failures = new ArrayList<>();
        attempt(List.of(step), (one, reason) -> {
            failures.add(one);
            failed.accept(one, reason);
        });
        return failures.isEmpty();
    }

    private void attemptBatch(List<Step> batch, BiConsumer<Step, String> failed) throws SQLException {
        StringBuilder all = new StringBuilder("SAVEPOINT attempt");
        for (Step step : batch) {
            all.append(";\n").append(step.sql());
        }
        all.append(";\nRELEASE attempt");
        try {
            execute(all.toString());
        } catch (SQLException e) {
            undo(e);
            if (batch.size() == 1) {
                failed.accept(batch.getFirst(), reason(e));
                return;
            }
            int half = batch.size() / 2;
            attemptBatch(batch.subList(0, half), failed);
            attemptBatch(batch.subList(half, batch.size()), failed);
        }
    }

    /** Goes back to before the attempt; the connection's end, or a text that ended the transaction, is passed on. */
    private void undo(SQLException failure) throws SQLException {
        try {
            execute("ROLLBACK TO attempt; RELEASE attempt");
        } catch (SQLException e) {
            failure.addSuppressed(e);
            throw failure;
        }
    }

    /** What PostgreSQL says, on one line and without where in our statement it was. */
    static String reason(SQLException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("").replaceFirst("^ERROR: ", "");
    }

    /**
     * Where in the text of the statement PostgreSQL saw the error, counted in characters from 1; 0 if it does not say.
     */
    static int position(SQLException e) {
        ServerErrorMessage message = e instanceof PSQLException server ? server.getServerErrorMessage() : null;
        return message == null ? 0 : Math.max(message.getPosition(), message.getInternalPosition());
    }

    /**
     * What a text is in the words of the server's own parser: {@code CREATE INDEX}, {@code SELECT}. It is parsed, and
     * not run: a cursor can be opened for nothing but one query, and the refusal names what else it is.
     *
     * @throws SQLException if it is no SQL, or more than one statement
     */
    String command(String sql) throws SQLException {
        try {
            execute("DO LANGUAGE plpgsql "
                    + Sql.literal("DECLARE c refcursor; BEGIN OPEN c FOR EXECUTE " + Sql.literal(sql) + "; END"));
            return "SELECT";
        } catch (SQLException e) {
            Matcher other = NO_CURSOR.matcher(reason(e));
            if (INVALID_CURSOR.equals(e.getSQLState()) && other.matches()) {
                return other.group(1);
            }
            if (INVALID_CURSOR.equals(e.getSQLState())) {
                throw new SQLException(SEVERAL, e.getSQLState(), e);
            }
            throw e;
        }
    }

    private Statement statement() throws SQLException {
        Statement statement = connection.createStatement();
        // Braces in SQL are the server's business, not JDBC's.
        statement.setEscapeProcessing(false);
        return statement;
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            // It is gone, which is what was wanted.
        }
    }
}
