package dev.hone.benchmarks;

import dev.hone.Progress;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerVersion;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotReader;
import dev.hone.twin.Twin;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Handle;

/**
 * How long it takes to read the Snapshot of a database of many tables, each of eight columns and three indexes, and to
 * build its twin, on every major version.
 *
 * <p>Arguments: tables (default 1,000), then major versions (default all).
 */
public final class TwinOfManyTables {

    private static final int TABLES_PER_TRANSACTION = 50;

    private TwinOfManyTables() {}

    public static void main(String[] arguments) throws IOException {
        int tables = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 1_000;
        List<Integer> majors = arguments.length > 1
                ? List.of(arguments).stream().skip(1).map(Integer::valueOf).toList()
                : IntStream.rangeClosed(ServerVersion.OLDEST_MAJOR, ServerVersion.NEWEST_MAJOR)
                        .boxed()
                        .toList();
        for (int major : majors) {
            Snapshot snapshot = snapshot(major, tables);
            double cpu = cpuSeconds();
            long start = System.nanoTime();
            try (Twin twin = Twin.build(snapshot, Progress.NONE)) {
                double seconds = (System.nanoTime() - start) / 1e9;
                System.out.printf(
                        Locale.ROOT,
                        "%d: twin of %,d tables in %.1f s, %.1f s of them CPU; %d omissions%n",
                        major,
                        tables,
                        seconds,
                        cpuSeconds() - cpu,
                        twin.omissions().size());
            }
        }
    }

    private static Snapshot snapshot(int major, int tables) {
        Map<String, String> settings = Map.of("autovacuum", "off", "max_locks_per_transaction", "1024");
        try (LocalServer local = LocalServer.start(Installation.of(major, Progress.NONE), settings);
                Server server = Server.connect(local.address("postgres"))) {
            create(server.handle(), tables);
            long start = System.nanoTime();
            Snapshot snapshot = SnapshotReader.whole(List.of()).read(server, Progress.NONE);
            System.out.printf(Locale.ROOT, "%d: snapshot in %.1f s%n", major, (System.nanoTime() - start) / 1e9);
            return snapshot;
        }
    }

    private static void create(Handle handle, int tables) {
        for (int from = 0; from < tables; from += TABLES_PER_TRANSACTION) {
            handle.execute(String.format(Locale.ROOT, """
                    DO $$
                    BEGIN
                      FOR i IN %d..%d LOOP
                        EXECUTE format('CREATE TABLE t%%s (id bigint PRIMARY KEY, a int, b text, c timestamptz, d numeric,'
                          ' e boolean, f uuid, g text)', i);
                        EXECUTE format('INSERT INTO t%%s SELECT i, mod(i, 7), ''b'' || i, now() + i * interval ''1 s'', i * 1.5,'
                          ' mod(i, 2) = 0, md5(i::text)::uuid, repeat(''x'', mod(i, 20)) FROM generate_series(1, 100) i', i);
                        EXECUTE format('CREATE INDEX ON t%%s (a, c)', i);
                        EXECUTE format('CREATE INDEX ON t%%s (lower(b))', i);
                      END LOOP;
                    END $$""", from, Math.min(tables, from + TABLES_PER_TRANSACTION) - 1));
        }
        handle.execute("ANALYZE");
    }

    /** Processor time of this process and all that it has started, in seconds. */
    private static double cpuSeconds() throws IOException {
        double seconds = Proc.treeSeconds(ProcessHandle.current().pid());
        for (ProcessHandle child : ProcessHandle.current().descendants().toList()) {
            seconds += Proc.treeSeconds(child.pid());
        }
        return seconds;
    }
}
