package dev.hone.advise;

import dev.hone.postgres.Snapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the advisor worked out.
 *
 * @param costBefore planner cost of the whole workload as the database is; 0 if it was not planned
 * @param costAfter the same with all recommendations, the upkeep of the new indexes included
 * @param recommendations best first
 * @param inUse the source's indexes that planned queries use in the end, qualified and quoted
 * @param notes what a reader should know: what was not planned, what was left out
 * @param effort what it took
 * @param hints what to write differently in queries that no change of the database helps
 */
public record Advice(
        double costBefore,
        double costAfter,
        List<Recommendation> recommendations,
        Set<String> inUse,
        List<String> notes,
        Effort effort,
        List<Hint> hints) {

    /**
     * What it took to find the advice.
     *
     * @param plans how many plans were made
     * @param complete false if time ran out before every step was weighed
     */
    public record Effort(int queries, int candidates, long plans, long millis, boolean complete) {}

    public Advice {
        recommendations = List.copyOf(recommendations);
        inUse = Set.copyOf(inUse);
        notes = List.copyOf(notes);
        hints = List.copyOf(hints);
    }

    /** Advice without hints. */
    public Advice(
            double costBefore,
            double costAfter,
            List<Recommendation> recommendations,
            Set<String> inUse,
            List<String> notes,
            Effort effort) {
        this(costBefore, costAfter, recommendations, inUse, notes, effort, List.of());
    }

    /** No advice from plans, where no twin can be had. */
    public static Advice withoutPlans(String why) {
        return new Advice(0, 0, List.of(), Set.of(), List.of(why), new Effort(0, 0, 0, 0, true));
    }

    /** The advice with one more note. */
    public Advice withNote(String note) {
        List<String> more = new ArrayList<>(notes);
        more.add(note);
        return new Advice(costBefore, costAfter, recommendations, inUse, more, effort, hints);
    }

    /** The advice with other recommendations in the place of its own. */
    public Advice withRecommendations(List<Recommendation> others) {
        return new Advice(costBefore, costAfter, others, inUse, notes, effort, hints);
    }

    /** The advice with more hints. */
    public Advice withHints(List<Hint> others) {
        List<Hint> more = new ArrayList<>(hints);
        more.addAll(others);
        return new Advice(costBefore, costAfter, recommendations, inUse, notes, effort, more);
    }

    /**
     * The advice as it is written to disk.
     *
     * @param address of the database, without a password; null if the Snapshot came from a file
     */
    public Proposal proposal(Snapshot snapshot, @Nullable String address, String workload, Instant createdAt) {
        return new Proposal(
                Proposal.FORMAT,
                createdAt,
                snapshot.database().name(),
                address,
                workload,
                costBefore,
                costAfter,
                recommendations,
                notes,
                hints);
    }
}
