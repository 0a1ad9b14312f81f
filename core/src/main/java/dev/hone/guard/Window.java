package dev.hone.guard;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one source of evidence saw in one slice of time.
 *
 * @param pool the connections of a pool, or of the server; null if the source does not know
 */
record Window(
        Instant from,
        Instant to,
        List<Sample> samples,
        @Nullable Pool pool) {

    Window {
        samples = List.copyOf(samples);
    }

    /**
     * One query, or whatever else is told apart.
     *
     * @param query its id within the source
     * @param requests how many there were, failed ones among them
     * @param errors how many of them failed
     * @param mean milliseconds; null if not known
     * @param p95 milliseconds; null if not known
     */
    record Sample(
            String query,
            long requests,
            long errors,
            @Nullable Double mean,
            @Nullable Double p95) {}

    /**
     * Connections.
     *
     * @param waiting how many wait for one; null if not known
     */
    record Pool(long active, long size, @Nullable Long waiting) {

        boolean exhausted() {
            return size > 0 && active >= size && (waiting == null || waiting > 0);
        }
    }
}
