package dev.hone.check;

import org.jspecify.annotations.Nullable;

/**
 * What became of one check.
 *
 * @param findings how many things it found
 * @param worst the highest severity among them; null if there are none
 * @param blindness what could not be seen and what cures that; null if everything was. A light that is not
 *     {@link State#BLIND} may have one: it found something, and may have missed more
 */
public record Light(
        String check,
        String title,
        String category,
        State state,
        int findings,
        @Nullable Severity worst,
        @Nullable String blindness) {

    /** The colour of a light. */
    public enum State {
        /** Everything was seen, and nothing is wrong. */
        OK,
        /** Something is wrong. */
        FINDING,
        /** Nothing was found, but not everything was seen: no all-clear. */
        BLIND
    }
}
