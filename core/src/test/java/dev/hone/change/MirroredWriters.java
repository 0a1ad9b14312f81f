package dev.hone.change;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.postgres.Server;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Writes to a table and, in the same transactions, the same to a control table: whatever was done to the first, both
 * hold the same rows afterwards.
 */
final class MirroredWriters implements AutoCloseable {

    private static final int SESSIONS = 3;

    private final Bench bench;
    private final String table;
    private final AtomicLong done = new AtomicLong();
    private final AtomicLong longest = new AtomicLong();
    private final ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean over;

    private MirroredWriters(Bench bench, String table) {
        this.bench = bench;
        this.table = table;
    }

    /**
     * Begins to write.
     *
     * @param time the table's column of type timestamptz, quoted
     */
    static MirroredWriters begin(Bench bench, String table, String time) {
        MirroredWriters writers = new MirroredWriters(bench, table);
        bench.run(
                "CREATE TABLE IF NOT EXISTS control (id bigint PRIMARY KEY, amount int)",
                "TRUNCATE control",
                "INSERT INTO control SELECT id, amount FROM " + table);
        for (int i = 0; i < SESSIONS; i++) {
            writers.threads.add(Thread.ofVirtual().start(() -> writers.write(time)));
        }
        return writers;
    }

    private void write(String time) {
        try (Connection connection = Server.open(bench.address(), "writer")) {
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement()) {
                statement.setEscapeProcessing(false);
                while (!over) {
                    int which = ThreadLocalRandom.current().nextInt(10);
                    int amount = ThreadLocalRandom.current().nextInt(1, 1000);
                    long id = ThreadLocalRandom.current().nextLong(1000) * 2 + 5;
                    String one = which < 5
                            ? "WITH i AS (INSERT INTO " + table + " (" + time + ", amount) VALUES (now(), " + amount
                                    + ") RETURNING id, amount) INSERT INTO control SELECT id, amount FROM i"
                            : which < 9
                                    ? "WITH u AS (UPDATE " + table + " SET amount = " + amount + " WHERE id = " + id
                                            + " RETURNING id, amount) UPDATE control c SET amount = u.amount FROM u WHERE u.id = c.id"
                                    : "WITH d AS (DELETE FROM " + table + " WHERE id = " + id
                                            + " RETURNING id) DELETE FROM control c USING d WHERE d.id = c.id";
                    long start = System.nanoTime();
                    statement.execute(one);
                    connection.commit();
                    longest.accumulateAndGet((System.nanoTime() - start) / 1_000_000, Math::max);
                    done.incrementAndGet();
                    Thread.sleep(2);
                }
            }
        } catch (SQLException e) {
            failures.add(e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits until so many transactions more were made that all kinds are among them. */
    void awaitSome() throws InterruptedException {
        long from = done.get();
        Bench.await("writers write", () -> done.get() > from + 60 || !failures.isEmpty());
    }

    long longestMillis() {
        return longest.get();
    }

    void end() throws InterruptedException {
        over = true;
        for (Thread thread : threads) {
            thread.join();
        }
    }

    /** No statement failed or waited too long, and both tables hold the same. */
    void assertFine(Duration longestWait) {
        assertThat(failures).isEmpty();
        assertThat(longest.get()).isLessThan(longestWait.toMillis());
        assertThat(bench.ask("SELECT count(*) FROM ((SELECT id, amount FROM " + table
                        + " EXCEPT SELECT id, amount FROM control) UNION ALL (SELECT id, amount FROM control EXCEPT SELECT id, amount FROM "
                        + table + ")) d"))
                .isEqualTo("0");
    }

    @Override
    public void close() throws InterruptedException {
        end();
    }
}
