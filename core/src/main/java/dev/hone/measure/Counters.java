package dev.hone.measure;

import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.time.Duration;
import org.jdbi.v3.core.mapper.reflect.ConstructorMapper;

/**
 * What the server has counted for one database, either since its last reset or between two instants; sizes are those of
 * the (later) instant.
 *
 * @param sequentialScans scans of whole user tables
 * @param indexScans scans of user tables' indexes
 * @param checkpoints of the whole server
 * @param tableBytes user tables and materialized views, with TOAST
 * @param indexBytes indexes of user tables
 */
public record Counters(
        long sequentialScans,
        long sequentialRowsRead,
        long indexScans,
        long commits,
        long rollbacks,
        long blocksRead,
        long blocksHit,
        long tempBytes,
        long autovacuums,
        long checkpoints,
        long tableBytes,
        long indexBytes) {

    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    /** Reads the counters of the connected database. */
    static Counters read(Server server) {
        return server.read(
                TIMEOUT,
                handle -> handle.createQuery(Sql.load(Counters.class, "counters", server.version()))
                        .map(ConstructorMapper.of(Counters.class))
                        .one());
    }

    /** What was counted since an earlier reading, with the sizes of this one. */
    Counters since(Counters earlier) {
        return new Counters(
                sequentialScans - earlier.sequentialScans,
                sequentialRowsRead - earlier.sequentialRowsRead,
                indexScans - earlier.indexScans,
                commits - earlier.commits,
                rollbacks - earlier.rollbacks,
                blocksRead - earlier.blocksRead,
                blocksHit - earlier.blocksHit,
                tempBytes - earlier.tempBytes,
                autovacuums - earlier.autovacuums,
                checkpoints - earlier.checkpoints,
                tableBytes,
                indexBytes);
    }

    /** Sequential scans as a share of all scans of tables, from 0 to 1; 0 if there was none. */
    public double sequentialScanShare() {
        long all = sequentialScans + indexScans;
        return all <= 0 ? 0 : (double) sequentialScans / all;
    }

    /** Index scans as a share of all scans of tables, from 0 to 1; 0 if there was none. */
    public double indexUseShare() {
        long all = sequentialScans + indexScans;
        return all <= 0 ? 0 : (double) indexScans / all;
    }
}
