package dev.hone.change;

import dev.hone.Progress;
import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Runs statements on a session's worker while its other connection watches. Two budgets for locks: a short one, tried
 * again and again, for statements that queue others behind them; a long, watched one for those that queue nobody, and
 * whose timeout would leave something half done. Not safe for use by several threads at once.
 */
final class Workbench {

    private static final String LOCK_NOT_AVAILABLE = "55P03";
    private static final String DEADLOCK = "40P01";

    private final DeploymentSession session;
    private final DeployOptions options;
    private final Schema schema;
    private final Progress.Task task;

    Workbench(DeploymentSession session, DeployOptions options, Progress.Task task) {
        this.session = session;
        this.options = options;
        this.schema = new Schema(session.control());
        this.task = task;
    }

    /** The connection that reads catalogs. */
    Server control() {
        return session.control();
    }

    Schema schema() {
        return schema;
    }

    /** Runs a statement that queues others behind it, each attempt under the short budget. */
    void runQueueing(String sql) throws SQLException {
        runQueueing(sql, 0, 0);
    }

    void runQueueing(String sql, int from, int share) throws SQLException {
        again(from, () -> run(sql, options.lockTimeout(), null, from, share));
    }

    /** Runs a statement that queues nobody, under the long budget. */
    void runPatiently(String sql) throws SQLException {
        runPatiently(sql, 0, 0);
    }

    void runPatiently(String sql, int from, int share) throws SQLException {
        again(from, () -> run(sql, options.buildLockTimeout(), null, from, share));
    }

    /** Runs statements that queue others behind them in one transaction: all of them happen, or none. */
    void runTogether(List<String> statements) throws SQLException {
        again(0, () -> {
            Connection connection = session.worker().handle().getConnection();
            connection.setAutoCommit(false);
            try {
                for (String sql : statements) {
                    run(sql, options.lockTimeout(), null, 0, 0);
                }
                connection.commit();
            } catch (SQLException e) {
                rollback(connection, e);
                throw e;
            } finally {
                if (!connection.isClosed()) {
                    connection.setAutoCommit(true);
                }
            }
        });
    }

    private static void rollback(Connection connection, SQLException failure) {
        try {
            connection.rollback();
        } catch (SQLException e) {
            // The session is gone, and its transaction with it.
            failure.addSuppressed(e);
        }
    }

    /** Something to be tried. */
    interface Attempt {
        void make() throws SQLException;
    }

    /** Tries again as long as only a lock was missing, and attempts are left. */
    void again(int from, Attempt what) throws SQLException {
        for (int attempt = 1; ; attempt++) {
            try {
                what.make();
                return;
            } catch (SQLException e) {
                if (!worthRetrying(e) || attempt >= options.attempts()) {
                    throw e;
                }
                task.at(
                        from,
                        "a lock was not to be had; attempt " + (attempt + 1) + " of " + options.attempts()
                                + " follows");
                Pause.after(attempt, options.backOff());
            }
        }
    }

    private static boolean worthRetrying(SQLException e) {
        return LOCK_NOT_AVAILABLE.equals(e.getSQLState()) || DEADLOCK.equals(e.getSQLState());
    }

    /** One attempt of a concurrent build. */
    void buildOnce(String sql, @Nullable String tablespace, int from, int share) throws SQLException {
        run(sql, options.buildLockTimeout(), tablespace, from, share);
    }

    private void run(String sql, Duration lockTimeout, @Nullable String tablespace, int from, int share)
            throws SQLException {
        session.assertOurs();
        Connection connection = session.worker().handle().getConnection();
        try (Statement statement = connection.createStatement()) {
            statement.setEscapeProcessing(false);
            statement.execute("SET lock_timeout = " + lockTimeout.toMillis());
            statement.execute(
                    tablespace == null
                            ? "RESET default_tablespace"
                            : "SET default_tablespace = " + Sql.literal(tablespace));
            try (Watch watch = Watch.begin(session.control(), session.workerPid(), task, from, share)) {
                statement.execute(Sql.tag("change", sql));
            }
        }
    }

    /** Makes sure that there is a worker: its session may be what failed. */
    void revive() {
        try (Statement statement = session.worker().handle().getConnection().createStatement()) {
            statement.execute("SELECT 1");
        } catch (SQLException e) {
            session.reconnectWorker();
        }
    }

    /** A build failed, and what it left could not be removed: the journal knows it, and the next run removes it. */
    static final class Leftover extends SQLException {

        private static final long serialVersionUID = 1L;

        private final SQLException failure;

        Leftover(SQLException failure, Exception removal) {
            super(
                    failure.getMessage() + " (and the invalid index it left could not be removed: "
                            + removal.getMessage() + ")",
                    failure.getSQLState(),
                    failure);
            this.failure = failure;
            addSuppressed(removal);
        }

        SQLException failure() {
            return failure;
        }
    }
}
