package dev.hone.change;

import dev.hone.Progress;
import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Runs statements on a session's worker while its other connection watches. Two budgets for locks: a short one, tried
 * again and again, for statements that queue others behind them; a long, watched one for those that queue nobody, and
 * whose timeout would leave something half done. Not safe for use by several threads at once.
 */
final class Workbench {

    private static final String LOCK_NOT_AVAILABLE = "55P03";
    private static final String DEADLOCK = "40P01";
    private static final long SWAP_LOCK_MILLIS = 50;
    private static final long SWAP_POLL_MILLIS = 20;
    private static final int SWAP_ATTEMPTS = 5;
    private static final int SWAP_DOUBLINGS = 2;

    private final DeploymentSession session;
    private final DeployOptions options;
    private final Schema schema;
    private final Progress.Task task;
    private final Journal.Row row;
    private List<Blocker> blockers = List.of();

    /**
     * @param row the journal's row of the step that is worked on
     */
    Workbench(DeploymentSession session, DeployOptions options, Progress.Task task, Journal.Row row) {
        this.session = session;
        this.row = row;
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

    /**
     * Looks at what is there, as often as a statement that queues others is tried, while the worker watches whom the look
     * waits for.
     *
     * @throws SQLException if somebody kept it from being looked at
     */
    Outlook look(Supplier<Outlook> what) throws SQLException {
        AtomicReference<@Nullable Outlook> found = new AtomicReference<>();
        again(0, () -> found.set(watched(what)));
        return Objects.requireNonNull(found.get());
    }

    private Outlook watched(Supplier<Outlook> what) throws SQLException {
        Server worker = session.worker();
        // The watch must not meet functions of a stranger; the statements of changes have the path of the role.
        path(worker, "SET search_path = pg_catalog, pg_temp");
        Watch watch = Watch.begin(worker, session.controlPid(), task, 0, 0);
        try (watch) {
            return what.get();
        } catch (Locked e) {
            throw e.failure();
        } finally {
            blockersOf(watch);
            // A connection that is gone took its path along.
            if (!worker.handle().getConnection().isClosed()) {
                path(worker, "RESET search_path");
            }
        }
    }

    private static void path(Server worker, String sql) throws SQLException {
        try (Statement statement = worker.handle().getConnection().createStatement()) {
            statement.execute(sql);
        }
    }

    private void blockersOf(Watch watch) {
        if (!watch.blockers().isEmpty()) {
            blockers = watch.blockers();
        }
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

    /**
     * Runs statements in one transaction that also writes into the journal what is to be remembered: so that what
     * cannot be seen in the catalogs is known to have happened, or not.
     */
    void runTogether(List<String> statements, Record before) throws SQLException {
        List<String> all = new ArrayList<>(statements);
        all.add(row.remember(before));
        runTogether(all);
    }

    /** Writes into the journal what is to be remembered. */
    void remember(Record before) {
        session.control().handle().execute(row.remember(before));
    }

    /**
     * Pauses before the next part of a step as long as a limit is exceeded.
     *
     * @param at where the task stands meanwhile
     */
    void pace(int at) throws Pacing.Expired {
        new Pacing(session, options.limits()).await(task, at);
    }

    /** Undoes what somebody's own statements have set for the session. */
    void forgetSettings() {
        session.forgetSettings();
    }

    /** Runs statements that queue others behind them in one transaction: all of them happen, or none. */
    void runTogether(List<String> statements) throws SQLException {
        again(
                0,
                () -> inTransaction(connection -> {
                    for (String sql : statements) {
                        run(sql, options.lockTimeout(), null, 0, 0);
                    }
                }));
    }

    /**
     * Makes a swap in one transaction: first what blocks nobody, then in one go what blocks writers, which begins by
     * taking its locks. As writers queue behind a wait for them, an attempt waits for each lock no longer than they may
     * be blocked, and there are the more attempts.
     *
     * @param remembered what the journal is to say once it has happened
     */
    void swap(List<String> beforehand, List<String> blocking, Record remembered) throws SQLException {
        List<String> all = new ArrayList<>(blocking);
        all.add(row.remember(remembered));
        String inOneGo = all.stream().map(sql -> Sql.tag("change", sql)).collect(Collectors.joining(";\n"));
        long millis = Math.min(SWAP_LOCK_MILLIS, options.lockTimeout().toMillis());
        again(
                0,
                options.attempts() * SWAP_ATTEMPTS,
                SWAP_DOUBLINGS,
                () -> inTransaction(connection -> {
                    for (String sql : beforehand) {
                        run(sql, options.lockTimeout(), null, 0, 0);
                    }
                    try (Statement statement = connection.createStatement()) {
                        statement.setEscapeProcessing(false);
                        statement.execute("SET LOCAL lock_timeout = " + millis);
                        // What commits later is never there without the swap. The server waits for the disk all the
                        // same
                        // where the swap drops something that has a file.
                        statement.execute("SET LOCAL synchronous_commit = off");
                        Watch watch = Watch.begin(session.control(), session.workerPid(), task, 0, 0, SWAP_POLL_MILLIS);
                        try (watch) {
                            statement.execute(inOneGo);
                        } finally {
                            // So short a wait is not always seen.
                            blockersOf(watch);
                        }
                    }
                }));
    }

    /** Runs work in one transaction on the worker: all of it happens, or none. */
    void inTransaction(Work work) throws SQLException {
        session.assertOurs();
        Connection connection = session.worker().handle().getConnection();
        connection.setAutoCommit(false);
        try {
            work.on(connection);
            connection.commit();
        } catch (SQLException | RuntimeException e) {
            rollback(connection, e);
            throw e;
        } finally {
            if (!connection.isClosed()) {
                connection.setAutoCommit(true);
            }
        }
    }

    /** Something to be done in a transaction. */
    interface Work {
        void on(Connection connection) throws SQLException;
    }

    /** The statement that writes down one component of what is remembered, for the worker to run. */
    String remembering(String component, Object value) {
        return row.remember(component, value);
    }

    /** Says how far the step is, of {@link Watch#TOTAL}. */
    void at(long done, String detail) {
        task.at(done, detail);
    }

    private static void rollback(Connection connection, Exception failure) {
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
        again(from, options.attempts(), Integer.MAX_VALUE, what);
    }

    private void again(int from, int attempts, int doublings, Attempt what) throws SQLException {
        blockers = List.of();
        for (int attempt = 1; ; attempt++) {
            try {
                what.make();
                return;
            } catch (SQLException e) {
                if (!forLock(e)) {
                    throw e;
                }
                if (attempt >= attempts) {
                    throw blockers.isEmpty() ? e : new Blocked(e, Blocker.words(blockers));
                }
                String retrying = "a lock was not to be had; attempt " + (attempt + 1) + " of " + attempts + " follows";
                if (blockers.isEmpty()) {
                    task.at(from, retrying);
                } else {
                    task.waiting(
                            from, retrying + "; it was held by " + Blocker.words(blockers), Blocker.pids(blockers));
                }
                Pause.after(Math.min(attempt, doublings), options.backOff());
            }
        }
    }

    /** Whether it failed only for a lock that somebody else had. */
    static boolean forLock(SQLException e) {
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
            Watch watch = Watch.begin(session.control(), session.workerPid(), task, from, share);
            try (watch) {
                statement.execute(Sql.tag("change", sql));
            } finally {
                blockersOf(watch);
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

    /** A lock was not to be had, and who had it is known. */
    static final class Blocked extends SQLException {

        private static final long serialVersionUID = 1L;

        private final SQLException failure;
        private final String blockers;

        Blocked(SQLException failure, String blockers) {
            super(failure.getMessage(), failure.getSQLState(), failure);
            this.failure = failure;
            this.blockers = blockers;
        }

        SQLException failure() {
            return failure;
        }

        /** Who held it when it was last seen, in words. */
        String blockers() {
            return blockers;
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
