package dev.hone.change;

import dev.hone.HoneException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** Waiting between two attempts. */
final class Pause {

    private static final long LONGEST_MILLIS = 30_000;

    private Pause() {}

    static void of(Duration duration) {
        try {
            Thread.sleep(duration);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw HoneException.failed(
                    "The deployment was interrupted", "Apply the same changes again: it goes on where it stopped.", e);
        }
    }

    /** Doubles from attempt to attempt; the jitter keeps two who collided from colliding again. */
    static void after(int attempt, Duration first) {
        long millis = Math.min(LONGEST_MILLIS, first.toMillis() << Math.min(attempt - 1, 20));
        of(Duration.ofMillis(ThreadLocalRandom.current().nextLong(millis / 2, millis / 2 + millis + 1)));
    }
}
