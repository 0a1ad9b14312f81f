package dev.hone.change;

import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** Looks before a deployment whether the server's replicas bear it. */
record ReplicaCheck(Server server, Limits limits) {

    private static final String STREAMING = "streaming";

    List<PreCheck> run() {
        List<PreCheck> checks = new ArrayList<>();
        Pressure pressure = Pressure.read(server, 0);
        List<Pressure.Replica> visible = pressure.replicas().stream()
                .filter(replica -> replica.state() != null)
                .toList();
        for (Pressure.Replica replica : visible) {
            if (!STREAMING.equals(replica.state())) {
                checks.add(PreCheck.warning(
                        "A " + replica.who() + " does not keep up: it is in state " + replica.state()
                                + (replica.bytes() == null ? "" : ", " + Size.text(replica.bytes()) + " behind") + ".",
                        "Let it catch up first: a build writes as much log again as the index is large."));
            }
        }
        for (Pressure.Slot slot : pressure.slots()) {
            checks.add(PreCheck.warning(
                    "Nobody is connected to replication slot " + Sql.literal(slot.name()) + ", and the server keeps "
                            + Size.text(slot.bytes()) + " of log for it: what this deployment writes is kept too.",
                    "Bring its replica back first; if it is gone for good, run: SELECT pg_drop_replication_slot("
                            + Sql.literal(slot.name()) + ");"));
        }
        for (String beyond : pressure.beyond(limits)) {
            checks.add(PreCheck.warning(
                    "The deployment will begin with a pause: " + beyond + ".",
                    "It waits up to " + limits.longestPause().toSeconds() + " s for that to change."));
        }
        missing().ifPresent(checks::add);
        if (checks.isEmpty() && !visible.isEmpty()) {
            long behind = visible.stream()
                    .map(Pressure.Replica::bytes)
                    .filter(Objects::nonNull)
                    .mapToLong(Long::longValue)
                    .max()
                    .orElse(0);
            checks.add(PreCheck.fine((visible.size() == 1 ? "One replica streams" : visible.size() + " replicas stream")
                    + ", at most " + Size.text(Math.max(0, behind)) + " behind."));
        }
        return checks;
    }

    /** A commit that waits for a replica which is not there waits for ever, the journal's own too. */
    private Optional<PreCheck> missing() {
        return server.handle()
                .createQuery(Sql.load(ReplicaCheck.class, "synchronous", server.version()))
                .map((rs, context) -> rs.getBoolean("unseen")
                        ? missing(rs.getString("names"), rs.getString("role"), rs.getBoolean("hidden"))
                        : Optional.<PreCheck>empty())
                .one();
    }

    private static Optional<PreCheck> missing(String names, String role, boolean hidden) {
        return Optional.of(
                hidden
                        ? PreCheck.warning(
                                "Commits wait for a replica of synchronous_standby_names ('" + names
                                        + "'), and whether it is among the connected ones cannot be seen: role "
                                        + Sql.identifier(role) + " may not read it.",
                                "See that it is, or they wait for ever; to have Hone look, have a superuser run: GRANT"
                                        + " pg_read_all_stats TO " + Sql.identifier(role) + ";")
                        : PreCheck.refused(
                                "No replica of synchronous_standby_names ('" + names
                                        + "') is connected: every commit would wait for ever.",
                                "Bring the replica back, or have a superuser run: ALTER SYSTEM SET"
                                        + " synchronous_standby_names = ''; SELECT pg_reload_conf();"));
    }
}
