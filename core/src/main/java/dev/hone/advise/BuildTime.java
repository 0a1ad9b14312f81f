package dev.hone.advise;

import dev.hone.change.CreateIndex;

/**
 * How long a change takes: an estimate, since nobody knows the server's disks and load from its catalogs.
 *
 * @param fromSeconds with everything in the cache and nothing else to do
 * @param toSeconds with everything on a slow disk and other work going on
 */
public record BuildTime(double fromSeconds, double toSeconds) {

    // CREATE INDEX CONCURRENTLY reads the table twice (src/backend/catalog/index.c, validate_index), sorts the entries,
    // and writes and logs the index. On PostgreSQL 15 with 2 cores, 2,000,000 cached rows of 460 MB took, in seconds:
    //
    //   integer 1.3, text of 32 bytes 4.3, rising integer 0.7, GIN of 3 elements 1.0, GIN of jsonb 1.8, hash 3.8,
    //   BRIN 0.3; the first two without CONCURRENTLY 0.9 and 2.6, and with no parallel worker 1.2 and 3.9.
    //
    // A cached table is so read at 3 GB/s or more, and a step of the sort (there are n log2 n of them) costs 10 to 90
    // ns.
    // The upper end allows for texts in a language's collation and for a sort that spills, and for 100 MB/s to read and
    // 50 MB/s to write.
    private static final double SCANS = 2;
    private static final double CACHED_BYTES_PER_SECOND = 3e9;
    private static final double DISK_BYTES_PER_SECOND = 100e6;
    private static final double WRITTEN_BYTES_PER_SECOND = 1e9;
    private static final double SLOWLY_WRITTEN_BYTES_PER_SECOND = 50e6;

    public BuildTime {
        if (!(fromSeconds >= 0 && fromSeconds <= toSeconds)) {
            throw new IllegalArgumentException("not a range of seconds: " + fromSeconds + " to " + toSeconds);
        }
    }

    /** For what reads a table: once from the cache at least, twice from a slow disk at most. */
    static BuildTime ofReading(double bytes) {
        return new BuildTime(bytes / CACHED_BYTES_PER_SECOND, SCANS * bytes / DISK_BYTES_PER_SECOND);
    }

    /**
     * For building an index without blocking writers. Waiting for older transactions comes on top of it.
     *
     * @param tableBytes size of the table
     * @param rows that the index holds
     * @param indexBytes size of the index
     */
    static BuildTime of(CreateIndex index, double tableBytes, double rows, double indexBytes) {
        double steps = rows * Math.max(1, Math.log(Math.max(2, rows)) / Math.log(2));
        // Nanoseconds a step, at least and at most.
        double least = 10;
        double most = 200;
        switch (index.method()) {
            case "brin" -> {
                least = 0;
                most = 10;
            }
            case "gin" -> {
                least = 15;
                most = 500;
            }
            case "hash" -> {
                least = 50;
                most = 500;
            }
            case "gist", "spgist" -> {
                least = 30;
                most = 1000;
            }
            default -> {
                // A btree, or something built like one.
            }
        }
        double read = SCANS * Math.max(0, tableBytes);
        double written = Math.max(0, indexBytes);
        return new BuildTime(
                read / CACHED_BYTES_PER_SECOND + steps * least / 1e9 + written / WRITTEN_BYTES_PER_SECOND,
                read / DISK_BYTES_PER_SECOND + steps * most / 1e9 + written / SLOWLY_WRITTEN_BYTES_PER_SECOND);
    }
}
