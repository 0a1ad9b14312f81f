package dev.hone.change;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Beyond what a deployment pauses. It is asked before each step and between the parts of one; a statement that runs is
 * not interrupted.
 *
 * @param replicaLagBytes log that a replica has not replayed yet, or that a slot without a replica keeps; null for no
 *     limit
 * @param replicaLag how far a replica is behind in time; null for no limit
 * @param activeSessions sessions of others that work at the same time; null for no limit
 * @param longestPause after which the step fails, to be resumed by the next run
 * @param poll how often it looks while it pauses
 */
public record Limits(
        @Nullable Long replicaLagBytes,
        @Nullable Duration replicaLag,
        @Nullable Integer activeSessions,
        Duration longestPause,
        Duration poll) {

    /** Pauses never. */
    public static final Limits NONE = new Limits(null, null, null, Duration.ofHours(1), Duration.ofSeconds(1));

    public Limits {
        if ((replicaLagBytes != null && replicaLagBytes < 0)
                || (replicaLag != null && replicaLag.isNegative())
                || longestPause.isNegative()) {
            throw new IllegalArgumentException("a negative limit");
        }
        if (activeSessions != null && activeSessions < 1) {
            throw new IllegalArgumentException("a limit of " + activeSessions + " active sessions would never be kept");
        }
        if (poll.toMillis() < 1) {
            throw new IllegalArgumentException("the poll must be at least a millisecond: " + poll);
        }
    }

    public Limits withReplicaLagBytes(long bytes) {
        return new Limits(bytes, replicaLag, activeSessions, longestPause, poll);
    }

    public Limits withReplicaLag(Duration lag) {
        return new Limits(replicaLagBytes, lag, activeSessions, longestPause, poll);
    }

    public Limits withActiveSessions(int sessions) {
        return new Limits(replicaLagBytes, replicaLag, sessions, longestPause, poll);
    }

    public Limits withLongestPause(Duration pause) {
        return new Limits(replicaLagBytes, replicaLag, activeSessions, pause, poll);
    }

    public Limits withPoll(Duration every) {
        return new Limits(replicaLagBytes, replicaLag, activeSessions, longestPause, every);
    }

    boolean watchesReplicas() {
        return replicaLagBytes != null || replicaLag != null;
    }

    boolean any() {
        return watchesReplicas() || activeSessions != null;
    }
}
