package dev.hone.change;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jdbi.v3.core.JdbiException;

/**
 * The two connections of a deployment. One works; the other keeps the journal and watches. Each holds a session
 * advisory lock of its own, and the pair tells what became of another Hone:
 *
 * <ul>
 *   <li>both held: another deployment is alive;
 *   <li>only the worker's held: its Hone is gone, and the server still works on its last statement, unaware;
 *   <li>none held: nobody is at work.
 * </ul>
 *
 * Locks are polled for, never waited for: a session that waits for a lock holds a snapshot, and a concurrent index
 * build waits for snapshots, so that the two would deadlock. Not safe for use by several threads at once.
 */
final class DeploymentSession implements AutoCloseable {

    /** "hone" in ASCII. */
    static final int LOCK_CLASS = 0x686f6e65;

    static final int JOURNAL_LOCK = 3;
    static final int ALIVE_LOCK = 1;
    static final int WORK_LOCK = 2;
    private static final long POLL_MILLIS = 200;
    private static final int GOING_ATTEMPTS = 10;

    private final ServerAddress address;
    private final Server control;
    private final DeployOptions options;
    private final int controlPid;
    private Server worker;
    private int workerPid;

    private DeploymentSession(ServerAddress address, Server control, Server worker, DeployOptions options) {
        this.address = address;
        this.control = control;
        this.controlPid = pid(control);
        this.worker = worker;
        this.options = options;
    }

    /**
     * Connects twice and takes both locks.
     *
     * @throws HoneException if another deployment is at work, or a pooler stands between that mixes sessions
     */
    static DeploymentSession open(ServerAddress address, DeployOptions options, Progress progress) {
        Server control = Server.connect(address);
        try {
            Server worker = Server.connect(address);
            DeploymentSession session = new DeploymentSession(address, control, worker, options);
            try {
                session.refusePooler();
                session.lock(progress);
                return session;
            } catch (RuntimeException e) {
                session.worker.close();
                throw e;
            }
        } catch (RuntimeException e) {
            control.close();
            throw e;
        }
    }

    /** The connection that keeps the journal, reads catalogs and watches. */
    Server control() {
        return control;
    }

    /** The connection that runs the statements. */
    Server worker() {
        return worker;
    }

    int workerPid() {
        return workerPid;
    }

    int controlPid() {
        return controlPid;
    }

    /**
     * A pooler in transaction mode gives a client any server session for each transaction: then two idle clients share
     * one, or one client meets several, and a session lock means nothing.
     */
    private void refusePooler() {
        int first = pid(worker);
        if (first == controlPid || pid(worker) != first || pid(control) != controlPid) {
            throw pooled();
        }
        workerPid = first;
    }

    private static HoneException pooled() {
        return HoneException.refused(
                "Between Hone and the server stands a connection pooler that does not keep a session for each client"
                        + " (PgBouncer with pool_mode transaction or statement)",
                "Nothing was changed. Give the server's own host and port, or a pool with pool_mode session.");
    }

    private static int pid(Server server) {
        return server.handle()
                .createQuery(Sql.tag("pid", "SELECT pg_backend_pid()"))
                .mapTo(Integer.class)
                .one();
    }

    private void lock(Progress progress) {
        if (!tryLockSoon(control, ALIVE_LOCK)) {
            List<Holder> holders = holders(ALIVE_LOCK);
            String who = holders.isEmpty()
                    ? "a session that has just ended"
                    : holders.getFirst().who();
            throw HoneException.refused(
                    "Another deployment is at work in " + address + ": " + who,
                    "Nothing was changed. Wait for it to end (`hone status` shows it), then try again.");
        }
        awaitLeftover(progress);
        prepare(worker);
        prepare(control);
        // Here only our own statements run, which must not meet functions of a stranger. The worker keeps its path: the
        // operator classes of a change may lie in any schema.
        control.handle().execute("SET search_path = pg_catalog, pg_temp");
    }

