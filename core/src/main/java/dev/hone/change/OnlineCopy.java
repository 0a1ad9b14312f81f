package dev.hone.change;

import dev.hone.postgres.Sql;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
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
    /** Few enough to be brought over within a swap. */
    private static final int FEW_KEYS = 200;

    private static final int MOST_ROUNDS = 1_000;
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
                statement.execute("SET LOCAL row_security = off");
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

    /** Brings over what was noted, until few keys are left or the writers are faster. */
    void noted() throws SQLException {
        long keys = BATCH_OF_KEYS;
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
            }
            if (keys == BATCH_OF_KEYS && waiting() <= FEW_KEYS) {
                return;
            }
        }
    }

    private long waiting() {
        return workbench
                .control()
                .handle()
                .createQuery(Sql.tag(
                        "noted",
                        "SELECT count(*) FROM (SELECT FROM " + design.dirty() + " LIMIT " + (FEW_KEYS + 1) + ") AS d"))
                .mapTo(Long.class)
                .one();
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.setEscapeProcessing(false);
            statement.execute(Sql.tag("copy", sql));
        }
    }

    /** The statement that brings over everything that was noted. */
    String bringAll() {
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
                        + " PERFORM pg_catalog.set_config(name, 'off', true) FROM pg_catalog.unnest(ARRAY['row_security', 'jit',"
                        + " 'enable_hashjoin', 'enable_mergejoin', 'enable_seqscan']) AS s(name);"
                        + " SELECT pg_catalog.array_agg(hone_number) INTO taken FROM (SELECT hone_number FROM "
                        + design.dirty()
                        + " ORDER BY hone_number LIMIT " + most + ") AS d;"
                        + " DELETE FROM " + to + " WHERE " + these + ";"
                        + " INSERT INTO " + to + " (" + design.columns() + ") OVERRIDING SYSTEM VALUE SELECT "
                        + design.columns()
                        + " FROM " + from + " WHERE " + these + ";"
                        + " DELETE FROM " + design.dirty() + " WHERE hone_number = ANY (taken); END");
    }
}
