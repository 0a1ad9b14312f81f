package dev.hone.change;

import dev.hone.postgres.Server;
import dev.hone.postgres.ServerVersion;
import dev.hone.postgres.Sql;
import java.util.ArrayList;
import java.util.List;

/** What is looked at before a deployment begins. */
final class PreChecks {

    private PreChecks() {}

    /**
     * Looks.
     *
     * @param changes what is about to be made; none for an undoing
     */
    static List<PreCheck> run(Server server, List<Change> changes, DeployOptions options) {
        List<PreCheck> checks = new ArrayList<>();
        checks.add(version(server.version()));
        checks.add(writable(server));
        if (checks.stream().noneMatch(check -> check.level() == PreCheck.Level.REFUSED)) {
            checks.add(new Journal(server).check());
        }
        checks.addAll(longTransactions(server, options));
        checks.addAll(preparedTransactions(server));
        checks.addAll(lockedTables(server, changes));
        checks.addAll(new ReplicaCheck(server, options.limits()).run());
        checks.addAll(new DiskSpace(server, options).check(changes));
        return checks;
    }

    static PreCheck version(ServerVersion version) {
        if (!version.isAtLeast(ServerVersion.OLDEST_MAJOR)) {
            return PreCheck.refused(
                    "PostgreSQL " + version + " is older than " + ServerVersion.OLDEST_MAJOR + ".",
                    "Upgrade the server first.");
        }
        if (version.major() == 14 && version.minor() < 4) {
            return PreCheck.refused(
                    "PostgreSQL " + version + " can corrupt an index that it builds concurrently.",
                    "Update to 14.4 or later first; it is a restart, no more.");
        }
        return PreCheck.fine("PostgreSQL " + version + ".");
    }

    private record Surroundings(boolean standby, boolean readOnly, boolean seesOthers, String role) {}

    private static Surroundings surroundings(Server server) {
        return server.handle()
                .createQuery(Sql.load(PreChecks.class, "surroundings", server.version()))
                .map((rs, context) -> new Surroundings(
                        rs.getBoolean("standby"),
                        rs.getBoolean("read_only"),
                        rs.getBoolean("sees_others"),
                        rs.getString("role")))
                .one();
    }

    private static PreCheck writable(Server server) {
        Surroundings around = surroundings(server);
        if (around.standby()) {
            return PreCheck.refused(
                    server.address() + " is a standby, which is read-only.",
                    "Deploy to its primary; the change then arrives here by replication.");
        }
        if (around.readOnly()) {
            return PreCheck.refused(
                    "Transactions of this role are read-only by default (default_transaction_read_only).",
                    "Deploy as another role, or run: ALTER ROLE " + Sql.identifier(around.role())
                            + " SET default_transaction_read_only = off;");
        }
        return PreCheck.fine("The server is a primary and takes writes.");
    }

    private static List<PreCheck> longTransactions(Server server, DeployOptions options) {
        List<PreCheck> checks = new ArrayList<>();
        server.handle()
                .createQuery(Sql.load(PreChecks.class, "long_transactions", server.version()))
                .bind("seconds", options.longTransaction().toMillis() / 1000.0)
                .mapTo(String.class)
                .forEach(who -> checks.add(PreCheck.warning(
                        Failure.sentence("A concurrent build waits for older transactions to end: " + who),
                        "Let it end, or expect the deployment to wait for it. Hone ends nobody's session.")));
        Surroundings around = surroundings(server);
        if (!around.seesOthers() && options.limits().any()) {
            checks.add(PreCheck.refused(
                    "Role " + Sql.identifier(around.role())
                            + " does not see replicas and other roles' sessions, so the limits given could not be kept.",
                    "GRANT pg_read_all_stats TO " + Sql.identifier(around.role()) + "; or leave the limits out."));
        } else if (!around.seesOthers()) {
            checks.add(PreCheck.warning(
                    "Role " + Sql.identifier(around.role())
                            + " does not see what other roles' sessions do, so a long transaction of theirs would not show.",
                    "GRANT pg_read_all_stats TO " + Sql.identifier(around.role()) + ";"));
        }
        return checks;
    }

    private static List<PreCheck> lockedTables(Server server, List<Change> changes) {
        return holders(server, changes).stream()
                .map(who -> PreCheck.warning(
                        Failure.sentence(who),
                        "A step that needs the table waits for that, or gives up after a few attempts. Let it end. Hone"
                                + " ends nobody's session."))
                .toList();
    }

    /** Who holds a lock on a table of these changes that they would wait for, in words. */
    static List<String> holders(Server server, List<Change> changes) {
        List<Change.Touched> touched = changes.stream()
                .flatMap(change -> change.touched().stream().flatMap(List::stream))
                .distinct()
                .toList();
        if (touched.isEmpty()) {
            return List.of();
        }
        return server.handle()
                .createQuery(Sql.load(PreChecks.class, "table_locks", server.version()))
                .bindArray(
                        "schemas",
                        String.class,
                        touched.stream().map(Change.Touched::schema).toList())
                .bindArray(
                        "names",
                        String.class,
                        touched.stream().map(Change.Touched::name).toList())
                .map((rs, context) -> rs.getString("table_name") + " is locked: " + rs.getString("who"))
                .list();
    }

    private static List<PreCheck> preparedTransactions(Server server) {
        List<PreCheck> checks = new ArrayList<>();
        server.handle()
                .createQuery(Sql.load(PreChecks.class, "prepared_transactions", server.version()))
                .mapTo(String.class)
                .forEach(who -> checks.add(PreCheck.warning(
                        Failure.sentence("A concurrent build may wait for a prepared transaction: " + who),
                        "COMMIT PREPARED or ROLLBACK PREPARED it, if it was forgotten.")));
        return checks;
    }
}
