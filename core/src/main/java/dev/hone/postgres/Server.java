package dev.hone.postgres;

import dev.hone.HoneException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.SqlStatements;
import org.jdbi.v3.core.statement.TemplateEngine;
import org.jdbi.v3.core.transaction.TransactionException;

/**
 * One polite connection to a server: it names itself, and what it reads it reads in read-only transactions under
 * timeouts. Not safe for use by several threads at once.
 */
public final class Server implements AutoCloseable {

    private static final Duration LOCK_TIMEOUT = Duration.ofMillis(500);

    private final ServerAddress address;
    private final Handle handle;
    private final ServerVersion version;

    private Server(ServerAddress address, Handle handle, ServerVersion version) {
        this.address = address;
        this.handle = handle;
        this.version = version;
    }

    /**
     * Connects.
     *
     * @throws HoneException of kind {@code UNREACHABLE} if there is no server, or it does not let us in
     */
    public static Server connect(ServerAddress address) {
        Handle handle = Jdbi.open(open(address, "hone"));
        // SQL stays as it is written: Jdbi's own templates would read "<name>" as a placeholder.
        handle.getConfig(SqlStatements.class).setTemplateEngine(TemplateEngine.NOP);
        try {
            int number = handle.createQuery(Sql.tag("version", "SELECT current_setting('server_version_num')::int"))
                    .mapTo(Integer.class)
                    .one();
            return new Server(address, handle, new ServerVersion(number));
        } catch (RuntimeException e) {
            handle.close();
            throw e;
        }
    }

    /**
     * A bare JDBC connection in autocommit mode; the caller closes it.
     *
     * @throws HoneException of kind {@code UNREACHABLE} if there is no server, or it does not let us in
     */
    public static Connection open(ServerAddress address, String applicationName) {
        try {
            return DriverManager.getConnection(address.driverUrl(), address.driverProperties(applicationName));
        } catch (SQLException e) {
            throw ConnectionFailure.explain(address, e);
        }
    }

    public ServerAddress address() {
        return address;
    }

    public ServerVersion version() {
        return version;
    }

    /**
     * The connection as it is, in autocommit mode and without timeouts: for changes and for servers of our own. What
     * only reads goes through {@link #read}.
     */
    public Handle handle() {
        return handle;
    }

    /**
     * Runs work in one read-only, repeatable-read transaction that waits for no lock longer than half a second, and is
     * rolled back at the end.
     *
     * @param statementTimeout the longest that one statement may take
     */
    public <T> T read(Duration statementTimeout, Function<Handle, T> work) {
        handle.begin();
        try {
            handle.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
            handle.createQuery(Sql.tag("timeouts", """
                            SELECT set_config('statement_timeout', :statement, true),
                                   set_config('lock_timeout', :lock, true),
                                   set_config('idle_in_transaction_session_timeout', '60s', true),
                                   set_config('jit', 'off', true),
                                   set_config('search_path', 'pg_catalog', true),
                                   set_config('extra_float_digits', '3', true),
                                   set_config('DateStyle', 'ISO, MDY', true),
                                   set_config('IntervalStyle', 'postgres', true),
                                   set_config('bytea_output', 'hex', true)"""))
                    .bind("statement", statementTimeout.toMillis() + "ms")
                    .bind("lock", LOCK_TIMEOUT.toMillis() + "ms")
                    .mapTo(String.class)
                    .one();
            return work.apply(handle);
        } finally {
            rollback();
        }
    }

    private void rollback() {
        try {
            handle.rollback();
        } catch (TransactionException e) {
            // The connection is gone, and its transaction with it; what failed before says why.
        }
    }

    @Override
    public void close() {
        handle.close();
    }
}
