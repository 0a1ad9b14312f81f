package dev.hone.upkeep;

import dev.hone.HoneException;
import dev.hone.change.Journal;
import dev.hone.change.PreCheck;
import dev.hone.monitoring.MonitoringSchema;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/**
 * The worker that refreshes what triggers have queued, and runs maintenance that is due. The database decides what is due
 * and does each refresh in one transaction under a lock, so any number of workers may run, and any may be killed: the
 * queue is as it was. It looks by itself from time to time; a notification only makes it look sooner. Not safe for use
 * by several threads at once.
 */
public final class Refresher implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration LONGEST_BREAK = Duration.ofSeconds(30);

    /** Beside the locks of deployments: a task of maintenance that cannot run in a transaction is locked by the session. */
    private static final int LOCK_CLASS = 0x686f6e67;

    private final Server server;
    private final boolean maintenance;
    private final List<String> trusted;
    /** What was said of targets that are not to be run: once is enough. */
    private final Map<String, String> refusals = new HashMap<>();

    private Refresher(Server server, boolean maintenance, Collection<String> trusted) {
        this.server = server;
        this.maintenance = maintenance;
        this.trusted = List.copyOf(trusted);
    }

    /** How a piece of work ended. */
    public enum Outcome {
        /** Done. */
        DONE,
        /** The server refused; it is tried again, later each time. */
        FAILED,
        /** Another worker is at it. */
        BUSY,
        /** Not run, since a role that is not trusted could have it run anything. */
        REFUSED,
        /** The connection is gone; it is made anew. */
        DISCONNECTED
    }

    /**
     * What was done.
     *
     * @param what the target's name, or the statement of a task of maintenance
     * @param changed rows, or entries of the queue, that it acted on; 0 where that is not known
     * @param error why it failed; null if it did not
     */
    public record Event(
            Outcome outcome,
            String what,
            long changed,
            double millis,
            @Nullable String error) {

        private Event and(Event next) {
            return new Event(outcome, what, changed + next.changed, millis + next.millis, error);
        }
    }

    /**
     * Connects.
     *
     * @param maintenance whether to run maintenance that is due, too
     * @param trusted roles, unquoted, whose functions, views and triggers may run with the rights of this one, beside those
     *     that could take these rights themselves
     * @throws HoneException of kind {@code REFUSED} if {@code hone install} has not been there, or the schema belongs to
     *     somebody whose code this role should not run
     */
    public static Refresher connect(ServerAddress address, boolean maintenance, Collection<String> trusted) {
        Server server = Server.connect(address);
        try {
            if (!MonitoringSchema.installed(server)) {
                throw HoneException.refused(
                        "Schema " + Journal.SCHEMA + " is not installed in " + address,
                        "Nothing was changed. Run `hone install` first.");
            }
            PreCheck owner = Journal.check(server);
            if (owner.level() == PreCheck.Level.REFUSED) {
                throw HoneException.refused(owner.message(), "Nothing was changed. " + owner.advice());
            }
            // A refresh may take longer than a role's usual statements; for a lock nobody is to queue behind it for
            // long.
            server.handle().execute("SET statement_timeout = 0");
            server.handle().execute("SET lock_timeout = '5s'");
            server.handle().execute("SET search_path = pg_catalog, pg_temp");
            server.handle().execute("LISTEN " + DirtyQueue.CHANNEL);
            return new Refresher(server, maintenance, trusted);
        } catch (RuntimeException e) {
            server.close();
            throw e;
        }
    }

    /**
     * Does what is due now, once.
     *
     * @return what was done; empty if nothing was due. What is refused is among it the first time only
     * @throws JdbiException if the connection is gone
     */
    public List<Event> pass() {
        List<Event> events = new ArrayList<>();
        List<String> due = server.read(
                PATIENCE,
                handle -> handle.createQuery(
                                Sql.tag("refresh_due", "SELECT name FROM performance_monitoring.refresh_due()"))
                        .mapTo(String.class)
                        .list());
        for (String target : due) {
            try {
                Event event = refresh(target);
                if (event.outcome() != Outcome.REFUSED) {
                    refusals.remove(target);
                    events.add(event);
                } else if (!Objects.equals(refusals.put(target, String.valueOf(event.error())), event.error())) {
                    events.add(event);
                }
            } catch (JdbiException e) {
                events.add(refused(target, e));
            }
        }
        if (maintenance) {
            try {
                maintain(events);
            } catch (JdbiException e) {
                events.add(refused("maintenance", e));
            }
        }
        return events;
    }

    /**
     * Does all that is due now, batch after batch: what was queued when it began, so that it ends while others write.
     *
     * @return what was done, the batches of a target as one; empty if nothing was due
     * @throws JdbiException if the connection is gone
     */
    public List<Event> passes() {
        Queued queued = queued();
        List<Event> events = new ArrayList<>();
        for (Event first : pass()) {
            Event sum = first;
            Event last = first;
            int more = queued.batches().getOrDefault(first.what(), 1) - 1;
            while (more > 0 && last.outcome() == Outcome.DONE && waits(first.what(), queued.at())) {
                more--;
                last = again(first.what());
                if (last.outcome() == Outcome.DONE) {
                    sum = sum.and(last);
                }
            }
            events.add(sum);
            if (last.outcome() != sum.outcome()) {
                events.add(last);
            }
        }
        return events;
    }

    /**
     * What waited at an instant.
     *
     * @param at of the server, as text
     * @param batches how many refreshes of each target it takes
     */
    private record Queued(String at, Map<String, Integer> batches) {}

    private Queued queued() {
        Map<String, Integer> batches = new HashMap<>();
        String at = server.read(PATIENCE, handle -> {
            handle.createQuery(Sql.tag("refresh_queued", """
                            SELECT name, ceil(s.pending::numeric / t.batch_rows)::integer AS batches
                            FROM performance_monitoring.refresh_status s
                            JOIN performance_monitoring.refresh_target t USING (name)
                            WHERE s.pending > 0"""))
                    .map((rs, context) -> batches.put(rs.getString("name"), rs.getInt("batches")))
                    .list();
            return handle.createQuery("SELECT clock_timestamp()::text")
                    .mapTo(String.class)
                    .one();
        });
        return new Queued(at, batches);
    }

    /** Whether something is left that was queued by then. */
    private boolean waits(String target, String then) {
        return server.read(
                PATIENCE,
                handle -> handle.createQuery(Sql.tag("refresh_waits", """
                                SELECT coalesce(bool_or(p.oldest <= CAST(:then AS timestamptz)), false)
                                FROM performance_monitoring.refresh_target t,
                                     LATERAL performance_monitoring.refresh_pending(t, NULL) p
                                WHERE t.name = :target"""))
                        .bind("then", then)
                        .bind("target", target)
                        .mapTo(Boolean.class)
                        .one());
    }

    private Event again(String target) {
        try {
            return refresh(target);
        } catch (JdbiException e) {
            return refused(target, e);
        }
    }

    private Event refresh(String target) {
        return server.handle()
                .createQuery(Sql.tag("refresh", "SELECT * FROM performance_monitoring.refresh_now(:target, :trusted)"))
                .bind("target", target)
                .bindArray("trusted", String.class, trusted)
                .map((rs, context) -> new Event(
                        switch (rs.getString("outcome")) {
                            case "refreshed" -> Outcome.DONE;
                            case "busy" -> Outcome.BUSY;
                            case "refused" -> Outcome.REFUSED;
                            default -> Outcome.FAILED;
                        },
                        target,
                        rs.getLong("changed"),
                        rs.getDouble("took_ms"),
                        rs.getString("error")))
                .one();
    }

    private static Event refused(String what, JdbiException e) {
        if (broken(e)) {
            throw e;
        }
        return new Event(Outcome.FAILED, what, 0, 0, said(e));
    }

    /** Whether the connection is gone, or could not be had: everything else is one statement's misfortune. */
    private static boolean broken(Exception e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql && sql.getSQLState() != null) {
                return sql.getSQLState().startsWith("08") || sql.getSQLState().startsWith("57P");
            }
        }
        return true;
    }

    private static String said(Exception e) {
        return String.valueOf(
                e.getCause() == null ? e.getMessage() : e.getCause().getMessage());
    }

    private record Task(long id, String command) {}

    private void maintain(List<Event> events) {
        // One at a time, so that each commits for itself.
        while (events.addAll(server.handle()
                .createQuery(Sql.tag("maintenance", "SELECT * FROM performance_monitoring.run_maintenance(1)"))
                .map((rs, context) -> {
                    String error = rs.getString("error");
                    return new Event(
                            error == null ? Outcome.DONE : Outcome.FAILED,
                            String.valueOf(rs.getString("command")),
                            0,
                            rs.getDouble("took_ms"),
                            error);
                })
                .list())) {}
        for (Task task : outside()) {
            if (lock("pg_try_advisory_lock", task)) {
                try {
                    // Another worker may have done it since.
                    if (outside().contains(task)) {
                        events.add(run(task));
                    }
                } finally {
                    lock("pg_advisory_unlock", task);
                }
            }
        }
    }

    /** Own tasks that are due and cannot run inside a function. */
    private List<Task> outside() {
        return server.read(
                PATIENCE,
                handle -> handle.createQuery(Sql.tag(
                                "maintenance_due",
                                "SELECT task, command FROM performance_monitoring.maintenance_due"
                                        + " WHERE NOT by_function AND own AND command IS NOT NULL"))
                        .map((rs, context) -> new Task(rs.getLong("task"), rs.getString("command")))
                        .list());
    }

    private boolean lock(String function, Task task) {
        return server.handle()
                .createQuery("SELECT " + function + "(:class, :task)")
                .bind("class", LOCK_CLASS)
                .bind("task", (int) task.id())
                .mapTo(Boolean.class)
                .one();
    }

    private Event run(Task task) {
        String began = server.handle()
                .createQuery("SELECT clock_timestamp()::text")
                .mapTo(String.class)
                .one();
        long start = System.nanoTime();
        String error = null;
        try {
            server.handle().execute(task.command());
        } catch (JdbiException e) {
            error = said(e);
        }
        double millis = (System.nanoTime() - start) / 1e6;
        server.handle()
                .createQuery(
                        "SELECT performance_monitoring.maintenance_done(:task, :command, CAST(:began AS timestamptz), :error)::text")
                .bind("task", task.id())
                .bind("command", task.command())
                .bind("began", began)
                .bind("error", error)
                .mapTo(String.class)
                .one();
        return new Event(error == null ? Outcome.DONE : Outcome.FAILED, task.command(), 0, millis, error);
    }

    /**
     * Waits for a notification, or for the time to look again.
     *
     * @throws SQLException if the connection is gone
     */
    public void await(Duration longest) throws SQLException {
        PGConnection connection = server.handle().getConnection().unwrap(PGConnection.class);
        connection.getNotifications(Math.toIntExact(Math.max(1, longest.toMillis())));
    }

    @Override
    public void close() {
        server.close();
    }

    /**
     * Works until it is told to stop; makes its connection anew when that breaks, with longer and longer breaks.
     *
     * @param trusted as of {@link #connect}
     * @param poll how often to look without a notification
     * @param stop asked after each pass and each wait
     * @throws HoneException if the first connection cannot be had, or a later one is refused for safety
     */
    public static void run(
            ServerAddress address,
            boolean maintenance,
            Collection<String> trusted,
            Duration poll,
            Consumer<Event> heard,
            BooleanSupplier stop) {
        Duration pause = poll;
        Refresher worker = connect(address, maintenance, trusted);
        try {
            while (!stop.getAsBoolean() && !Thread.currentThread().isInterrupted()) {
                try {
                    if (worker == null) {
                        worker = connect(address, maintenance, trusted);
                    }
                    worker.pass().forEach(heard);
                    pause = poll;
                    if (!stop.getAsBoolean()) {
                        worker.await(poll);
                    }
                } catch (JdbiException | SQLException | HoneException e) {
                    if (e instanceof HoneException refused && refused.kind() == HoneException.Kind.REFUSED) {
                        throw refused;
                    }
                    boolean broken = worker == null || broken(e);
                    heard.accept(new Event(
                            broken ? Outcome.DISCONNECTED : Outcome.FAILED, address.toString(), 0, 0, e.getMessage()));
                    if (broken && worker != null) {
                        worker.close();
                        worker = null;
                    }
                    sleep(pause);
                    pause = pause.multipliedBy(2).compareTo(LONGEST_BREAK) < 0 ? pause.multipliedBy(2) : LONGEST_BREAK;
                }
            }
        } finally {
            if (worker != null) {
                worker.close();
            }
        }
    }

    private static void sleep(Duration pause) {
        try {
            Thread.sleep(pause.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
