package dev.hone.change;

import dev.hone.Progress;
import dev.hone.postgres.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Builds and removes indexes on a session's worker while its other connection watches. Two budgets for locks: a short
 * one, tried again and again, for statements that queue others behind them; a long, watched one for concurrent
 * statements, which queue nobody, and whose timeout would leave an invalid index behind. Not safe for use by several
 * threads at once.
 */
final class Workbench {

    private static final String LOCK_NOT_AVAILABLE = "55P03";
    private static final String DEADLOCK = "40P01";
    private static final String DUPLICATE_OBJECT = "42P07";
    private static final String UNDEFINED_OBJECT = "42704";

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

    /** Runs a statement that queues others behind it, each attempt under the short budget. */
    void runQueueing(String sql, int from, int share) throws SQLException {
        runAgain(sql, options.lockTimeout(), from, share);
    }

    /** Runs a statement that queues nobody, under the long budget. */
    void runPatiently(String sql, int from, int share) throws SQLException {
        runAgain(sql, options.buildLockTimeout(), from, share);
    }

    private void runAgain(String sql, Duration lockTimeout, int from, int share) throws SQLException {
        for (int attempt = 1; ; attempt++) {
            try {
                run(sql, lockTimeout, null, from, share);
                return;
            } catch (SQLException e) {
                if (!worthRetrying(e) || attempt >= options.attempts()) {
                    throw e;
                }
                pause(attempt, from);
            }
        }
    }

    private static boolean worthRetrying(SQLException e) {
        return LOCK_NOT_AVAILABLE.equals(e.getSQLState()) || DEADLOCK.equals(e.getSQLState());
    }

    private void pause(int attempt, int from) {
        task.at(from, "a lock was not to be had; attempt " + (attempt + 1) + " of " + options.attempts() + " follows");
        Pause.after(attempt, options.backOff());
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

    /**
     * Builds an index from its parts; those that are there and valid already stay. If it does not succeed, everything
     * of it that is there is removed before the failure is thrown.
     *
     * @return the oid of the index
     * @throws SQLException if the server refused
     * @throws Leftover if it failed and what it left could not be removed
     */
    long build(List<IndexPart> parts) throws SQLException {
        try {
            int share = Watch.TOTAL / Math.max(1, parts.size());
            int from = 0;
            for (IndexPart part : parts) {
                if (part.partitioned()) {
                    buildOnParent(part, from, share);
                    from += share;
                }
            }
            for (IndexPart part : parts) {
                if (!part.partitioned()) {
                    buildConcurrently(part, from, share);
                    from += share;
                }
            }
            attach(parts, Math.min(from, Watch.TOTAL));
            for (IndexPart part : parts) {
                for (String sql : part.afterwards()) {
                    runQueueing(sql, Watch.TOTAL, 0);
                }
            }
            return verify(parts);
        } catch (SQLException e) {
            if (!DUPLICATE_OBJECT.equals(e.getSQLState())) {
                removeAfterFailure(parts, e);
            }
            throw e;
        }
    }

    private void removeAfterFailure(List<IndexPart> parts, SQLException failure) throws Leftover {
        try {
            revive();
            remove(parts, 0, 0);
        } catch (SQLException | RuntimeException e) {
            throw new Leftover(failure, e);
        }
    }

    /** The worker's session may be what failed. */
    private void revive() {
        try (Statement statement = session.worker().handle().getConnection().createStatement()) {
            statement.execute("SELECT 1");
        } catch (SQLException e) {
            session.reconnectWorker();
        }
    }

    private void buildOnParent(IndexPart part, int from, int share) throws SQLException {
        Optional<Schema.Found> found = schema.find(part.schema(), part.name());
        if (found.isPresent()) {
            requireSame(part, found.get());
        } else {
            runQueueing(part.buildSql(), from, share);
        }
    }

    private void buildConcurrently(IndexPart part, int from, int share) throws SQLException {
        for (int attempt = 1; ; attempt++) {
            Optional<Schema.Found> found = schema.find(part.schema(), part.name());
            if (found.isPresent()) {
                requireSame(part, found.get());
                if (found.get().valid()) {
                    return;
                }
                removeConcurrently(part, found.get(), from);
            }
            try {
                run(part.buildSql(), options.buildLockTimeout(), part.tablespace(), from, share);
                return;
            } catch (SQLException e) {
                if (!worthRetrying(e) || attempt >= options.attempts()) {
                    throw e;
                }
                pause(attempt, from);
            }
        }
    }

    private static void requireSame(IndexPart part, Schema.Found found) throws SQLException {
        if (!part.definition().equals(found.definition())) {
            throw new SQLException(
                    "the name " + part.qualifiedName() + " is taken by another object", DUPLICATE_OBJECT);
        }
    }

    private void attach(List<IndexPart> parts, int from) throws SQLException {
        List<IndexPart> deepestFirst = parts.stream()
                .sorted(Comparator.comparingInt(IndexPart::level).reversed())
                .toList();
        for (IndexPart part : deepestFirst) {
            String attach = part.attachSql();
            if (attach != null
                    && schema.find(part.schema(), part.name())
                            .map(found -> found.parentName() == null)
                            .orElse(true)) {
                runQueueing(attach, from, 0);
            }
        }
    }

    /** Success is an index that is valid and is exactly what was asked for. */
    private long verify(List<IndexPart> parts) throws SQLException {
        long oid = 0;
        for (IndexPart part : parts) {
            Schema.Found found = schema.find(part.schema(), part.name()).orElse(null);
            if (found == null || !part.definition().equals(found.definition())) {
                throw new SQLException(
                        "after the build, " + part.qualifiedName() + " is not what was asked for: "
                                + (found == null ? "it is not there" : String.valueOf(found.definition())),
                        "XX000");
            }
            if (!found.valid()) {
                throw new SQLException(
                        "after the build, " + part.qualifiedName() + " is not valid; if a partition was added"
                                + " meanwhile, try again",
                        "XX000");
            }
            if (part.level() == 0) {
                oid = found.oid();
            }
        }
        return oid;
    }

    /** Removes what is there of an index, wherever its definition is the one the journal knows. */
    void remove(List<IndexPart> parts, int from, int share) throws SQLException {
        List<IndexPart> outermostFirst =
                parts.stream().sorted(Comparator.comparingInt(IndexPart::level)).toList();
        for (IndexPart part : outermostFirst) {
            Optional<Schema.Found> found = schema.find(part.schema(), part.name());
            if (found.isEmpty() || !part.definition().equals(found.get().definition())) {
                continue;
            }
            if (part.partitioned()) {
                // Takes those attached to it along.
                runQueueing(part.dropSql(), from, share);
            } else {
                removeConcurrently(part, found.get(), from);
            }
        }
    }

    private void removeConcurrently(IndexPart part, Schema.Found found, int from) throws SQLException {
        Optional<Integer> builder = schema.builder(found.oid());
        if (builder.isPresent()) {
            throw new SQLException(
                    "index " + part.qualifiedName() + " is being built by process " + builder.get()
                            + ", which is not of this deployment",
                    "55006");
        }
        try {
            runPatiently(part.dropSql(), from, 0);
        } catch (SQLException e) {
            if (!UNDEFINED_OBJECT.equals(e.getSQLState())) {
                throw e;
            }
        }
        if (schema.find(part.schema(), part.name()).isPresent()) {
            throw new SQLException("after its removal, " + part.qualifiedName() + " is still there", "XX000");
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
