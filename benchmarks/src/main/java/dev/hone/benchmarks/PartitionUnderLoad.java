package dev.hone.benchmarks;

import dev.hone.Progress;
import dev.hone.change.Change;
import dev.hone.change.DeployOptions;
import dev.hone.change.Deployer;
import dev.hone.change.DeploymentResult;
import dev.hone.change.PartitionTable;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * Partitions a table while it is written, and takes that back: with no rows in the new partitions, and with many. The
 * table has an incoming and an outgoing foreign key, identity, defaults, triggers, policies, grants, a publication and a
 * view. Each writer's transaction does the same to a control table, and both are compared afterwards.
 *
 * <p>How long a swap blocks a writer is the longest transaction that was under way when the swap committed, or began
 * within a fifth of a second before; the server tells when that was ({@code track_commit_timestamp}).
 *
 * <p>Arguments: rows (default 5,000,000), rows in the new partitions (default a tenth of that).
 */
public final class PartitionUnderLoad {

    private static final int WRITERS = 8;
    private static final double TARGET_MILLIS = 100;
    private static final long BEFORE_COMMIT_NANOS = 200_000_000;
    private static final long NOTEWORTHY_NANOS = 5_000_000;

    private static final PartitionTable BY_MONTH = new PartitionTable(
            "public",
            "events",
            "at",
            new PartitionTable.Ranges(PartitionTable.Interval.MONTH, 3),
            List.of(new PartitionTable.ForeignKey("public", "visits", "visits_event_fkey", "event_at")));
    private static final PartitionTable BY_HASH =
            PartitionTable.of("public", "events", "id", new PartitionTable.Hashes(8));

    private PartitionUnderLoad() {}

    public static void main(String[] arguments) throws InterruptedException {
        int rows = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 5_000_000;
        int later = arguments.length > 1 ? Integer.parseInt(arguments[1]) : rows / 10;
        Map<String, String> settings = Map.of(
                "track_commit_timestamp", "on", "wal_level", "logical", "shared_buffers", "1GB", "max_wal_size", "8GB");
        try (LocalServer local = LocalServer.start(Installation.embedded(), settings)) {
            ServerAddress address = local.address("postgres");
            load(address, rows);
            Load load = new Load(address);
            load.during("no change, for 10 s", PartitionUnderLoad::rest, "");
            load.during("by month", () -> apply(address, BY_MONTH), IN_PLACE);
            load.during("undo, no rows in new partitions", () -> undo(address), IN_PLACE);
            load.during("by month", () -> apply(address, BY_MONTH), IN_PLACE);
            addLater(address, later);
            load.during(
                    String.format(Locale.ROOT, "undo, %,d rows in new partitions", later),
                    () -> undo(address),
                    IN_PLACE);
            load.during("by hash", () -> apply(address, BY_HASH), IN_PLACE);
            load.during("undo by hash", () -> undo(address), IN_PLACE);
        }
    }

    /** What got its name in the swap. */
    private static final String IN_PLACE =
            "SELECT extract(epoch FROM pg_xact_commit_timestamp(xmin)) FROM pg_class WHERE oid = 'events'::regclass";

    private static void load(ServerAddress address, int rows) {
        long start = System.nanoTime();
        try (Server server = Server.connect(address)) {
            for (String sql : List.of(
                    "CREATE ROLE reader",
                    "CREATE TABLE kinds (kind int PRIMARY KEY)",
                    "INSERT INTO kinds SELECT generate_series(0, 9)",
                    "CREATE TABLE events (id bigint GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL DEFAULT now(),"
                            + " kind int NOT NULL, amount int NOT NULL CHECK (amount >= 0), touched int NOT NULL DEFAULT 0, note text)",
                    "INSERT INTO events (at, kind, amount, note) SELECT now() - (" + rows
                            + " - i) * interval '1 s', i % 10, i % 1000, repeat('x', i % 50) FROM generate_series(1, " + rows + ") i",
                    "ALTER TABLE events ADD PRIMARY KEY (id), ADD FOREIGN KEY (kind) REFERENCES kinds",
                    "CREATE INDEX ON events (at)",
                    "CREATE INDEX ON events (kind, amount)",
                    "CREATE TABLE visits (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event bigint, event_at timestamptz)",
                    "INSERT INTO visits (event, event_at) SELECT id, at FROM events WHERE id % 10 = 0",
                    "ALTER TABLE visits ADD CONSTRAINT visits_event_fkey FOREIGN KEY (event) REFERENCES events ON DELETE CASCADE",
                    "CREATE INDEX ON visits (event)",
                    "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.touched := OLD.touched + 1; RETURN NEW; END'",
                    "CREATE TRIGGER touch BEFORE UPDATE ON events FOR EACH ROW EXECUTE FUNCTION touch()",
                    "ALTER TABLE events ENABLE ROW LEVEL SECURITY",
                    "CREATE POLICY few ON events FOR SELECT TO reader USING (kind < 5)",
                    "GRANT SELECT ON events TO reader",
                    "CREATE VIEW great AS SELECT id, amount FROM events WHERE amount > 990",
                    "CREATE PUBLICATION everything FOR TABLE events",
                    "CREATE TABLE control AS SELECT id, kind, amount FROM events",
                    "ALTER TABLE control ADD PRIMARY KEY (id)",
                    "VACUUM (ANALYZE) events",
                    "VACUUM (ANALYZE) visits",
                    "VACUUM (ANALYZE) control",
                    "CHECKPOINT")) {
                server.handle().execute(sql);
            }
        }
        System.out.printf(
                Locale.ROOT,
                "%,d rows, %d indexes, loaded in %.0f s; %d writers%n",
                rows,
                3,
                seconds(start),
                WRITERS);
    }

