package dev.hone.change;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How patient a deployment is.
 *
 * @param lockTimeout the longest wait for a lock of a statement that queues others behind it
 * @param buildLockTimeout the longest single wait of a concurrent build or removal, which queues nobody; zero for as
 *     long as it takes
 * @param attempts how often a statement that did not get its lock is tried, at least 1
 * @param backOff pause before the second attempt; it doubles from attempt to attempt, up to 30 s, give or take half
 * @param longTransaction from which age another session's transaction is worth a warning
 * @param leftoverWait how long to wait for a server process that still works for a Hone that was killed
 * @param limits beyond what it pauses
 * @param freeDiskBytes what is free on the server's disk, where somebody knows; null to find out where that is possible
 */
public record DeployOptions(
        Duration lockTimeout,
        Duration buildLockTimeout,
        int attempts,
        Duration backOff,
        Duration longTransaction,
        Duration leftoverWait,
        Limits limits,
        @Nullable Long freeDiskBytes) {

    public static final DeployOptions DEFAULT = new DeployOptions(
            Duration.ofSeconds(2), Duration.ZERO, 6, Duration.ofSeconds(1), Duration.ofMinutes(1), Duration.ofHours(2));

    public DeployOptions {
        if (lockTimeout.toMillis() < 1) {
            throw new IllegalArgumentException("the lock timeout must be at least a millisecond: " + lockTimeout);
        }
        if (buildLockTimeout.isNegative()
                || backOff.isNegative()
                || longTransaction.isNegative()
                || leftoverWait.isNegative()) {
            throw new IllegalArgumentException("a negative duration");
        }
        if (attempts < 1) {
            throw new IllegalArgumentException("attempts must be at least 1: " + attempts);
        }
        if (freeDiskBytes != null && freeDiskBytes < 0) {
            throw new IllegalArgumentException("negative free space: " + freeDiskBytes);
        }
    }

    /** One that never pauses, and finds out the free space itself where it can. */
    public DeployOptions(
            Duration lockTimeout,
            Duration buildLockTimeout,
            int attempts,
            Duration backOff,
            Duration longTransaction,
            Duration leftoverWait) {
        this(lockTimeout, buildLockTimeout, attempts, backOff, longTransaction, leftoverWait, Limits.NONE, null);
    }

    public DeployOptions withLockTimeout(Duration timeout) {
        return new DeployOptions(
                timeout, buildLockTimeout, attempts, backOff, longTransaction, leftoverWait, limits, freeDiskBytes);
    }

    public DeployOptions withBuildLockTimeout(Duration timeout) {
        return new DeployOptions(
                lockTimeout, timeout, attempts, backOff, longTransaction, leftoverWait, limits, freeDiskBytes);
    }

    public DeployOptions withAttempts(int number, Duration pause) {
        return new DeployOptions(
                lockTimeout, buildLockTimeout, number, pause, longTransaction, leftoverWait, limits, freeDiskBytes);
    }

    public DeployOptions withLeftoverWait(Duration wait) {
        return new DeployOptions(
                lockTimeout, buildLockTimeout, attempts, backOff, longTransaction, wait, limits, freeDiskBytes);
    }

    public DeployOptions withLimits(Limits other) {
        return new DeployOptions(
                lockTimeout, buildLockTimeout, attempts, backOff, longTransaction, leftoverWait, other, freeDiskBytes);
    }

    /** With what is free on the server's disk, in bytes. */
    public DeployOptions withFreeDisk(long bytes) {
        return new DeployOptions(
                lockTimeout, buildLockTimeout, attempts, backOff, longTransaction, leftoverWait, limits, bytes);
    }
}
