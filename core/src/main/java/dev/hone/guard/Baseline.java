package dev.hone.guard;

import dev.hone.HoneException;
import dev.hone.Json;
import dev.hone.change.GuardNote;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;

/**
 * What was seen before a deployment, as the journal keeps it, so that a guard that was ended can go on.
 *
 * @param from when looking began
 * @param windowMillis length of its windows
 * @param touches what the deployment touches, looked up before it changed that
 * @param series of each source, nothing after yet
 */
record Baseline(Instant from, long windowMillis, Touches touches, List<Series> series) {

    private static final TypeReference<Map<String, Object>> OBJECT = new TypeReference<>() {};

    Baseline {
        series = List.copyOf(series);
    }

    GuardNote note() {
        return new GuardNote(GuardNote.State.WATCHING, "", Json.MAPPER.convertValue(this, OBJECT));
    }

    /**
     * Reads it from the journal.
     *
     * @throws HoneException of kind {@code REFUSED} if a newer Hone wrote it
     */
    static Optional<Baseline> of(@Nullable GuardNote note) {
        if (note == null || note.before().isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(Json.MAPPER.convertValue(note.before(), Baseline.class));
        } catch (JacksonException | IllegalArgumentException e) {
            throw new HoneException(
                    HoneException.Kind.REFUSED,
                    "What the guard saw before the deployment is not understood: " + e.getMessage(),
                    "Nothing was changed. Use the Hone that began it, or apply without --guard.",
                    e);
        }
    }

    Duration window() {
        return Duration.ofMillis(windowMillis);
    }
}
