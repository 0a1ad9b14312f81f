package dev.hone.cli;

import dev.hone.change.Limits;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * How far a replica may be behind, as a size or as a time.
 *
 * @param bytes of log; null for a time
 * @param time null for a size
 */
record ReplicaLag(@Nullable Long bytes, @Nullable Duration time) {

    Limits limit(Limits limits) {
        Limits sized = bytes == null ? limits : limits.withReplicaLagBytes(bytes);
        return time == null ? sized : sized.withReplicaLag(time);
    }

    /** Reads one. */
    static final class Converter implements ITypeConverter<ReplicaLag> {
        @Override
        public ReplicaLag convert(String text) {
            // A bare number could be either.
            if (!text.strip().matches("[0-9]+")) {
                try {
                    return new ReplicaLag(null, new DurationConverter().convert(text));
                } catch (TypeConversionException e) {
                    try {
                        return new ReplicaLag(
                                new Bytes.Converter().convert(text).count(), null);
                    } catch (TypeConversionException alsoNot) {
                        // Said below.
                    }
                }
            }
            throw new TypeConversionException("'" + text + "' is no size and no time; write 64MB or 10s");
        }
    }
}
