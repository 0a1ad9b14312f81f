package dev.hone.change;

import dev.hone.postgres.Sql;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Copies a table's rows into another while they are read and written. Triggers note the keys that are written into a
 * table; what they stand for is brought over again. Batches go along the key, and each commits together with how far it
 * came. Not safe for use by several threads at once.
 *
 * @param from the table whose rows are copied
 * @param to where to
 */
record OnlineCopy(Workbench workbench, PartitionDesign design, String from, String to) {

    private static final String UNIQUE_VIOLATION = "23505";
    private static final int BATCH_OF_KEYS = 1_000;
    /** Few enough for the transaction of the swap to begin with. */
    private static final int FEW_KEYS = 1_000;

    /** Few enough to be brought over behind its locks. */
    private static final int NEXT_TO_NONE = 500;

    private static final int ROUNDS_BEFORE_LOCKS = 3;

    /** So many rounds in which no fewer keys wait than ever before, and the writers are faster. */
    private static final int MOST_ROUNDS = 200;

    /** The new table has no statistics yet, and row-level security must hide no row, but fail. */
    private static final String BY_INDEX =
            "pg_catalog.set_config(name, 'off', true) FROM pg_catalog.unnest(ARRAY['row_security', 'jit',"
                    + " 'enable_hashjoin', 'enable_mergejoin', 'enable_seqscan']) AS s(name)";

    private static final int MOST_TRIES = 20;

    /**
     * Copies all rows from a position on.
     *
     * @param after the key of the last row that was copied; empty for none
     * @param total about how many rows there are
     * @param component of what the journal remembers, for the position
     */
    void rows(List<String> after, long total, String component) throws SQLException {
        Pace pace = Pace.FIRST;
        List<String> last = after;
        long done = 0;
        int tries = 0;
        while (true) {
            long start = System.nanoTime();
            List<String> reached;
            try {
                reached = batch(last, pace.rows(), component);
                tries = 0;
            } catch (SQLException e) {
                // A unique value may have moved from a row that was copied to this one: what was noted tells.
                if (!UNIQUE_VIOLATION.equals(e.getSQLState()) || ++tries > MOST_TRIES) {
                    throw e;
                }
                noted();
                continue;
            }
            if (reached.isEmpty()) {
                return;
            }
            last = reached;
            done += pace.rows();
            Duration took = Duration.ofNanos(System.nanoTime() - start);
            workbench.at(
                    Math.min(Watch.TOTAL * 9L / 10, Watch.TOTAL * 9L / 10 * done / Math.max(1, total)),
                    "about " + Math.min(done, total) + " of " + total + " rows copied, " + pace.rows() + " in "
                            + took.toMillis() + " ms");
            pace = pace.after(took);
            workbench.pace((int) Math.min(Watch.TOTAL * 9L / 10, Watch.TOTAL * 9L / 10 * done / Math.max(1, total)));
            // Leaves the server to the others for a tenth of the time.
            Pause.of(took.dividedBy(10));
            if (done % (10L * pace.rows()) < pace.rows()) {
                noted();
            }
        }
    }

    /** The key of the last row of the batch; empty at the end. */
    private List<String> batch(List<String> after, int rows, String component) throws SQLException {
        String beyond = after.isEmpty()
                ? ""
                : " WHERE (" + design.keys() + ") > ("
                        + after.stream().map(Sql::literal).collect(Collectors.joining(", ")) + ")";
        String sql = "WITH b AS MATERIALIZED (SELECT " + design.columns() + " FROM " + from + beyond + " ORDER BY "
                + design.keys() + " LIMIT " + rows + "), copied AS (INSERT INTO " + to + " (" + design.columns()
                + ") OVERRIDING SYSTEM VALUE SELECT " + design.columns() + " FROM b WHERE NOT EXISTS (SELECT FROM " + to
                + " d WHERE " + design.same() + "))"
                + " SELECT " + design.keys()
                + " FROM (SELECT b.*, pg_catalog.row_number() OVER () AS hone_place FROM b) AS placed"
                + " ORDER BY hone_place DESC LIMIT 1";
        List<String> key = new ArrayList<>();
        workbench.inTransaction(connection -> {
            key.clear();
            try (Statement statement = connection.createStatement()) {
                statement.setEscapeProcessing(false);
                statement.execute("SELECT " + BY_INDEX);
                try (ResultSet rs = statement.executeQuery(Sql.tag("copy", sql))) {
                    if (rs.next()) {
                        for (int i = 1; i <= rs.getMetaData().getColumnCount(); i++) {
                            key.add(rs.getString(i));
                        }
                    }
                }
                if (!key.isEmpty()) {
                    statement.execute(workbench.remembering(component, key));
                }
            }
        });
        return key;
    }

