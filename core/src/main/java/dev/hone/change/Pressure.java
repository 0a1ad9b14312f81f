package dev.hone.change;

import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * What else the server has to bear: its replicas, and how many sessions work.
 *
 * @param replicas those that are connected
 * @param slots those that nobody is connected to, and for which the server keeps its log
 * @param active sessions of others that work on a statement
 */
record Pressure(List<Replica> replicas, List<Slot> slots, int active) {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    Pressure {
        replicas = List.copyOf(replicas);
        slots = List.copyOf(slots);
    }

    /**
     * A replica, or whatever else receives the log.
     *
     * @param who in words: name, process, address
     * @param state streaming, catchup or startup; null if the role does not see it
     * @param bytes of log that it has not replayed yet; null if it does not say
     * @param seconds how long ago what it replays was written; null while it has nothing to replay
     */
    record Replica(
            String who,
            @Nullable String state,
            @Nullable String sync,
            @Nullable Long bytes,
            @Nullable Double seconds) {}

    /**
     * A slot without a replica.
     *
     * @param bytes of log that the server keeps for it
     */
    record Slot(String name, long bytes) {}

    /**
     * Looks at it.
     *
     * @param worker the process that works for the deployment, which is nobody else's
     */
    static Pressure read(Server server, int worker) {
        return server.read(
                PATIENCE,
                handle -> new Pressure(
                        handle.createQuery(Sql.load(Pressure.class, "replicas", server.version()))
                                .map((rs, context) -> new Replica(
                                        rs.getString("who"),
                                        rs.getString("state"),
                                        rs.getString("sync_state"),
                                        rs.getObject("bytes", Long.class),
                                        rs.getObject("seconds", Double.class)))
                                .list(),
                        handle.createQuery(Sql.load(Pressure.class, "idle_slots", server.version()))
                                .map((rs, context) -> slot(rs))
                                .list(),
                        active(server, handle, worker)));
    }

    private static Slot slot(ResultSet rs) throws SQLException {
        return new Slot(rs.getString("name"), rs.getLong("bytes"));
    }

    private static int active(Server server, Handle handle, int worker) {
        return handle.createQuery(Sql.load(Pressure.class, "active_sessions", server.version()))
                .bind("worker", worker)
                .mapTo(Integer.class)
                .one();
    }

    /** What is beyond the limits, in words; empty if nothing is. */
    List<String> beyond(Limits limits) {
        List<String> beyond = new ArrayList<>();
        for (Replica replica : replicas) {
            if (limits.replicaLagBytes() != null
                    && replica.bytes() != null
                    && replica.bytes() > limits.replicaLagBytes()) {
                beyond.add(replica.who() + " is " + Size.text(replica.bytes()) + " behind (limit "
                        + Size.text(limits.replicaLagBytes()) + ")");
            } else if (limits.replicaLag() != null
                    && replica.seconds() != null
                    && replica.seconds() * 1000 > limits.replicaLag().toMillis()) {
                beyond.add(String.format(
                        Locale.ROOT,
                        "%s is %.1f s behind (limit %.1f s)",
                        replica.who(),
                        replica.seconds(),
                        limits.replicaLag().toMillis() / 1000.0));
            }
        }
        for (Slot slot : slots) {
            if (limits.replicaLagBytes() != null && slot.bytes() > limits.replicaLagBytes()) {
                beyond.add("slot " + Sql.literal(slot.name()) + " has no replica and keeps " + Size.text(slot.bytes())
                        + " of log (limit " + Size.text(limits.replicaLagBytes()) + ")");
            }
        }
        if (limits.activeSessions() != null && active > limits.activeSessions()) {
            beyond.add(active + " sessions of others work (limit " + limits.activeSessions() + ")");
        }
        return beyond;
    }
}
