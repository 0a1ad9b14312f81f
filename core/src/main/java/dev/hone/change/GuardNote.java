package dev.hone.change;

import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where the guard of a deployment stands, as the journal keeps it.
 *
 * @param summary what it found, for people; empty as long as it has found nothing
 * @param before what it saw before the deployment, in its own shape
 */
public record GuardNote(State state, String summary, Map<String, Object> before) {

    /** How far it is. */
    public enum State {
        /** It saw the time before, and has yet to judge; or Hone was ended while it did. */
        WATCHING,
        /** Nothing got worse. */
        KEPT,
        /** It could not tell, and left the changes. */
        INCONCLUSIVE,
        /** Something got worse, or nothing better: the changes are taken back, or are to be. */
        ROLLED_BACK
    }

    public GuardNote {
        Objects.requireNonNull(state, "state");
        summary = Objects.requireNonNullElse(summary, "");
        before = Map.copyOf(orEmpty(before));
    }

    private static Map<String, Object> orEmpty(@Nullable Map<String, Object> map) {
        return map == null ? Map.of() : map;
    }

    /** The same guard, further on; what it saw before is not needed any more. */
    public GuardNote ended(State end, String found) {
        return new GuardNote(end, found, Map.of());
    }
}
