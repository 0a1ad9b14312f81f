package dev.hone.upkeep;

import java.time.Duration;

/**
 * How often something derived is refreshed.
 *
 * @param minInterval the least time between two refreshes, and the lull that is waited for; may be zero
 * @param maxStaleness the longest that a change waits for a lull; at least {@code minInterval}
 * @param batchRows the most entries of the queue in one refresh; so many waiting end the wait for a lull too
 * @param alert what the triggers may take of one statement before {@code trigger_time_summary} raises its alert
 */
public record Pace(Duration minInterval, Duration maxStaleness, int batchRows, Duration alert) {

    /** A second apart, a minute late at most, 10,000 changes at once, an alert from 100 ms. */
    public static final Pace DEFAULT =
            new Pace(Duration.ofSeconds(1), Duration.ofMinutes(1), 10_000, Duration.ofMillis(100));

    public Pace {
        if (minInterval.isNegative() || maxStaleness.compareTo(minInterval) < 0) {
            throw new IllegalArgumentException(
                    "0 <= minInterval <= maxStaleness: " + minInterval + ", " + maxStaleness);
        }
        if (batchRows < 1) {
            throw new IllegalArgumentException("batchRows must be at least 1: " + batchRows);
        }
        if (alert.isNegative() || alert.isZero()) {
            throw new IllegalArgumentException("alert must be longer than nothing: " + alert);
        }
    }
}
