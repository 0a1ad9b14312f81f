package dev.hone.verify;

import dev.hone.advise.Advice;
import dev.hone.change.Change;
import dev.hone.change.CreateIndex;
import dev.hone.measure.Comparison;
import dev.hone.measure.Interval;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What trying advice showed.
 *
 * @param where it was tried, for people
 * @param unit what was measured: processor time of the server, or execution time
 * @param kept what is worth having, largest saving first
 * @param told what else the planner should be told: it takes no room
 * @param rejected what was tried and is not
 * @param queries heaviest first
 * @param estimatedRatio planner cost of the workload with what is kept, divided by that without
 * @param measuredRatio the same of its time, over the queries that could be measured
 * @param notes what a reader should know
 * @param plans how many different plans were measured
 * @param complete false if time ran out before all that looked promising was measured
 * @param model what was learned of how long operators really take; null if there was too little to learn from
 */
public record Verification(
        String where,
        String unit,
        List<Kept> kept,
        List<Told> told,
        List<Rejected> rejected,
        List<Query> queries,
        double estimatedRatio,
        double measuredRatio,
        List<String> notes,
        int plans,
        boolean complete,
        @Nullable OperatorModel model) {

    public Verification {
        kept = List.copyOf(kept);
        told = List.copyOf(told);
        rejected = List.copyOf(rejected);
        queries = List.copyOf(queries);
        notes = List.copyOf(notes);
    }

    Verification withNote(String note) {
        List<String> more = new ArrayList<>(notes);
        more.add(note);
        return new Verification(
                where,
                unit,
                kept,
                told,
                rejected,
                queries,
                estimatedRatio,
                measuredRatio,
                more,
                plans,
                complete,
                model);
    }

    /** Advice in the light of it: with what is kept in the place of the indexes that the plans alone spoke for. */
    public Advice applied(Advice advice) {
        return new VerifiedAdvice(advice, this).advice();
    }

    /**
     * An index worth having.
     *
     * @param bytes what it really took
     * @param queries ids of the queries that use it
     * @param missed milliseconds of the whole workload that it saves beside the others
     */
    public record Kept(CreateIndex index, long bytes, List<String> queries, double missed) {
        public Kept {
            queries = List.copyOf(queries);
        }
    }

    /**
     * What the planner should be told: how many different values a column has, or another cost to reckon with.
     *
     * @param change an AlterColumnStatistics or an AlterSetting
     * @param value to be told
     * @param now what it goes by without
     * @param queries ids of the queries that have another plan by it
     * @param missed milliseconds of the whole workload that it saves beside the others
     */
    public record Told(Change change, String value, String now, List<String> queries, double missed) {
        public Told {
            queries = List.copyOf(queries);
        }
    }

    /**
     * An index that is not worth having.
     *
     * @param recommended whether the plans alone spoke for it
     */
    public record Rejected(CreateIndex index, long bytes, boolean recommended, String reason) {}

    /**
     * One query, with what is kept and without.
     *
     * @param beforeMillis of one call without
     * @param afterMillis of one call with
     * @param costBefore planner cost of one call without
     * @param costAfter planner cost of one call with
     * @param measuredRatio after divided by before
     * @param interval where that lies with 95 % confidence
     * @param samePlan true if the plans are the same, so that there is nothing to measure
     */
    public record Query(
            String id,
            String sql,
            double calls,
            double beforeMillis,
            double afterMillis,
            double costBefore,
            double costAfter,
            double measuredRatio,
            Interval interval,
            boolean samePlan) {

        /** Of the planner's costs. */
        public double estimatedRatio() {
            return costBefore > 0 ? costAfter / costBefore : 1;
        }

        /** What the difference means. */
        public Comparison.Difference difference() {
            return interval.upper() < 1
                    ? Comparison.Difference.FASTER
                    : interval.lower() > 1 ? Comparison.Difference.SLOWER : Comparison.Difference.NONE;
        }
    }
}
