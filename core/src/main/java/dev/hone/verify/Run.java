package dev.hone.verify;

import dev.hone.twin.Plan;

/**
 * One run of a call.
 *
 * @param plan the plan it really had; null if it was ended before it was through
 * @param millis processor time of the server where that can be had, else execution time, in milliseconds; if it was
 *     ended, the time it had had until then
 */
record Run(@org.jspecify.annotations.Nullable Plan plan, double millis) {

    boolean ended() {
        return plan == null;
    }
}
