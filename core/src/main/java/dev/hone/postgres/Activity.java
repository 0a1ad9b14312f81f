package dev.hone.postgres;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the cumulative statistics system has counted.
 *
 * @param since when its counters were at zero, or the oldest instant that they remember where nobody knows; null if
 *     there is none
 * @param standbys servers that replay this one's changes, as far as it knows of them, and the standby that it is itself:
 *     each counts its own scans
 */
public record Activity(@Nullable Instant since, int standbys, List<TableActivity> tables, List<IndexActivity> indexes) {

    public static final Activity EMPTY = new Activity(null, 0, List.of(), List.of());

    public Activity {
        tables = List.copyOf(tables);
        indexes = List.copyOf(indexes);
    }

    /** A row of pg_stat_user_tables with the block counters of pg_statio_user_tables. */
    public record TableActivity(
            String schema,
            String name,
            long sequentialScans,
            long sequentialRowsRead,
            long indexScans,
            long indexRowsFetched,
            long rowsInserted,
            long rowsUpdated,
            long rowsHotUpdated,
            long rowsDeleted,
            long liveRows,
            long deadRows,
            long modifiedSinceAnalyze,
            @Nullable Instant lastVacuum,
            @Nullable Instant lastAnalyze,
            long blocksRead,
            long blocksHit) {}

    /** A row of pg_stat_user_indexes. */
    public record IndexActivity(
            String schema, String table, String name, long scans, long rowsRead, long rowsFetched, long bytes) {}
}
