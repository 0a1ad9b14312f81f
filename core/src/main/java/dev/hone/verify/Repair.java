package dev.hone.verify;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The way from a set with which some query is slower to one with which none is: by an option less, or by another cost, at a
 * time. Of all sets next to those measured so far, the one that seems best is measured next.
 */
final class Repair {

    /** Measures all plans that the calls have with a set; false if there was no time for all. */
    @FunctionalInterface
    interface Measuring {
        boolean wholly(BitSet set) throws SQLException;
    }

    private final Stage stage;
    private final PlanTimes known;
    private final Search search;
    private final Measuring measuring;
    private final Deadline deadline;

    Repair(Stage stage, PlanTimes known, Search search, Measuring measuring, Deadline deadline) {
        this.stage = stage;
        this.known = known;
        this.search = search;
        this.measuring = measuring;
        this.deadline = deadline;
    }

    /** The first set that makes nothing slower; empty if time is up before, or there is none but that without any option. */
    Optional<BitSet> of(BitSet start) throws SQLException {
        Set<BitSet> seen = new HashSet<>();
        List<BitSet> next = new ArrayList<>(List.of(start));
        while (!next.isEmpty() && !deadline.isOver()) {
            BitSet set = leastHopeful(next);
            next.remove(set);
            if (!measuring.wholly(set)) {
                return Optional.empty();
            }
            List<Integer> slower = search.slower(set);
            if (slower.isEmpty()) {
                return Optional.of(set);
            }
            seen.add(set);
            for (BitSet other : neighbours(set, slower)) {
                if (!other.isEmpty() && !seen.contains(other) && !next.contains(other)) {
                    next.add(other);
                }
            }
        }
        return Optional.empty();
    }

    private BitSet leastHopeful(List<BitSet> sets) throws SQLException {
        BitSet best = sets.getFirst();
        double least = Double.POSITIVE_INFINITY;
        for (BitSet set : sets) {
            if (deadline.isOver()) {
                break;
            }
            double hoped = search.hoped(set);
            if (hoped < least) {
                best = set;
                least = hoped;
            }
        }
        return best;
    }

    /** The sets without one of the options that lead to the slower plans, and those with another cost. */
    private List<BitSet> neighbours(BitSet set, List<Integer> slower) throws SQLException {
        BitSet culprits = new BitSet();
        for (int call : slower) {
            culprits.or(known.book().entry(call, set).used());
            for (int told : known.book().told(set).stream().toArray()) {
                if (!known.book().isSame(call, set, Search.without(set, told))) {
                    culprits.set(told);
                }
            }
        }
        List<BitSet> all = new ArrayList<>();
        culprits.stream().forEach(one -> all.add(Search.without(set, one)));
        for (int i = 0; i < stage.options().size(); i++) {
            if (!set.get(i) && stage.options().get(i) instanceof Option.Cost) {
                all.add(search.with(set, i));
            }
        }
        return all;
    }
}
