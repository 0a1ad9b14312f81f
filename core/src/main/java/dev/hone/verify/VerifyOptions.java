package dev.hone.verify;

import dev.hone.postgres.ServerAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Where and how long advice is tried.
 *
 * @param staging a copy of the database to build and measure at; null for a copy that Hone makes on this machine
 * @param time the most to spend on measuring; copying and building come on top
 * @param sizeBytes up to which size of all tables that the workload touches they are copied whole, and otherwise sampled
 */
public record VerifyOptions(@Nullable ServerAddress staging, Duration time, long sizeBytes) {

    public static final VerifyOptions DEFAULT = new VerifyOptions(null, Duration.ofMinutes(10), 2L << 30);

    public VerifyOptions {
        if (time.isNegative() || time.isZero()) {
            throw new IllegalArgumentException("the time must be positive: " + time);
        }
        if (sizeBytes <= 0) {
            throw new IllegalArgumentException("the size must be positive: " + sizeBytes);
        }
    }

    public VerifyOptions withStaging(ServerAddress address) {
        return new VerifyOptions(address, time, sizeBytes);
    }

    public VerifyOptions withTime(Duration limit) {
        return new VerifyOptions(staging, limit, sizeBytes);
    }

    public VerifyOptions withSize(long bytes) {
        return new VerifyOptions(staging, time, bytes);
    }
}
