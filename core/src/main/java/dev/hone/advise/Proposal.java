package dev.hone.advise;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An ordered list of recommendations for one database, as it is written to disk.
 *
 * @param format version of the file format
 * @param database name of the database it was worked out for
 * @param address where that database is, as it can be given to a command, without a password; null if it was worked out
 *     from a file
 * @param workload where the workload came from
 * @param costBefore workload cost on the twin without the recommendations; 0 if it was not planned
 * @param costAfter workload cost on the twin with all of them; 0 if it was not planned
 * @param notes what a reader should know: what was blind, what was left out
 * @param hints what to write differently in queries that no change of the database helps
 */
public record Proposal(
        int format,
        Instant createdAt,
        String database,
        @Nullable String address,
        String workload,
        double costBefore,
        double costAfter,
        List<Recommendation> recommendations,
        List<String> notes,
        List<Hint> hints) {

    public static final int FORMAT = 1;

    public Proposal {
        recommendations = List.copyOf(recommendations);
        notes = orEmpty(notes);
        hints = orEmpty(hints);
    }

    /** One without hints. */
    public Proposal(
            int format,
            Instant createdAt,
            String database,
            @Nullable String address,
            String workload,
            double costBefore,
            double costAfter,
            List<Recommendation> recommendations,
            List<String> notes) {
        this(format, createdAt, database, address, workload, costBefore, costAfter, recommendations, notes, List.of());
    }

    /** Proposals of before, and those written by hand, may say nothing of them. */
    private static <T> List<T> orEmpty(@Nullable List<T> list) {
        return list == null ? List.of() : List.copyOf(list);
    }
}
