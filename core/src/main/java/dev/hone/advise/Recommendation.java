package dev.hone.advise;

import dev.hone.change.Change;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A change worth making, and what speaks for it and against it.
 *
 * @param reason why, in one or two sentences
 * @param sizeBytes expected size on disk, negative for space given back
 * @param effects the queries whose plan cost it changes, largest gain first and losses last; empty if it was not
 *     planned on a twin
 * @param alternatives what else was tried for the same queries, and why it lost
 * @param upkeep what it costs the statements that write, dearest first; empty if none does, or that is not known
 * @param buildTime how long the change takes; null if it takes no time worth speaking of, or that is not known
 * @param measured what it did where it was tried; empty if nobody measured it, so that all the rest is an estimate
 */
public record Recommendation(
        Change change,
        String reason,
        long sizeBytes,
        List<Effect> effects,
        List<Alternative> alternatives,
        List<Upkeep> upkeep,
        @Nullable BuildTime buildTime,
        List<Measured> measured) {

    public Recommendation {
        effects = orEmpty(effects);
        alternatives = orEmpty(alternatives);
        upkeep = orEmpty(upkeep);
        measured = orEmpty(measured);
    }

    /** One whose upkeep and build time are not known, and that nobody measured. */
    public Recommendation(
            Change change, String reason, long sizeBytes, List<Effect> effects, List<Alternative> alternatives) {
        this(change, reason, sizeBytes, effects, alternatives, List.of(), null, List.of());
    }

    /** The same, with what it did where it was tried. */
    public Recommendation withMeasured(List<Measured> results) {
        return new Recommendation(change, reason, sizeBytes, effects, alternatives, upkeep, buildTime, results);
    }

    /** True if it was tried and measured. */
    public boolean verified() {
        return !measured.isEmpty();
    }

    /** Proposals of before, and those written by hand, may lack such a list. */
    private static <T> List<T> orEmpty(@Nullable List<T> list) {
        return list == null ? List.of() : List.copyOf(list);
    }

    /**
     * What it does to one query.
     *
     * @param query id of the query in the workload
     * @param costBefore planner cost of one call without any recommendation
     * @param costAfter planner cost of one call with all recommendations, upkeep included
     * @param calls how often the query runs
     */
    public record Effect(String query, String sql, double costBefore, double costAfter, double calls) {

        /** True if the query gets cheaper. */
        public boolean gains() {
            return costAfter < costBefore;
        }
    }

    /**
     * Something tried and not recommended.
     *
     * @param sql the statement that would have made it
     * @param costAfter workload cost with it in place of the recommendation; null if it was not planned
     */
    public record Alternative(
            String sql, long sizeBytes, @Nullable Double costAfter, String reason) {}

    /**
     * What an index costs one statement that writes.
     *
     * @param query id of the statement in the workload
     * @param calls how often it runs
     * @param entriesPerCall entries that a call puts into the index, or leaves to vacuum
     * @param hotLostPerCall rows that a call updates in place no more (HOT), because it sets a column of this index
     *     and of no other
     * @param costPerCall what that is in the planner's units
     * @param share of the cost of the whole workload before, from 0 to 1
     */
    public record Upkeep(
            String query,
            String sql,
            double calls,
            double entriesPerCall,
            double hotLostPerCall,
            double costPerCall,
            double share) {

        /** What falls to a partition that holds a part of the rows, from 0 to 1. */
        Upkeep part(double rows) {
            return new Upkeep(
                    query, sql, calls, entriesPerCall * rows, hotLostPerCall * rows, costPerCall * rows, share * rows);
        }
    }
}
