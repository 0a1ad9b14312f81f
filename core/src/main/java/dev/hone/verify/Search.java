package dev.hone.verify;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Looks for the set of options with which the workload takes least time, as far as times are known now: greedily by
 * the time saved per byte and by the time saved, then by taking out, putting in and exchanging. Real sizes count against
 * the budget. A set with which a query that only reads is slower than without pays dearly for it.
 */
final class Search {

    /** How much slower a reading query may seem before that counts: single measurements are no finer. */
    static final double TOLERANCE = 0.08;

    /** A cost changes plans of queries that nobody measured: it must be worth that. */
    private static final double COST_GAIN = 0.02;

    private static final double PENALTY = 25;
    private static final long FEW_BYTES = 64 << 10;

    private final Stage stage;
    private final PlanTimes times;
    private final long budgetBytes;
    private final double minimumGain;
    private Deadline deadline = Deadline.in(Duration.ZERO);

    Search(Stage stage, PlanTimes times, long budgetBytes, double minimumGain) {
        this.stage = stage;
        this.times = times;
        this.budgetBytes = budgetBytes;
        this.minimumGain = minimumGain;
    }

    /** Milliseconds of the whole workload, with what slower queries are fined. */
    double objective(BitSet set) throws SQLException {
        double sum = 0;
        BitSet none = new BitSet();
        List<Call> calls = times.book().calls();
        for (int i = 0; i < calls.size(); i++) {
            double millis = times.millis(i, set);
            sum += calls.get(i).weight() * millis;
            if (!times.book().writes(i)) {
                double before = times.millis(i, none);
                double slower = millis - before * (1 + TOLERANCE);
                if (slower > 0.02) {
                    sum += PENALTY * calls.get(i).weight() * slower;
                }
            }
        }
        return sum;
    }

    long bytes(BitSet set) {
        return set.stream().mapToLong(i -> stage.options().get(i).bytes()).sum();
    }

    /**
     * The best set found by a time, beginning from nothing and from some others. Costs are not thought of: they change all
     * plans, so that nothing known would hold.
     */
    BitSet best(List<BitSet> starts, Deadline until) throws SQLException {
        deadline = until;
        List<BitSet> all = new ArrayList<>(starts);
        all.add(greedy(true, new BitSet()));
        all.add(greedy(false, new BitSet()));
        BitSet numbers = new BitSet();
        for (int i = 0; i < stage.options().size(); i++) {
            if (stage.options().get(i) instanceof Option.Distinct) {
                numbers.set(i);
            }
        }
        // Alone these may do nothing, and let an index do all.
        if (!numbers.isEmpty()) {
            all.add(greedy(true, numbers));
            for (BitSet start : starts) {
                BitSet more = (BitSet) start.clone();
                more.or(numbers);
                all.add(more);
            }
        }
        BitSet best = new BitSet();
        double least = objective(best);
        for (BitSet start : all) {
            BitSet set = refined(fitted(start));
            double objective = objective(set);
            if (objective < least * (1 - minimumGain / 10)
                    || (objective < least * (1 + minimumGain / 10) && bytes(set) < bytes(best))) {
                best = set;
                least = objective;
            }
        }
        return best;
    }

    private BitSet greedy(boolean perByte, BitSet start) throws SQLException {
        BitSet chosen = (BitSet) start.clone();
        double now = objective(chosen);
        while (!deadline.isOver()) {
            int best = -1;
            double bestScore = 0;
            double bestObjective = now;
            long left = budgetBytes - bytes(chosen);
            for (int i = 0; i < stage.options().size(); i++) {
                long size = stage.options().get(i).bytes();
                if (chosen.get(i) || size > left || isCost(i)) {
                    continue;
                }
                double objective = objective(with(chosen, i));
                double score = (now - objective) / (perByte ? Math.max(FEW_BYTES, size) : 1);
                if (now - objective > least(i) * objective && score > bestScore) {
                    best = i;
                    bestScore = score;
                    bestObjective = objective;
                }
            }
            if (best < 0) {
                break;
            }
            chosen = with(chosen, best);
            now = bestObjective;
        }
        return chosen;
    }

    /** A set without what is missed least per byte, until it fits the budget. */
    BitSet fitted(BitSet start) throws SQLException {
        BitSet set = (BitSet) start.clone();
        while (bytes(set) > budgetBytes) {
            int least = -1;
            double leastScore = Double.POSITIVE_INFINITY;
            for (int i : set.stream().toArray()) {
                double score = objective(without(set, i))
                        / Math.max(FEW_BYTES, stage.options().get(i).bytes());
                if (score < leastScore) {
                    least = i;
                    leastScore = score;
                }
            }
            set.clear(least);
        }
        return set;
    }

    private BitSet refined(BitSet start) throws SQLException {
        BitSet set = start;
        for (int round = 0; round < 6 && !deadline.isOver(); round++) {
            BitSet before = set;
            set = exchanged(withoutIdle(set));
            if (set.equals(before)) {
                break;
            }
        }
        return withoutIdle(set);
    }

    /** The set without what is not missed, the largest first. */
    BitSet withoutIdle(BitSet start) throws SQLException {
        BitSet set = (BitSet) start.clone();
        List<Integer> bySize = new ArrayList<>(set.stream().boxed().toList());
        bySize.sort((a, b) -> Long.compare(
                stage.options().get(b).bytes(), stage.options().get(a).bytes()));
        for (int one : bySize) {
            double with = objective(set);
            if (objective(without(set, one)) - with <= least(one) * with) {
                set.clear(one);
            }
        }
        return set;
    }

    private BitSet exchanged(BitSet start) throws SQLException {
        BitSet set = start;
        double now = objective(set);
        for (int in = 0; in < stage.options().size(); in++) {
            if (set.get(in) || isCost(in) || deadline.isOver()) {
                continue;
            }
            BitSet best = fitted(with(set, in));
            double least = best.get(in) ? objective(best) : Double.POSITIVE_INFINITY;
            for (int out : set.stream().toArray()) {
                BitSet other = with(without(set, out), in);
                if (bytes(other) <= budgetBytes) {
                    double objective = objective(other);
                    if (objective < least) {
                        best = other;
                        least = objective;
                    }
                }
            }
            if (now - least > least(in) * least) {
                set = best;
                now = least;
            }
        }
        return set;
    }

    /** With one option more, in the place of another value of the same cost. */
    BitSet with(BitSet set, int one) {
        BitSet more = (BitSet) set.clone();
        if (stage.options().get(one) instanceof Option.Cost cost) {
            set.stream()
                    .filter(i -> stage.options().get(i) instanceof Option.Cost other
                            && other.name().equals(cost.name()))
                    .forEach(more::clear);
        }
        more.set(one);
        return more;
    }

    private boolean isCost(int option) {
        return stage.options().get(option) instanceof Option.Cost;
    }

    /** The least share of the time that an option must save. */
    double least(int option) {
        return isCost(option) ? Math.max(minimumGain, COST_GAIN) : minimumGain;
    }

    static BitSet without(BitSet set, int one) {
        BitSet less = (BitSet) set.clone();
        less.clear(one);
        return less;
    }
}
