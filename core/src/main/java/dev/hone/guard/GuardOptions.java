package dev.hone.guard;

import dev.hone.HoneException;
import java.time.Duration;
import java.util.TreeSet;

/**
 * How long the guard looks, and what it bears.
 *
 * @param window length of the slices of time whose figures are compared
 * @param before how long it looks before the deployment
 * @param after how long it watches afterwards
 * @param slower how much slower a query may get, as a share: 0.2 for 20 %
 * @param moreErrors by how much the share of errors may rise, as a share of itself: 0.5 for 50 %
 */
public record GuardOptions(Duration window, Duration before, Duration after, double slower, double moreErrors) {

    /** Windows of 15 s; 3 minutes before, 10 minutes after; 20 % slower, 50 % more errors. */
    public static final GuardOptions DEFAULT =
            new GuardOptions(Duration.ofSeconds(15), Duration.ofMinutes(3), Duration.ofMinutes(10), 0.2, 0.5);

    /** Fewer windows do not show how much they differ by themselves. */
    static final int LEAST_WINDOWS = 4;

    /**
     * Checks the values.
     *
     * @throws HoneException of kind {@code USAGE} if one is out of range
     */
    public GuardOptions {
        require(window.toMillis() >= 100, "a window of " + window.toMillis() + " ms is too short");
        require(
                before.toMillis() >= LEAST_WINDOWS * window.toMillis(),
                "the time before must hold at least " + LEAST_WINDOWS + " windows of " + window.toMillis() + " ms");
        require(
                after.toMillis() >= LEAST_WINDOWS * window.toMillis(),
                "the guard's time must hold at least " + LEAST_WINDOWS + " windows of " + window.toMillis() + " ms");
        require(slower > 0 && moreErrors > 0, "a limit must be above 0");
    }

    public GuardOptions withTimes(Duration ofWindow, Duration ofBefore, Duration ofAfter) {
        return new GuardOptions(ofWindow, ofBefore, ofAfter, slower, moreErrors);
    }

    int windowsBefore() {
        return (int) (before.toMillis() / window.toMillis());
    }

    int windowsAfter() {
        return (int) (after.toMillis() / window.toMillis());
    }

    /**
     * After how many windows the guard judges. Every look is a chance to be wrong, so there are few: each comes when there
     * is half as much evidence again as at the one before.
     */
    TreeSet<Integer> looks() {
        TreeSet<Integer> looks = new TreeSet<>();
        for (int at = LEAST_WINDOWS; at < windowsAfter(); at = at + Math.max(2, at / 2)) {
            looks.add(at);
        }
        looks.add(windowsAfter());
        return looks;
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw HoneException.usage("Guard: " + message, "Nothing was changed.");
        }
    }
}
