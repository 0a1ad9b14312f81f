package dev.hone.cli;

import dev.hone.twin.Omission;
import dev.hone.twin.Plan;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What {@code hone plan --format json} prints.
 *
 * @param statement as it was given
 * @param parameters values of $1, $2, …; empty if it was planned for any
 * @param after null if nothing was pretended
 * @param costRatio cost after by cost before; null if nothing was pretended
 * @param whatIfs what was pretended, in order
 * @param omissions what the twin does without and may matter to this statement
 */
record PlanDocument(
        String statement,
        List<@Nullable String> parameters,
        Plan before,
        @Nullable Plan after,
        @Nullable Double costRatio,
        List<Pretended> whatIfs,
        List<Omission> omissions) {

    /**
     * Something that was pretended.
     *
     * @param used whether the plan uses the new index, or used the index that is gone; null for what is no index
     * @param sizeBytes estimated size of a new index; null for anything else
     */
    record Pretended(
            String title, @Nullable Boolean used, @Nullable Long sizeBytes, List<String> notes) {}
}
