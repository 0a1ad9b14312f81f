package dev.hone.postgres;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the cumulative statistics system has counted since its last reset. */
public record Activity(@Nullable Instant since, List<TableActivity> tables, List<IndexActivity> indexes) {

    public static final Activity EMPTY = new Activity(null, List.of(), List.of());

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
