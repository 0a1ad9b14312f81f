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
 * Counts on the source which keys an inverted index would have, in a sample of its table's pages; numbers alone come
 * back. What statistics and the few values in them do not tell is how many rare keys there are and whether the rows of a
 * key stand together.
 *
 * <p>It reads in read-only transactions whose statements end after five seconds, a small sample first, which tells what
 * a larger one would take, and no more after half a minute in all.
 *
 * <p>Safe for use by several threads: one asks at a time, and an answer is kept.
 */
public final class KeyCounter {

    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** What a larger sample may take by what the small one took. */
    private static final Duration EXPECTED = Duration.ofSeconds(2);

    private static final int FIRST_PAGES = 100;
    private static final int MOST_ROWS = 40_000;
    private static final int MOST_KEYS = 400_000;

    /** Fewer rows of a sample tell less than statistics do. */
    private static final int FEWEST_ROWS = 300;

    /** Of a page, where nobody knows. */
    private static final int ROWS_OF_PAGE = 60;

    /** Of a table not much larger than a sample all is read. */
    private static final double WHOLE = 0.75;

    /**
     * A column of an inverted index.
     *
     * @param table quoted, with its schema
     * @param expression as PostgreSQL shows it without a search path, or the quoted name of a column; neither it nor the
     *     predicate may call code of others
     * @param predicate of a partial index; empty for none
     */
    record Column(String table, String operatorClass, String expression, Optional<String> predicate) {}

    private final Server server;
    private final Duration inAll;
    private final Map<Column, Optional<KeyCounts>> counted = new HashMap<>();
    private long spentNanos;

    /** Counts on a server, which nobody else uses while a twin that counts is at work. */
    public KeyCounter(Server server) {
        this(server, Duration.ofSeconds(30));
    }

    /** @param inAll after which nothing more is read; half a minute if left out */
    public KeyCounter(Server server, Duration inAll) {
        this.server = server;
        this.inAll = inAll;
    }

    /**
     * The counts; empty where the role may not read the table, the source lacks what it takes, it took too long, or the
     * sample has too few rows.
     *
     * @param rows that the table has, about; zero or less if unknown
     * @param pages that it has
     */
    synchronized Optional<KeyCounts> count(Column column, double rows, long pages) {
        return counted.computeIfAbsent(
                column, key -> read(key, rows > 0 ? rows : Math.max(1, pages) * (double) ROWS_OF_PAGE, pages));
    }

    private Optional<KeyCounts> read(Column column, double rows, long pages) {
        double first = FIRST_PAGES / (double) Math.max(1, pages);
        if (first >= WHOLE) {
            return timed(column, 1);
        }
        long before = spentNanos;
        Optional<KeyCounts> few = timed(column, first);
        if (few.isEmpty()) {
            return few;
        }
        double most = Math.min(MOST_ROWS, MOST_KEYS / Math.max(1, few.get().perRow()));
        double inTime = first * EXPECTED.toNanos() / Math.max(1, spentNanos - before);
        double share = Math.min(most / rows, inTime);
        Optional<KeyCounts> more = share < 2 * first ? Optional.empty() : timed(column, share >= WHOLE ? 1 : share);
        return more.or(() -> few).filter(counts -> counts.share() == 1 || counts.rows() >= FEWEST_ROWS);
    }

    private Optional<KeyCounts> timed(Column column, double share) {
        if (spentNanos > inAll.toNanos()) {
            return Optional.empty();
        }
        long start = System.nanoTime();
        try {
            return server.read(PATIENCE, handle -> counts(handle, column, share));
        } catch (JdbiException e) {
            return Optional.empty();
        } finally {
            spentNanos += System.nanoTime() - start;
        }
    }

    private static Optional<KeyCounts> counts(Handle handle, Column column, double share) {
        Optional<String> schema = KeyExtraction.schemaQuery(column.operatorClass())
                .flatMap(query -> handle.createQuery(query).mapTo(String.class).findFirst());
        Optional<String> keys = KeyExtraction.sql(column.operatorClass(), "value", "drawn", schema);
        if (keys.isEmpty()) {
            return Optional.empty();
        }
        try (Statement statement = handle.getConnection().createStatement()) {
            statement.setEscapeProcessing(false);
            // Policies would run code of the tables' owners, and hide rows that are in the index.
            statement.execute(
                    "SET LOCAL row_security = off; SET LOCAL work_mem = '32MB'; SET LOCAL hash_mem_multiplier = 1");
            try (ResultSet result = statement.executeQuery(Sql.tag("keys", sql(column, share, keys.get())))) {
                return Optional.of(counts(share, result));
            }
        } catch (SQLException e) {
            return Optional.empty();
        }
    }

    /** The first row is about rows, the others about keys. */
    private static KeyCounts counts(double share, ResultSet result) throws SQLException {
        result.next();
        double rows = result.getDouble("rows");
        double nulls = result.getDouble("nulls");
        double without = rows - nulls - result.getDouble("with_keys");
        List<KeyCounts.Alike> alike = new ArrayList<>();
        while (result.next()) {
            alike.add(new KeyCounts.Alike(
                    result.getDouble("pages"),
                    result.getDouble("rows"),
                    result.getDouble("keys"),
                    result.getDouble("width"),
                    result.getDouble("far")));
        }
        return new KeyCounts(share, rows, nulls, without, alike);
    }

    /**
     * Rows are numbered as a list of them is written, by their page and place in it. Pages between those of a key are
     * fewer in the sample than in the table.
     */
    private static String sql(Column column, double share, String keys) {
        String condition = column.predicate().map(text -> " WHERE " + text).orElse("");
        String pages = String.format(Locale.ROOT, "((page - before) * %.12f)", share);
        String sampled =
                share == 1 ? "" : String.format(Locale.ROOT, " TABLESAMPLE SYSTEM (%.10f) REPEATABLE (1)", 100 * share);
        return "WITH drawn AS MATERIALIZED (SELECT"
                + " (((ctid::text::point)[0]::bigint << 11) | (ctid::text::point)[1]::bigint) AS n, ("
                + column.expression()
                + ") AS value FROM ONLY " + column.table() + sampled + condition + "), met AS MATERIALIZED (SELECT n,"
                + " hashtextextended(kind || '/' || key, 0) AS key, max(width) AS width FROM (" + keys
                + ") k GROUP BY 1, 2), placed AS (SELECT key, width, n >> 11 AS page,"
                + " lag(n >> 11) OVER (PARTITION BY key ORDER BY n) AS before FROM met), one AS (SELECT count(*) AS rows,"
                + " count(*) FILTER (WHERE before IS DISTINCT FROM page) AS pages, max(width) AS width, sum(CASE WHEN before ="
                + " page OR before IS NULL THEN 0 WHEN " + pages + " < 8 THEN 2 WHEN " + pages
                + " < 1024 THEN 3 ELSE 4 END) AS far FROM placed GROUP BY key)"
                + " (SELECT count(*) AS rows, count(*) FILTER (WHERE value IS NULL) AS nulls,"
                + " (SELECT count(DISTINCT n) FROM met) AS with_keys, NULL::bigint AS pages, NULL::bigint AS keys,"
                + " NULL::numeric AS width, NULL::numeric AS far FROM drawn) UNION ALL (SELECT rows, NULL, NULL, pages,"
                + " count(*), coalesce(avg(width), 0), sum(far) FROM one GROUP BY rows, pages ORDER BY rows, pages)";
    }
}
