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

    private static final String TO_BE = "to be ";

    /** How far it is. */
    public enum State {
        /** It saw the time before, and has yet to judge; or Hone was ended while it did. */
        WATCHING,
        /** Nothing got worse. */
        KEPT,
        /** It could not tell, and left the changes. */
        INCONCLUSIVE,
        /** Something got worse, or nothing better: the changes are to be taken back, or are just being. */
        ROLLING_BACK,
        /** They are taken back. */
        ROLLED_BACK
    }

    public GuardNote {
        Objects.requireNonNull(state, "state");
        summary = Objects.requireNonNullElse(summary, "");
        before = Map.copyOf(orEmpty(before));
    }

    /** The same guard, having decided against the changes, before anything of them is taken back. */
    public GuardNote rollingBack(String reasons) {
        return ended(State.ROLLING_BACK, TO_BE + "taken back: " + reasons);
    }

    /** The same guard, once all is taken back that it decided against. */
    GuardNote rolledBack() {
        return ended(State.ROLLED_BACK, summary.startsWith(TO_BE) ? summary.substring(TO_BE.length()) : summary);
    }

    private static Map<String, Object> orEmpty(@Nullable Map<String, Object> map) {
        return map == null ? Map.of() : map;
    }

    /** The same guard, further on; what it saw before is not needed any more. */
    public GuardNote ended(State end, String found) {
        return new GuardNote(end, found, Map.of());
    }
}
