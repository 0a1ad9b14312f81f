package dev.hone.measure;

import dev.hone.HoneException;
import java.time.Duration;

/**
 * How to put load on a database.
 *
 * @param connections how many clients ask at the same time, each on a connection of its own, each asking again as soon as
 *     it is answered (a closed loop)
 * @param warmUp how long the load runs before anything is counted
 * @param duration how long it is measured; at least one second
 * @param seed decides which requests and values come in which order on each connection
 * @param allowWrites false keeps every transaction read-only
 * @param statementTimeout the longest that one statement may take, after which it counts as an error
 * @param perSecond how many requests a second all clients begin together at most; 0 for as many as they can
 */
public record LoadOptions(
        int connections,
        Duration warmUp,
        Duration duration,
        long seed,
        boolean allowWrites,
        Duration statementTimeout,
        double perSecond) {

    /** 8 connections, 5 seconds of warm-up, 30 seconds of measuring, read-only. */
    public static final LoadOptions DEFAULT =
            new LoadOptions(8, Duration.ofSeconds(5), Duration.ofSeconds(30), 1, false, Duration.ofSeconds(30), 0);

    /**
     * Checks the values.
     *
     * @throws HoneException of kind {@code USAGE} if one is out of range
     */
    public LoadOptions {
        require(connections >= 1 && connections <= 10_000, "connections must be from 1 to 10,000: " + connections);
        require(!warmUp.isNegative(), "the warm-up must not be negative: " + warmUp);
        require(duration.compareTo(Duration.ofSeconds(1)) >= 0, "the duration must be at least 1 s: " + duration);
        require(
                statementTimeout.compareTo(Duration.ofMillis(1)) >= 0,
                "the statement timeout must be at least 1 ms: " + statementTimeout);
        require(perSecond >= 0 && Double.isFinite(perSecond), "the rate must not be negative: " + perSecond);
    }

    public LoadOptions withConnections(int count) {
        return new LoadOptions(count, warmUp, duration, seed, allowWrites, statementTimeout, perSecond);
    }

    public LoadOptions withDuration(Duration warm, Duration measured) {
        return new LoadOptions(connections, warm, measured, seed, allowWrites, statementTimeout, perSecond);
    }

    public LoadOptions withSeed(long other) {
        return new LoadOptions(connections, warmUp, duration, other, allowWrites, statementTimeout, perSecond);
    }

    public LoadOptions withWritesAllowed() {
        return new LoadOptions(connections, warmUp, duration, seed, true, statementTimeout, perSecond);
    }

    public LoadOptions withStatementTimeout(Duration timeout) {
        return new LoadOptions(connections, warmUp, duration, seed, allowWrites, timeout, perSecond);
    }

    public LoadOptions withRate(double requestsPerSecond) {
        return new LoadOptions(connections, warmUp, duration, seed, allowWrites, statementTimeout, requestsPerSecond);
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw HoneException.usage("Load: " + message, "Nothing was run.");
        }
    }
}
