package dev.hone.measure;

import org.jspecify.annotations.Nullable;

/**
 * What was measured of a target.
 *
 * @param before figure before the change, in the target's unit; null if there is none
 * @param after figure after it; null if nothing could be measured
 * @param interval where the figure after lies with 95 % confidence; a point where the server counted it; null without a
 *     figure
 * @param note why the verdict is not what the figures suggest; null if there is nothing to say
 */
public record Result(
        Target target,
        @Nullable Double before,
        @Nullable Double after,
        @Nullable Interval interval,
        Verdict verdict,
        @Nullable String note) {}
