package dev.hone.advise;

import dev.hone.change.Change;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A change worth making, and what speaks for it.
 *
 * @param reason why, in one or two sentences
 * @param sizeBytes expected size on disk, negative for space given back
 * @param effects the queries whose plan cost it changes, largest gain first; empty if it was not planned on a twin
 * @param alternatives what else was tried for the same queries, and why it lost
 */
public record Recommendation(
        Change change, String reason, long sizeBytes, List<Effect> effects, List<Alternative> alternatives) {

    public Recommendation {
        effects = List.copyOf(effects);
        alternatives = List.copyOf(alternatives);
    }

    /**
     * What it does to one query.
     *
     * @param query id of the query in the workload
     * @param costBefore planner cost of one call without any recommendation
     * @param costAfter planner cost of one call with all recommendations
     * @param calls how often the query runs
     */
    public record Effect(String query, String sql, double costBefore, double costAfter, double calls) {}

    /**
     * Something tried and not recommended.
     *
     * @param sql the statement that would have made it
     * @param costAfter workload cost with it in place of the recommendation; null if it was not planned
     */
    public record Alternative(
            String sql, long sizeBytes, @Nullable Double costAfter, String reason) {}
}
