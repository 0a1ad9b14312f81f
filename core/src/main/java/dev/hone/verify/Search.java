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

    /** Less nobody notices, and no clock tells. */
    static final double NOTICED_MILLIS = 0.02;

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

    /** Milliseconds of the whole workload. */
    double millis(BitSet set) throws SQLException {
        double sum = 0;
        for (int i = 0; i < times.book().calls().size(); i++) {
            sum += weight(i) * times.millis(i, set);
        }
        return sum;
    }

    /** Milliseconds of the whole workload, with what is fined for slower queries. */
    double objective(BitSet set) throws SQLException {
        double sum = 0;
        for (int i = 0; i < times.book().calls().size(); i++) {
            sum += weight(i) * (times.millis(i, set) + fine(i, set));
        }
        return sum;
    }

    /** What sets are compared by in the end: another cost must be worth what it may do to queries that nobody measured. */
    double judged(BitSet set) throws SQLException {
        long costs = set.stream().filter(this::isCost).count();
        return objective(set) * (1 + costs * COST_GAIN);
    }

    /** The {@link #objective}, if every plan that was not measured yet takes what its call takes without options. */
    double hoped(BitSet set) throws SQLException {
        double sum = 0;
        for (int i = 0; i < times.book().calls().size(); i++) {
            double millis = times.isMeasured(i, set) ? times.millis(i, set) : times.millis(i, new BitSet());
            sum += weight(i) * (millis + fine(i, set));
        }
        return sum;
    }

    /** The calls that only read, and were measured to be slower with a set than without any option. */
    List<Integer> slower(BitSet set) throws SQLException {
        List<Integer> slower = new ArrayList<>();
        for (int i = 0; i < times.book().calls().size(); i++) {
            if (fine(i, set) > 0) {
                slower.add(i);
            }
        }
        return slower;
    }

    /** A prediction is too coarse to fine anybody for it. */
    private double fine(int call, BitSet set) throws SQLException {
        if (times.book().writes(call) || !times.isMeasured(call, set)) {
            return 0;
        }
        double slower = times.millis(call, set) - times.millis(call, new BitSet()) * (1 + TOLERANCE);
        return slower > NOTICED_MILLIS ? PENALTY * slower : 0;
    }

    private double weight(int call) {
        return times.book().calls().get(call).weight();
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
            BitSet beside = with(set, in);
            BitSet best = fitted(beside);
            double least = best.get(in) ? objective(best) : Double.POSITIVE_INFINITY;
            boolean idle = isIdle(set, beside);
            for (int out : set.stream().toArray()) {
                BitSet other = with(without(set, out), in);
                // What changes nothing beside another can only do the same in its place, and must then be smaller.
                if (bytes(other) <= budgetBytes && (!idle || bytes(other) < bytes(set))) {
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

    private boolean isIdle(BitSet set, BitSet more) throws SQLException {
        for (int i = 0; i < times.book().calls().size(); i++) {
            if (!times.book().isSame(i, set, more)) {
                return false;
            }
        }
        return true;
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
