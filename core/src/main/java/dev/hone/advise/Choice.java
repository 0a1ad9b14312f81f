package dev.hone.advise;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * Chooses indexes under a budget, greedily as Extend does (Schlosser, Kossmann, Boissier: Efficient Scalable Multi-attribute
 * Index Selection Using Recursive Strategies, ICDE 2019): the step that saves most per byte, a step being to add an index
 * or to put a longer one in the place of one that begins it. Unlike Extend it starts from whole candidates, is run a
 * second time by the plain saving, and ends by taking out what is no longer missed and exchanging what has a better
 * match. Whenever time is up, the choice so far stands.
 */
final class Choice {

    private final Costs costs;
    private final long budgetBytes;
    private final double minimumGain;
    private final BooleanSupplier timeIsUp;
    private final List<Integer> worthwhile;

    Choice(Costs costs, List<Integer> worthwhile, long budgetBytes, double minimumGain, BooleanSupplier timeIsUp) {
        this.costs = costs;
        this.worthwhile = List.copyOf(worthwhile);
        this.budgetBytes = budgetBytes;
        this.minimumGain = minimumGain;
        this.timeIsUp = timeIsUp;
    }

    BitSet choose() {
        BitSet perByte = refined(greedy(true));
        if (timeIsUp.getAsBoolean()) {
            return perByte;
        }
        BitSet plain = refined(greedy(false));
        return isBetter(plain, perByte) ? plain : perByte;
    }

    private boolean isBetter(BitSet one, BitSet other) {
        double difference = costs.total(other) - costs.total(one);
        double tolerance = minimumGain * costs.total(other);
        return difference > tolerance
                || (Math.abs(difference) <= tolerance && costs.sizeBytes(one) < costs.sizeBytes(other));
    }

    private record Step(BitSet set, Schema.Name table, double gain, double score) {}

    private BitSet greedy(boolean perByte) {
        BitSet chosen = new BitSet();
        double current = costs.total(chosen);
        // A candidate's step stands as long as nothing was chosen on a table that one of its queries touches.
        Map<Integer, Step> steps = new HashMap<>();
        List<Integer> left = new ArrayList<>(worthwhile);
        while (!timeIsUp.getAsBoolean()) {
            Step best = null;
            for (int candidate : left) {
                if (timeIsUp.getAsBoolean()) {
                    break;
                }
                if (chosen.get(candidate)) {
                    continue;
                }
                Step step = steps.get(candidate);
                if (step == null) {
                    step = step(chosen, candidate, perByte);
                    steps.put(candidate, step);
                }
                if (step.gain() > minimumGain * current && (best == null || step.score() > best.score())) {
                    best = step;
                }
            }
            if (best == null) {
                break;
            }
            chosen = best.set();
            current -= best.gain();
            // All sets in the steps are of the old choice; those of other tables only lack the newest index.
            steps.clear();
        }
        return chosen;
    }

    private Step step(BitSet chosen, int candidate, boolean perByte) {
        Schema.Name table = costs.options().get(candidate).candidate().table().name();
        BitSet added = with(chosen, candidate);
        Step best = weigh(chosen, added, table, perByte);
        for (int old = chosen.nextSetBit(0); old >= 0; old = chosen.nextSetBit(old + 1)) {
            if (extendsOther(candidate, old)) {
                BitSet replaced = with(chosen, candidate);
                replaced.clear(old);
                Step step = weigh(chosen, replaced, table, perByte);
                if (step.score() > best.score()) {
                    best = step;
                }
            }
        }
        return best;
    }

    private Step weigh(BitSet chosen, BitSet wanted, Schema.Name table, boolean perByte) {
        long size = costs.sizeBytes(wanted);
        if (size > budgetBytes) {
            return new Step(chosen, table, 0, Double.NEGATIVE_INFINITY);
        }
        double gain = -costs.change(table, chosen, wanted);
        // A few pages more or less are noise, and must not decide.
        long bytes = Math.max(64 << 10, size - costs.sizeBytes(chosen));
        return new Step(wanted, table, gain, gain <= 0 ? Double.NEGATIVE_INFINITY : perByte ? gain / bytes : gain);
    }

    /** True if an index serves whatever the other does: it begins with the same keys and leaves out no more rows. */
    private boolean extendsOther(int one, int other) {
        Candidate longer = costs.options().get(one).candidate();
        Candidate shorter = costs.options().get(other).candidate();
        return longer.table().name().equals(shorter.table().name())
                && (longer.predicate() == null || longer.predicate().equals(shorter.predicate()))
                && longer.keys().size() >= shorter.keys().size()
                && longer.keys().subList(0, shorter.keys().size()).equals(shorter.keys());
    }

    private BitSet refined(BitSet start) {
        BitSet chosen = start;
        for (int round = 0; round < 4 && !timeIsUp.getAsBoolean(); round++) {
            BitSet before = (BitSet) chosen.clone();
            chosen = exchanged(withoutIdle(chosen));
            if (chosen.equals(before)) {
                break;
            }
        }
        return withoutIdle(chosen);
    }

    private BitSet withoutIdle(BitSet start) {
        BitSet chosen = (BitSet) start.clone();
        // The largest first: what is missed least for its size.
        List<Integer> bySize = new ArrayList<>(chosen.stream().boxed().toList());
        bySize.sort((a, b) -> Long.compare(size(b), size(a)));
        for (int one : bySize) {
            BitSet without = (BitSet) chosen.clone();
            without.clear(one);
            Schema.Name table = costs.options().get(one).candidate().table().name();
            if (costs.change(table, chosen, without) <= minimumGain * costs.total(chosen)) {
                chosen = without;
            }
        }
        return chosen;
    }

    private BitSet exchanged(BitSet start) {
        BitSet chosen = start;
        for (int old : start.stream().toArray()) {
            Schema.Name table = costs.options().get(old).candidate().table().name();
            double current = costs.total(chosen);
            BitSet best = chosen;
            double bestGain = 0;
            for (int candidate : worthwhile) {
                if (timeIsUp.getAsBoolean()) {
                    return chosen;
                }
                if (chosen.get(candidate)
                        || !costs.options()
                                .get(candidate)
                                .candidate()
                                .table()
                                .name()
                                .equals(table)) {
                    continue;
                }
                BitSet other = with(chosen, candidate);
                other.clear(old);
                if (costs.sizeBytes(other) > budgetBytes) {
                    continue;
                }
                double gain = -costs.change(table, chosen, other);
                boolean cheaper = gain > minimumGain * current && gain > bestGain;
                boolean smaller = bestGain == 0
                        && gain >= -minimumGain / 10 * current
                        && size(candidate) < 0.8 * size(old)
                        && costs.sizeBytes(other) < costs.sizeBytes(best);
                if (cheaper || smaller) {
                    best = other;
                    bestGain = Math.max(0, gain);
                }
            }
            chosen = best;
        }
        return chosen;
    }

    private long size(int option) {
        return costs.options().get(option).index().sizeBytes();
    }

    private static BitSet with(BitSet set, int one) {
        BitSet more = (BitSet) set.clone();
        more.set(one);
        return more;
    }
}
