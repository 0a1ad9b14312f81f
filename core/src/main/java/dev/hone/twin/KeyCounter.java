package dev.hone.twin;

import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;

/**
 * Counts on the source which keys an inverted index would have, in a sample of its table's pages and read-only
 * transactions that end after five seconds; numbers alone come back. What statistics and the few values in them do not
 * tell is how many rare keys there are and whether the rows of a key stand together.
 *
 * <p>Safe for use by several threads: one asks at a time, and an answer is kept.
 */
public final class KeyCounter {

    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** So that the sorting of what is sampled stays in memory. */
    private static final String WORK_MEM = "64MB";

    /** What a key takes of a value, about, where nothing better is known. */
    static final double BYTES_OF_KEY = 8;

    private static final int MOST_ROWS = 40_000;
    private static final int MOST_KEYS = 400_000;

    /** What of a sample that took too long is tried next. */
    private static final double LESS = 0.1;

    /** Of a table up to this much larger than a sample all is read. */
    private static final double WHOLE = 0.75;

    /**
     * A column of an inverted index.
     *
     * @param table quoted, with its schema
     * @param expression as PostgreSQL shows it without a search path, or the quoted name of a column
     * @param predicate of a partial index; empty for none
     */
    record Column(String table, String operatorClass, String expression, Optional<String> predicate) {}

    private final Server server;
    private final Map<Column, Optional<KeyCounts>> counted = new HashMap<>();

    /** Counts on a server, which nobody else uses while a twin that counts is at work. */
    public KeyCounter(Server server) {
        this.server = server;
    }

    /**
     * The counts; empty where the role may not read the table, the source lacks what it takes, or it took too long.
     *
     * @param rows that the table has, about
     * @param perRow about how many keys a row has
     */
    synchronized Optional<KeyCounts> count(Column column, double rows, double perRow) {
        return counted.computeIfAbsent(column, key -> read(key, rows, perRow));
    }

    private Optional<KeyCounts> read(Column column, double rows, double perRow) {
        double wanted = Math.min(MOST_ROWS, MOST_KEYS / Math.max(1, perRow));
        double share = wanted >= WHOLE * rows ? 1 : wanted / rows;
        return read(column, share).or(() -> read(column, LESS * share));
    }

    private Optional<KeyCounts> read(Column column, double share) {
        try {
            return server.read(PATIENCE, handle -> counts(handle, column, share));
        } catch (JdbiException e) {
            return Optional.empty();
        }
    }

    private static Optional<KeyCounts> counts(Handle handle, Column column, double share) {
        Optional<String> trigrams = column.operatorClass().equals(KeyExtraction.TRIGRAMS)
                ? handle.createQuery(KeyExtraction.TRIGRAM_SCHEMA)
                        .mapTo(String.class)
                        .findFirst()
                : Optional.empty();
        Optional<String> keys = KeyExtraction.sql(column.operatorClass(), "value", "drawn", trigrams);
        if (keys.isEmpty()) {
            return Optional.empty();
        }
        try (Statement statement = handle.getConnection().createStatement()) {
            statement.setEscapeProcessing(false);
            // Policies would run code of the tables' owners, and hide rows that are in the index.
            statement.execute("SET LOCAL row_security = off; SET LOCAL work_mem = '" + WORK_MEM + "'");
            try (ResultSet result = statement.executeQuery(Sql.tag("keys", sql(column, share, keys.get())))) {
                return Optional.of(counts(result));
            }
        } catch (SQLException e) {
            return Optional.empty();
        }
    }

    private static KeyCounts counts(ResultSet result) throws SQLException {
        List<KeyCounts.Alike> alike = new ArrayList<>();
        double rows = 0;
        double nulls = 0;
        double without = 0;
        while (result.next()) {
            double pages = result.getDouble(1);
            if (pages == 0) {
                rows = result.getDouble(2);
                nulls = result.getDouble(3);
                without = rows - nulls - result.getDouble(4);
            } else {
                alike.add(new KeyCounts.Alike(
                        pages, result.getDouble(2), result.getDouble(3), result.getDouble(4), result.getDouble(5)));
            }
        }
        return new KeyCounts(rows, nulls, without, alike);
    }

    /**
     * Rows are numbered as a list of them is written, by their page and place in it. Pages between those of a key are
     * fewer in the sample than in the table.
     */
    private static String sql(Column column, double share, String keys) {
        String condition = column.predicate().map(text -> " WHERE " + text).orElse("");
        return String.format(
                Locale.ROOT, """
                WITH drawn AS MATERIALIZED (
                  SELECT (((ctid::text::point)[0]::bigint << 11) | (ctid::text::point)[1]::bigint) AS n, (%s) AS value
                  FROM ONLY %s TABLESAMPLE SYSTEM (%f) REPEATABLE (1)%s),
                met AS MATERIALIZED (
                  SELECT n, hashtextextended(kind || '/' || key, 0) AS key, max(width) AS width FROM (%s) k GROUP BY 1, 2),
                placed AS (
                  SELECT key, width, n >> 11 AS page, lag(n >> 11) OVER (PARTITION BY key ORDER BY n) AS before FROM met),
                one AS (
                  SELECT count(*) AS rows, count(*) FILTER (WHERE before IS DISTINCT FROM page) AS pages, max(width) AS width,
                         sum(CASE WHEN before = page OR before IS NULL THEN 0 WHEN (page - before) * %6$f < 8 THEN 2
                                  WHEN (page - before) * %6$f < 1024 THEN 3 ELSE 4 END) AS far
                  FROM placed GROUP BY key)
                SELECT 0, count(*), count(*) FILTER (WHERE value IS NULL), (SELECT count(DISTINCT n) FROM met), 0 FROM drawn
                UNION ALL SELECT pages, rows, count(*), coalesce(avg(width), 0), sum(far) FROM one GROUP BY 1, 2
                """, column.expression(), column.table(), 100 * share, condition, keys, share);
    }
}