    /**
     * Brings over what was noted, until few keys are left or the writers are faster.
     *
     * @return whether few are left
     */
    boolean noted() throws SQLException {
        long keys = BATCH_OF_KEYS;
        long fewest = Long.MAX_VALUE;
        for (int round = 0; round < MOST_ROUNDS; round++) {
            long most = keys;
            try {
                workbench.inTransaction(connection -> execute(connection, bring(most)));
                keys = BATCH_OF_KEYS;
            } catch (SQLException e) {
                // A unique value moved between rows of different batches: one batch for both.
                if (!UNIQUE_VIOLATION.equals(e.getSQLState()) || keys > BATCH_OF_KEYS * 1_000L) {
                    throw e;
                }
                keys *= 4;
                continue;
            }
            long waiting = waiting();
            if (waiting <= FEW_KEYS) {
                return true;
            }
            if (waiting < fewest) {
                fewest = waiting;
                round = 0;
            }
        }
        return false;
    }

    /**
     * Makes the swap. What was noted is brought over right before the locks are taken, and once more behind them, when it
     * is next to nothing.
     */
    void swap(List<String> beforehand, List<String> locks, List<String> statements, Record remembered)
            throws SQLException {
        List<String> first = new ArrayList<>(beforehand);
        // Each round takes less time than the one before, and so leaves fewer keys.
        first.addAll(Collections.nCopies(ROUNDS_BEFORE_LOCKS, bringAll()));
        List<String> blocking = new ArrayList<>(locks);
        blocking.add(few());
        blocking.add(bringAll());
        blocking.addAll(statements);
        for (int tries = 1; ; tries++) {
            if (!noted()) {
                throw new SQLException(
                        "what is written into " + from + " is noted faster than it can be brought over to " + to
                                + ": apply, or undo, again at a quieter time",
                        "55000");
            }
            try {
                workbench.swap(first, blocking, remembered);
                return;
            } catch (SQLException e) {
                // A unique value moved while rows were brought over and nothing was locked yet.
                if (!UNIQUE_VIOLATION.equals(e.getSQLState()) || tries > MOST_TRIES) {
                    throw e;
                }
            }
        }
    }

    /** How many keys wait, at most: a number that was given to nobody counts too. */
    private long waiting() {
        return workbench
                .control()
                .handle()
                .createQuery(Sql.tag(
                        "noted", "SELECT coalesce(max(hone_number) - min(hone_number) + 1, 0) FROM " + design.dirty()))
                .mapTo(Long.class)
                .one();
    }

    /** As if the locks had not been had, when more was noted before they were than may be brought over behind them. */
    private String few() {
        return "DO "
                + Sql.literal("BEGIN IF (SELECT count(*) FROM (SELECT FROM " + design.dirty() + " LIMIT "
                        + (NEXT_TO_NONE + 1) + ") AS d) > " + NEXT_TO_NONE
                        + " THEN RAISE EXCEPTION 'too many rows were written before the locks were had'"
                        + " USING ERRCODE = '55P03'; END IF; END");
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.setEscapeProcessing(false);
            statement.execute(Sql.tag("copy", sql));
        }
    }

    /** The statement that brings over everything that was noted. */
    private String bringAll() {
        return bring(Long.MAX_VALUE);
    }

    private String bring(long most) {
        return bring(design, from, to, most);
    }

    /** Whole rows again, by their keys; keys whose rows are gone are no rows any more. By index, for they are few. */
    static String bring(PartitionDesign design, String from, String to, long most) {
        String keys = design.keys();
        String these =
                "(" + keys + ") IN (SELECT " + keys + " FROM " + design.dirty() + " WHERE hone_number = ANY (taken))";
        return "DO "
                + Sql.literal("DECLARE taken bigint[]; BEGIN"
                        + " PERFORM " + BY_INDEX + ";"
                        + " SELECT pg_catalog.array_agg(hone_number) INTO taken FROM (SELECT hone_number FROM "
                        + design.dirty()
                        + " ORDER BY hone_number LIMIT " + most + ") AS d;"
                        + " IF taken IS NULL THEN RETURN; END IF;"
                        + " DELETE FROM " + to + " WHERE " + these + ";"
                        + " INSERT INTO " + to + " (" + design.columns() + ") OVERRIDING SYSTEM VALUE SELECT "
                        + design.columns()
                        + " FROM " + from + " WHERE " + these + ";"
                        + " DELETE FROM " + design.dirty() + " WHERE hone_number = ANY (taken); END");
    }
}
