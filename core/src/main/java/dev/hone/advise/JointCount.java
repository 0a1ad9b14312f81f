package dev.hone.advise;

import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import org.jdbi.v3.core.JdbiException;

/**
 * How two columns of a table go together, counted in a sample of its rows.
 *
 * @param rows in the sample in which neither is NULL
 * @param first how many values of the first column
 * @param second and of the second
 * @param both and how many combinations
 * @param firstDecides the share of rows whose first value is met with one second value only, from 0 to 1
 * @param secondDecides the other way round
 */
record JointCount(double rows, double first, double second, double both, double firstDecides, double secondDecides) {

    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** Rows to look at: more than three times what ANALYZE samples. */
    private static final double WANTED_ROWS = 100_000;

    /**
     * Counts, in a read-only transaction that ends after five seconds, on a random selection of the table's pages.
     * Empty if the role may not read the table, it took too long, or there is nothing.
     */
    static Optional<JointCount> of(Server server, Schema.Table table, String first, String second) {
        double percent =
                Math.min(100, 100 * WANTED_ROWS / Math.max(1, table.relation().tuples()));
        String a = Sql.identifier(first);
        String b = Sql.identifier(second);
        String sql = "WITH pair AS (SELECT a, b, count(*) AS n FROM (SELECT " + a + " AS a, " + b + " AS b FROM "
                + table.relation().qualifiedName()
                + String.format(Locale.ROOT, " TABLESAMPLE SYSTEM (%.6f) REPEATABLE (1)", percent)
                + ") s WHERE a IS NOT NULL AND b IS NOT NULL GROUP BY a, b),"
                + " one AS (SELECT a, sum(n) AS n, count(*) AS k FROM pair GROUP BY a),"
                + " two AS (SELECT b, sum(n) AS n, count(*) AS k FROM pair GROUP BY b)"
                + " SELECT (SELECT sum(n) FROM pair)::float8, (SELECT count(*) FROM one)::float8,"
                + " (SELECT count(*) FROM two)::float8, (SELECT count(*) FROM pair)::float8,"
                + " (SELECT sum(n) FROM one WHERE k = 1)::float8, (SELECT sum(n) FROM two WHERE k = 1)::float8";
        try {
            JointCount one = server.read(
                    PATIENCE,
                    handle -> handle.createQuery(Sql.tag("joint-count", sql))
                            .map((row, context) -> new JointCount(
                                    row.getDouble(1),
                                    row.getDouble(2),
                                    row.getDouble(3),
                                    row.getDouble(4),
                                    row.getDouble(5) / Math.max(1, row.getDouble(1)),
                                    row.getDouble(6) / Math.max(1, row.getDouble(1))))
                            .one());
            return one.rows() > 0 ? Optional.of(one) : Optional.empty();
        } catch (JdbiException e) {
            return Optional.empty();
        }
    }

    /** How many times rarer a combination is taken to be than it is, were the columns independent. */
    double factor() {
        return Math.min(first * second, rows) / Math.max(1, both);
    }

    /** True if the sample shows each value often enough to say so. */
    boolean tells() {
        return rows >= 10 * Math.min(first, second);
    }
}
