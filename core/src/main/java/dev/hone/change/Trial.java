package dev.hone.change;

import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.postgresql.core.Parser;

/**
 * Lets the server itself judge a definition: on an empty temporary copy of the table, in a transaction that is rolled
 * back. It waits for locks as long as the connection's lock_timeout lets it.
 *
 * @param extensions statements that create what the definition rests on, to be run in that transaction first
 */
record Trial(Server server, String schema, String table, List<String> extensions) {

    /** The name of the copy, in pg_temp. */
    static final String TABLE = "hone_shape";

    /**
     * Runs a statement on the copy, and then a query that tells what became of it.
     *
     * @param parts what of the statement was given from outside, for the error if it turns out to be more than one
     * @return the query's first value
     * @throws SQLException if the server refuses
     * @throws Locked if somebody keeps it from judging
     */
    String of(String statement, String parts, String query) throws SQLException {
        requireOne(statement, parts);
        List<String> statements = new ArrayList<>(extensions);
        statements.add(
                "CREATE TEMPORARY TABLE " + TABLE + " (LIKE " + Sql.identifier(schema, table) + ") ON COMMIT DROP");
        statements.add(statement);
        return String.valueOf(rolledBack(server, statements, query));
    }

    /**
     * Runs statements in a transaction that is rolled back, and before that a query that tells what became of them.
     *
     * @return the query's first value; null if that is null, or there is no row
     * @throws SQLException if the server refuses
     * @throws Locked if somebody keeps it from judging
     */
    static @Nullable String rolledBack(Server server, List<String> statements, String query) throws SQLException {
        Connection connection = server.handle().getConnection();
        connection.setAutoCommit(false);
        try (Statement jdbc = connection.createStatement()) {
            jdbc.setEscapeProcessing(false);
            // As the worker has it, which is to run the statement: operator classes may lie in any schema.
            jdbc.execute("RESET search_path");
            for (String statement : statements) {
                jdbc.execute(statement);
            }
            jdbc.execute("SET LOCAL search_path = pg_catalog");
            try (ResultSet rs = jdbc.executeQuery(query)) {
                return rs.next() ? rs.getString(1) : null;
            }
        } catch (SQLException e) {
            if (Workbench.forLock(e)) {
                throw new Locked(e);
            }
            throw e;
        } finally {
            connection.rollback();
            connection.setAutoCommit(true);
        }
    }

    /** Refuses what would run more than it says. */
    static void requireOne(String statement, String parts) throws SQLException {
        if (Parser.parseJdbcSql(statement, true, false, true, false, false).size() != 1) {
            throw new SQLException(parts + " hold more than one statement", "42601");
        }
    }
}
