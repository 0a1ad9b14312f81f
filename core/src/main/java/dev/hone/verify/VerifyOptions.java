package dev.hone.verify;

import java.time.Duration;

/**
 * Where and how long advice is tried.
 *
 * @param time the most to spend on measuring; copying and building come on top
 */
public record VerifyOptions(Place place, Duration time) {

    /** The size up to which tables are copied whole. */
    public static final long SIZE_BYTES = 2L << 30;

    public static final VerifyOptions DEFAULT =
            new VerifyOptions(new Place.OwnCopy(SIZE_BYTES), Duration.ofMinutes(10));

    public VerifyOptions {
        if (time.isNegative() || time.isZero()) {
            throw new IllegalArgumentException("the time must be positive: " + time);
        }
    }

    public VerifyOptions at(Place other) {
        return new VerifyOptions(other, time);
    }

    public VerifyOptions withTime(Duration limit) {
        return new VerifyOptions(place, limit);
    }
}
