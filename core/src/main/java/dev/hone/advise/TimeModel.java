package dev.hone.advise;

import dev.hone.twin.Plan;

/**
 * What a plan is worth: how the advisor compares plans of one database. Implementations must give the same answer for the
 * same plan, and are called from several threads at once.
 */
@FunctionalInterface
public interface TimeModel {

    /** The planner's own estimate. */
    TimeModel PLANNER = Plan::totalCost;

    /**
     * What one run of a plan costs, in units like the planner's: reading a page in sequence is about {@code
     * seq_page_cost}. The costs of keeping indexes up are set against it.
     *
     * @return not negative
     */
    double of(Plan plan);
}
