package dev.hone.change;

import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Connections that insert, update and delete by a seeded sequence, each statement first in a table and then in its
 * control, which nobody else touches. Each keeps to ids of its own, so that both end up with the same rows however the
 * connections take turns.
 */
final class Writers implements AutoCloseable {

    /**
     * A table and its control.
     *
     * @param insert statement with {@code TABLE}, {@code ID} and {@code NUMBER} in it; so the other two
     * @param from the least number
     * @param to more than the greatest
     */
    record Target(String table, String control, String insert, String update, String delete, int from, int to) {}

    private final List<Writer> writers = new ArrayList<>();

    /** What went wrong; a writer ends at its first failure. */
    final List<String> failures = new CopyOnWriteArrayList<>();

    private final int newIds;

    private Writers(int newIds) {
        this.newIds = newIds;
    }

    /**
     * Begins.
     *
     * @param newIds where the ids of new rows begin
     */
    static Writers start(ServerAddress address, int number, int newIds, List<Target> targets) throws SQLException {
        Writers started = new Writers(newIds);
        for (int i = 0; i < number; i++) {
            Writer writer = started.new Writer(address, i, number, targets);
            started.writers.add(writer);
            writer.thread.start();
        }
        return started;
    }

    /** Waits until each has come some statements further, or has failed. */
    void awaitFurther(int statements) throws InterruptedException {
        for (Writer writer : writers) {
            long from = writer.statements.get();
            Bench.await(
                    "a writer gets on",
                    () -> writer.statements.get() >= from + statements
                            || !writer.thread.isAlive()
                            || !failures.isEmpty());
        }
    }

    /** Their server processes. */
    List<Integer> processes() {
        return writers.stream().map(writer -> writer.process).toList();
    }

    long statements() {
        return writers.stream().mapToLong(writer -> writer.statements.get()).sum();
    }

    /** The longest that a statement took as its client saw it, in milliseconds. */
    double longestMillis() {
        return writers.stream().mapToLong(writer -> writer.longestNanos).max().orElse(0) / 1e6;
    }

    @Override
    public void close() throws InterruptedException {
        writers.forEach(writer -> writer.ending = true);
        for (Writer writer : writers) {
            writer.thread.join();
        }
    }

    private final class Writer {

        private final Connection connection;
        private final List<Target> targets;
        private final int first;
        private final int step;
        private final Random random;
        private final Thread thread;
        private final int process;
        private int inserted;
        private final AtomicLong statements = new AtomicLong();
        private volatile long longestNanos;
        private volatile boolean ending;

        Writer(ServerAddress address, int first, int step, List<Target> targets) throws SQLException {
            this.connection = Server.open(address, "writer");
            this.targets = targets;
            this.first = first;
            this.step = step;
            this.random = new Random(first);
            this.thread = Thread.ofPlatform().name("writer-" + first).unstarted(this::write);
            try (Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery("SELECT pg_backend_pid()")) {
                row.next();
                this.process = row.getInt(1);
            }
        }

        private void write() {
            try (connection) {
                while (!ending) {
                    Target target = targets.get(random.nextInt(targets.size()));
                    int kind = random.nextInt(10);
                    int number = random.nextInt(target.from(), target.to());
                    if (kind < 4) {
                        run(target, target.insert(), newIds + step * inserted++ + first, number);
                    } else {
                        int slot = random.nextInt(100 + inserted);
                        int id = (slot < 100 ? step * slot : newIds + step * (slot - 100)) + first;
                        run(target, kind < 8 ? target.update() : target.delete(), id, number);
                    }
                    Thread.sleep(1);
                }
            } catch (SQLException e) {
                failures.add(e.getSQLState() + " " + e.getMessage());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private void run(Target target, String sql, int id, int number) throws SQLException {
            long begun = System.nanoTime();
            run(sql, target.table(), id, number);
            longestNanos = Math.max(longestNanos, System.nanoTime() - begun);
            run(sql, target.control(), id, number);
            statements.incrementAndGet();
        }

        private void run(String sql, String table, int id, int number) throws SQLException {
            try (Statement statement = connection.createStatement()) {
                statement.executeUpdate(sql.replace("TABLE", table)
                        .replace("ID", Integer.toString(id))
                        .replace("NUMBER", Integer.toString(number)));
            }
        }
    }
}
