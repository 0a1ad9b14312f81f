package dev.hone.change;

import dev.hone.Progress;
import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.JdbiException;

/**
 * Looks at a running statement from a second connection and reports how far it is, and for whom it waits. It ends
 * nobody. While it is open nothing else may use that connection.
 */
final class Watch implements AutoCloseable {

    static final int TOTAL = 1000;
    private static final long POLL_MILLIS = 250;
    private static final int LEAST_DONE = 30;
    private static final Duration LEAST_ELAPSED = Duration.ofSeconds(2);

    /**
     * Where in the 1000 a phase begins, and how many it has. A build spends most of its time reading the table and
     * sorting, then reads it again to validate; a vacuum reads the table, then its indexes, then the table's dead rows.
     */
    private static final Map<String, int[]> PHASES = Map.ofEntries(
            Map.entry("waiting for writers before build", new int[] {0, 10}),
            Map.entry("building index", new int[] {10, 590}),
            Map.entry("waiting for writers before validation", new int[] {600, 10}),
            Map.entry("index validation: scanning index", new int[] {610, 80}),
            Map.entry("index validation: sorting tuples", new int[] {690, 40}),
            Map.entry("index validation: scanning table", new int[] {730, 250}),
            Map.entry("waiting for old snapshots", new int[] {980, 20}),
            Map.entry("scanning heap", new int[] {0, 600}),
            Map.entry("vacuuming indexes", new int[] {600, 200}),
            Map.entry("vacuuming heap", new int[] {800, 100}),
            Map.entry("cleaning up indexes", new int[] {900, 50}),
            Map.entry("truncating heap", new int[] {950, 20}),
            Map.entry("acquiring sample rows", new int[] {970, 30}));

    /** The parts of a btree's build; of other kinds PostgreSQL tells no more than that it builds. */
    private static final Map<String, int[]> BUILD_PHASES = Map.of(
            "scanning table", new int[] {10, 390},
            "sorting live tuples", new int[] {400, 60},
            "sorting dead tuples", new int[] {460, 10},
            "loading tuples in tree", new int[] {470, 130});

    private final Server control;
    private final int pid;
    private final Progress.Task task;
    private final int from;
    private final int share;
    private final CountDownLatch end = new CountDownLatch(1);
    private final Thread thread;
    private final long begun = System.nanoTime();
    private long furthest;
    private volatile List<Blocker> blockers = List.of();
    private final long pollMillis;

    private Watch(Server control, int pid, Progress.Task task, int from, int share, long pollMillis) {
        this.control = control;
        this.pid = pid;
        this.pollMillis = pollMillis;
        this.task = task;
        this.from = from;
        this.share = share;
        this.thread = Thread.ofVirtual().name("hone-watch").unstarted(this::watch);
    }

    /**
     * Begins to watch.
     *
     * @param pid the server process that runs the statement
     * @param from where in the task's 1000 the statement begins
     * @param share how many of the 1000 it has
     */
    static Watch begin(Server control, int pid, Progress.Task task, int from, int share) {
        return begin(control, pid, task, from, share, POLL_MILLIS);
    }

    /** The same for a statement that is over soon, and looked at more often. */
    static Watch begin(Server control, int pid, Progress.Task task, int from, int share, long pollMillis) {
        Watch watch = new Watch(control, pid, task, from, share, pollMillis);
        watch.thread.start();
        return watch;
    }

    private void watch() {
        try {
            while (!end.await(pollMillis, TimeUnit.MILLISECONDS)) {
                report();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (JdbiException e) {
            // Blind from now on; the statement itself goes on, and its end tells what happened.
        }
    }

    private record Position(String phase, long blocksTotal, long blocksDone, long tuplesTotal, long tuplesDone) {

        int done() {
            String detail = phase.startsWith("building index: ") ? phase.substring("building index: ".length()) : "";
            int[] range = BUILD_PHASES.getOrDefault(detail, PHASES.getOrDefault(phase, new int[] {0, 0}));
            long total = blocksTotal > 0 ? blocksTotal : tuplesTotal;
            long done = blocksTotal > 0 ? blocksDone : tuplesDone;
            double fraction = total > 0 ? Math.min(1.0, (double) done / total) : 0;
            return range[0] + (int) (range[1] * fraction);
        }
    }

    private void report() {
        Optional<Position> position = control.handle()
                .createQuery(Sql.load(Watch.class, "build_progress", control.version()))
                .bind("pid", pid)
                .map((rs, context) -> new Position(
                        String.valueOf(rs.getString("phase")),
                        rs.getLong("blocks_total"),
                        rs.getLong("blocks_done"),
                        rs.getLong("tuples_total"),
                        rs.getLong("tuples_done")))
                .findOne();
        List<Blocker> now = blockers(control, pid);
        String detail = position.map(Position::phase).orElse("");
        if (!now.isEmpty()) {
            blockers = now;
            detail += (detail.isEmpty() ? "waiting for " : "; waiting for ") + Blocker.words(now);
        } else if (position.isPresent() && !detail.startsWith("waiting")) {
            detail += left(
                    Duration.ofNanos(System.nanoTime() - begun), position.get().done());
        }
        furthest = Math.max(
                furthest, from + (long) share * position.map(Position::done).orElse(0) / TOTAL);
        if (now.isEmpty()) {
            task.at(furthest, detail);
        } else {
            task.waiting(furthest, detail, Blocker.pids(now));
        }
    }

    /**
     * Who was last seen to stand in the way of the statement; empty if nobody was. A look after it has given up finds nobody
     * any more, and must not make that forgotten.
     */
    List<Blocker> blockers() {
        return blockers;
    }

    /**
     * How long it will take still, if it goes on as fast as so far; empty as long as that would be a mere guess.
     *
     * @param done of 1000
     */
    static String left(Duration elapsed, int done) {
        if (done < LEAST_DONE || done >= TOTAL || elapsed.compareTo(LEAST_ELAPSED) < 0) {
            return "";
        }
        long seconds = elapsed.toSeconds() * (TOTAL - done) / done;
        if (seconds < 90) {
            return "; about " + Math.max(1, seconds) + " s left";
        }
        return seconds < 5400
                ? "; about " + Math.round(seconds / 60.0) + " min left"
                : String.format(Locale.ROOT, "; about %.1f h left", seconds / 3600.0);
    }

    /** Whom a server process waits for; empty if it waits for nobody. */
    static List<Blocker> blockers(Server control, int pid) {
        return control.handle()
                .createQuery(Sql.load(Watch.class, "blockers", control.version()))
                .bind("pid", pid)
                .map((rs, context) -> new Blocker(rs.getInt("pid"), rs.getString("who")))
                .list();
    }

    /** Ends the watch and gives the connection back. */
    @Override
    public void close() {
        end.countDown();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
