package dev.hone.change;

import java.time.Duration;

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
 */
public record DeployOptions(
        Duration lockTimeout,
        Duration buildLockTimeout,
        int attempts,
        Duration backOff,
        Duration longTransaction,
        Duration leftoverWait) {

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
    }

    public DeployOptions withBuildLockTimeout(Duration timeout) {
        return new DeployOptions(lockTimeout, timeout, attempts, backOff, longTransaction, leftoverWait);
    }

    public DeployOptions withAttempts(int number, Duration pause) {
        return new DeployOptions(lockTimeout, buildLockTimeout, number, pause, longTransaction, leftoverWait);
    }

    public DeployOptions withLeftoverWait(Duration wait) {
        return new DeployOptions(lockTimeout, buildLockTimeout, attempts, backOff, longTransaction, wait);
    }
}