    private void awaitLeftover(Progress progress) {
        if (tryLock(worker, WORK_LOCK)) {
            return;
        }
        long deadline = System.nanoTime() + options.leftoverWait().toNanos();
        try (Progress.Task task = progress.begin("Waiting for the statement of an earlier run", -1)) {
            while (!tryLock(worker, WORK_LOCK)) {
                List<Holder> holders = holders(WORK_LOCK);
                if (!holders.isEmpty()) {
                    Holder holder = holders.getFirst();
                    List<Blocker> blockers = Watch.blockers(control, holder.pid());
                    String whom = holder.who() + ": " + holder.query()
                            + (blockers.isEmpty() ? "" : "; it waits for " + Blocker.words(blockers));
                    Set<Integer> pids = new HashSet<>(Blocker.pids(blockers));
                    pids.add(holder.pid());
                    task.waiting(0, whom, pids);
                    if (System.nanoTime() > deadline) {
                        throw HoneException.refused(
                                "The server still works on a statement of an earlier run that was ended: " + whom,
                                "Nothing was changed by this run. Wait for it, or end it with SELECT pg_cancel_backend("
                                        + holder.pid() + "), then try again.");
                    }
                }
                Pause.of(Duration.ofMillis(POLL_MILLIS));
            }
        }
    }

    /** No time limit of the role's or database's may end a build, and an intent must outlive the server's crash. */
    private static void prepare(Server server) {
        server.handle().execute("SET statement_timeout = 0");
        server.handle().createQuery(Sql.tag("durable", """
                        SELECT set_config(name, CASE WHEN name = 'synchronous_commit' THEN 'on' ELSE '0' END, false)
                        FROM pg_settings
                        WHERE name IN ('idle_session_timeout', 'transaction_timeout')
                           OR name = 'synchronous_commit' AND setting = 'off'""")).mapTo(String.class).list();
    }

    /** Undoes what somebody's own statements have set for the worker's session, if there is one still. */
    void forgetSettings() {
        try (Statement statement = worker.handle().getConnection().createStatement()) {
            statement.execute("RESET SESSION AUTHORIZATION");
            statement.execute("RESET ROLE");
            statement.execute("RESET ALL");
            prepare(worker);
        } catch (SQLException | JdbiException e) {
            // Its session is gone, and its settings with it: what failed before says so.
        }
    }

    /** Connects the worker anew after its session was ended, and takes its lock again. */
    void reconnectWorker() {
        worker.close();
        worker = Server.connect(address);
        int pid = pid(worker);
        if (pid == pid(control)) {
            throw pooled();
        }
        workerPid = pid;
        awaitLeftover(Progress.NONE);
        prepare(worker);
    }

    /** Makes sure that the worker is still the session that holds the lock. */
    void assertOurs() {
        if (pid(worker) != workerPid) {
            throw pooled();
        }
    }

    private record Holder(int pid, String who, String query) {}

    private List<Holder> holders(int lock) {
        return control.handle()
                .createQuery(Sql.load(DeploymentSession.class, "lock_holder", control.version()))
                .bind("class", (long) LOCK_CLASS)
                .bind("object", (long) lock)
                .map((rs, context) -> new Holder(rs.getInt("pid"), rs.getString("who"), rs.getString("query")))
                .list();
    }

    /** The session of a deployment that has just ended may take a moment to go. */
    private static boolean tryLockSoon(Server server, int lock) {
        for (int attempt = 1; attempt < GOING_ATTEMPTS; attempt++) {
            if (tryLock(server, lock)) {
                return true;
            }
            Pause.of(Duration.ofMillis(POLL_MILLIS));
        }
        return tryLock(server, lock);
    }

    private static boolean tryLock(Server server, int lock) {
        return server.handle()
                .createQuery(Sql.tag("lock", "SELECT pg_try_advisory_lock(:class, :object)"))
                .bind("class", LOCK_CLASS)
                .bind("object", lock)
                .mapTo(Boolean.class)
                .one();
    }

    /** The same lock until the end of the transaction, which holds through a pooler too. */
    static boolean tryLockInTransaction(Server server, int lock) {
        return server.handle()
                .createQuery(Sql.tag("lock", "SELECT pg_try_advisory_xact_lock(:class, :object)"))
                .bind("class", LOCK_CLASS)
                .bind("object", lock)
                .mapTo(Boolean.class)
                .one();
    }

    @Override
    public void close() {
        try {
            worker.close();
        } finally {
            control.close();
        }
    }
}
