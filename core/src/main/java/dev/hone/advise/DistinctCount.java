package dev.hone.advise;

import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import dev.hone.postgres.Statistics.ColumnStatistics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jdbi.v3.core.JdbiException;

/**
 * How many different values a column of a table has, counted on the server in read-only transactions that end after five
 * seconds. Empty wherever the role may not read the table, it took too long, or it cannot be told.
 *
 * <p>ANALYZE samples pages first and then their rows. Where equal values stand together, as those of a key do that grew
 * with the table, it so meets the same value more often than chance would have it, and takes it that there are few.
 */
final class DistinctCount {

    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** What is read at the most to count all values. */
    private static final long MOST_BYTES = 2L << 30;

    private static final int PAGE_BYTES = 8192;

    private static final String HEAP = "heap";

    /** The first version that reads a range of pages without the others. */
    private static final int RANGE_SCANS = 14;

    /** Runs of neighbouring pages, spread evenly over the table, and their pages. */
    private static final int RUNS = 20;

    private static final int RUN_PAGES = 64;

    /** Parts of a run: a quarter, and a quarter of that. */
    private static final int PART_PAGES = 16;

    private static final int SMALL_PART_PAGES = 4;

    /** How far what long runs and what short ones tell may lie apart. */
    private static final double AGREED = 0.1;

    /** How many pages after a run begins a few more are read, to see whether its values come back. */
    private static final List<Integer> PROBES = List.of(128, 512, 2048, 8192);

    /** The share of values that may. */
    private static final double RETURNED = 0.005;

    private static final double CLUSTERED = 0.9;

    private DistinctCount() {}

    /** Whether rows stand in the order of a column's values, more or less: its correlation is above 0.9, either way. */
    static boolean isClustered(ColumnStatistics statistics) {
        Float correlation = statistics.correlation();
        return correlation != null && Math.abs(correlation) > CLUSTERED;
    }

    /** All values of a table of at most 2 GB. */
    static Optional<Double> exact(Server server, Schema.Table table, String column) {
        if (table.relation().currentPages() * (double) PAGE_BYTES > MOST_BYTES) {
            return Optional.empty();
        }
        String name = Sql.identifier(column);
        return read(
                        server,
                        "SELECT ARRAY[count(*)] FROM (SELECT DISTINCT " + name + " FROM "
                                + table.relation().qualifiedName() + " WHERE " + name + " IS NOT NULL) s")
                .map(List::getFirst);
    }

    /** Whether runs of pages can be read without the others, and there are enough. */
    static boolean hasRuns(Server server, Schema.Table table) {
        return server.version().isAtLeast(RANGE_SCANS)
                && table.relation().currentPages() >= 2L * RUNS * RUN_PAGES
                && HEAP.equals(table.relation().accessMethod());
    }

    /**
     * The values of a clustered column, from some runs of pages of a table that {@link #hasRuns}. What a run has is a rate
     * for each page, and what its edges add, where values begin or end; two lengths of runs tell one from the other. If
     * shorter ones tell another rate, or a run's values are met again farther on, values are scattered, and nothing
     * can be told.
     */
    static Optional<Double> clustered(Server server, Schema.Table table, String column) {
        long pages = table.relation().currentPages();
        return read(server, runs(table, Sql.identifier(column), pages)).flatMap(seen -> {
            double run = seen.get(0) / RUNS;
            double part = seen.get(1) / (RUNS * (RUN_PAGES / PART_PAGES));
            double small = seen.get(2) / (RUNS * (RUN_PAGES / SMALL_PART_PAGES));
            double probed = seen.get(3);
            double returned = seen.get(4);
            double rate = (run - part) / (RUN_PAGES - PART_PAGES);
            double shortRate = (part - small) / (PART_PAGES - SMALL_PART_PAGES);
            return rate > 0 && Math.abs(rate - shortRate) <= AGREED * shortRate && returned <= RETURNED * probed
                    ? Optional.of(Math.max(run, rate * pages))
                    : Optional.empty();
        });
    }

    private static String runs(Schema.Table table, String name, long pages) {
        List<String> runs = new ArrayList<>();
        List<String> probes = new ArrayList<>();
        for (int run = 0; run < RUNS; run++) {
            long first = (pages - RUN_PAGES) * run / (RUNS - 1);
            runs.add(part(table, name, run, first, first, RUN_PAGES));
            for (int probe : PROBES) {
                if (first + probe + SMALL_PART_PAGES <= pages) {
                    probes.add(part(table, name, run, first, first + probe, SMALL_PART_PAGES));
                }
            }
        }
        return "WITH r AS MATERIALIZED (" + all(runs) + "), p AS MATERIALIZED (" + all(probes)
                + ") SELECT ARRAY[(SELECT count(*) FROM (SELECT DISTINCT run, v FROM r) s)"
                + ", (SELECT count(*) FROM (SELECT DISTINCT run, page / " + PART_PAGES + ", v FROM r) s)"
                + ", (SELECT count(*) FROM (SELECT DISTINCT run, page / " + SMALL_PART_PAGES + ", v FROM r) s)"
                + ", (SELECT count(*) FROM (SELECT DISTINCT run, v FROM p) s)"
                + ", (SELECT count(*) FROM (SELECT run, v FROM p INTERSECT SELECT run, v FROM r) s)]";
    }

    /** @param first page of the run, from which pages are counted */
    private static String part(Schema.Table table, String name, int run, long first, long from, int pages) {
        return String.format(
                Locale.ROOT,
                "SELECT %d AS run, (ctid::text::point)[0]::bigint - %d AS page, %s AS v FROM ONLY %s"
                        + " WHERE ctid >= '(%d,0)' AND ctid < '(%d,0)'",
                run,
                first,
                name,
                table.relation().qualifiedName(),
                from,
                from + pages);
    }

    private static String all(List<String> parts) {
        return "SELECT run, page, v FROM (" + String.join(" UNION ALL ", parts) + ") s WHERE v IS NOT NULL";
    }

    private static Optional<List<Double>> read(Server server, String sql) {
        try {
            return Optional.of(server.read(PATIENCE, handle -> {
                // Without it a run would be a scan of the whole table.
                handle.execute("SET LOCAL enable_tidscan = on");
                return handle.createQuery(Sql.tag("distinct", sql))
                        .map((row, context) -> {
                            List<Double> counts = new ArrayList<>();
                            for (Object count : (Object[]) row.getArray(1).getArray()) {
                                counts.add(((Number) count).doubleValue());
                            }
                            return counts;
                        })
                        .one();
            }));
        } catch (JdbiException e) {
            return Optional.empty();
        }
    }
}
