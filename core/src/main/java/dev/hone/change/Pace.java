package dev.hone.change;

import java.time.Duration;

/**
 * How many rows a batch has, so that it takes about as long as it should. It follows a moving average of how long
 * batches took, and grows by no more than a fifth at a time.
 *
 * @param rows of the next batch
 * @param efficiency moving average of the time a batch took over the time it should take; 0 before the first
 */
record Pace(int rows, double efficiency) {

    /** Long enough that its overhead does not count, short enough that nobody waits long for what it holds. */
    static final Duration TARGET = Duration.ofMillis(500);

    static final Pace FIRST = new Pace(5_000, 0);

    private static final int LEAST = 1_000;
    private static final int MOST = 2_000_000;
    private static final double WEIGHT = 0.4;
    private static final double WANTED = 0.95;
    private static final double GROWTH = 1.2;

    /** After a batch that took so long. */
    Pace after(Duration took) {
        double now = (double) took.toNanos() / TARGET.toNanos();
        double average = efficiency == 0 ? now : WEIGHT * now + (1 - WEIGHT) * efficiency;
        double factor = Math.min(GROWTH, WANTED / Math.max(average, 0.01));
        return new Pace((int) Math.clamp(rows * factor, LEAST, MOST), average);
    }
}