    private static void addLater(ServerAddress address, int rows) {
        try (Server server = Server.connect(address)) {
            server.handle()
                    .execute("WITH i AS (INSERT INTO events (at, kind, amount) SELECT now() + interval '45 days' + i * interval '1 s', i % 10, i % 1000"
                            + " FROM generate_series(1, " + rows
                            + ") i RETURNING id, kind, amount) INSERT INTO control SELECT id, kind, amount FROM i");
        }
    }

    private static String rest() {
        try {
            Thread.sleep(10_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return "";
    }

    private static String apply(ServerAddress address, Change change) {
        return outcome(Deployer.apply(address, List.of(change), DeployOptions.DEFAULT, Progress.NONE));
    }

    private static String undo(ServerAddress address) {
        return outcome(Deployer.undo(address, null, DeployOptions.DEFAULT, Progress.NONE));
    }

    private static String outcome(DeploymentResult result) {
        return result.complete() ? "" : result.toString();
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }

    /** A transaction that took its time, in wall-clock nanoseconds. */
    private record Slow(long start, long end) {}

    /** Writers of one database. */
    private record Load(ServerAddress address) {

        void during(String title, Supplier<String> work, String swapped) throws InterruptedException {
            ConcurrentLinkedQueue<Slow> slow = new ConcurrentLinkedQueue<>();
            ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();
            AtomicLong done = new AtomicLong();
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < WRITERS; i++) {
                threads.add(Thread.ofPlatform().start(() -> write(slow, failures, done)));
            }
            Thread.sleep(1_000);
            long start = System.nanoTime();
            String wrong = work.get();
            double took = seconds(start);
            threads.forEach(Thread::interrupt);
            for (Thread thread : threads) {
                thread.join();
            }
            double longest = slow.stream().mapToLong(one -> one.end() - one.start()).max().orElse(0) / 1e6;
            System.out.printf(
                    Locale.ROOT,
                    "%s: %.1f s; %,d transactions, longest %.1f ms; %d failed%s; two-way difference %s rows%n",
                    title,
                    took,
                    done.get(),
                    longest,
                    failures.size(),
                    failures.isEmpty() ? "" : " (" + failures.peek() + ")",
                    ask("SELECT count(*) FROM ((SELECT id, kind, amount FROM events EXCEPT SELECT id, kind, amount FROM control)"
                            + " UNION ALL (SELECT id, kind, amount FROM control EXCEPT SELECT id, kind, amount FROM events)) d"));
            if (!wrong.isEmpty()) {
                System.out.println("  NOT COMPLETE: " + wrong);
            } else if (!swapped.isEmpty()) {
                long commit = (long) (Double.parseDouble(ask(swapped)) * 1e9);
                double blocked = slow.stream()
                                .filter(one -> one.end() >= commit - 1_000_000
                                        && one.start() <= commit
                                        && one.end() >= commit - BEFORE_COMMIT_NANOS)
                                .mapToLong(one -> one.end() - one.start())
                                .max()
                                .orElse(0)
                        / 1e6;
                System.out.printf(
                        Locale.ROOT,
                        "  the swap blocked a writer for at most %.1f ms; target < %.0f: %s%n",
                        blocked,
                        TARGET_MILLIS,
                        blocked < TARGET_MILLIS ? "met" : "missed");
            }
        }

        private String ask(String query) {
            try (Server server = Server.connect(address)) {
                return server.handle().createQuery(query).mapTo(String.class).one();
            }
        }

        private void write(ConcurrentLinkedQueue<Slow> slow, ConcurrentLinkedQueue<String> failures, AtomicLong done) {
            try (Connection connection = Server.open(address, "writer")) {
                connection.setAutoCommit(false);
                try (Statement statement = connection.createStatement()) {
                    while (!Thread.currentThread().isInterrupted()) {
                        String sql = next();
                        long started = System.currentTimeMillis() * 1_000_000;
                        long start = System.nanoTime();
                        statement.execute(sql);
                        connection.commit();
                        long took = System.nanoTime() - start;
                        if (took > NOTEWORTHY_NANOS) {
                            slow.add(new Slow(started, started + took));
                        }
                        done.incrementAndGet();
                        Thread.sleep(5);
                    }
                }
            } catch (SQLException e) {
                failures.add(e.toString());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private static String next() {
            ThreadLocalRandom random = ThreadLocalRandom.current();
            int amount = random.nextInt(1000);
            long id = random.nextLong(1, 1_000_000);
            int which = random.nextInt(10);
            if (which < 4) {
                return "WITH i AS (INSERT INTO events (kind, amount) VALUES (" + random.nextInt(10) + ", " + amount
                        + ") RETURNING id, kind, amount) INSERT INTO control SELECT id, kind, amount FROM i";
            }
            return which < 9
                    ? "WITH u AS (UPDATE events SET amount = " + amount + " WHERE id = " + id
                            + " RETURNING id, amount) UPDATE control c SET amount = u.amount FROM u WHERE u.id = c.id"
                    : "WITH d AS (DELETE FROM events WHERE id = " + id
                            + " RETURNING id) DELETE FROM control c USING d WHERE d.id = c.id";
        }
    }
}
