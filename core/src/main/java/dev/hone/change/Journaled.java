package dev.hone.change;

import dev.hone.Json;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the journal remembers of a step that was begun.
 *
 * @param begun whether its intent was ever committed
 * @param indexes the indexes that are its own
 * @param before what was there before, as its operation wrote it down; empty for nothing
 */
record Journaled(boolean begun, List<IndexPart> indexes, Map<String, Object> before) {

    static final Journaled NOTHING = new Journaled(false, List.of(), Map.of());

    Journaled {
        indexes = List.copyOf(indexes);
    }

    static Journaled of(DeploymentRecord.Step step) {
        return new Journaled(step.startedAt() != null, step.indexes(), step.before());
    }

    /** What was there before, in the shape in which the operation wrote it down. */
    <T> Optional<T> before(Class<T> shape) {
        return before.isEmpty() ? Optional.empty() : Optional.of(Json.MAPPER.convertValue(before, shape));
    }
}
