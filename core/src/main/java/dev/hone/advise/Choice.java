package dev.hone.advise;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Chooses indexes under a budget, greedily as Extend does (Schlosser, Kossmann, Boissier: Efficient Scalable Multi-attribute
 * Index Selection Using Recursive Strategies, ICDE 2019): the step that saves most per byte, a step being to add an index
 * or to put a longer one in the place of one that begins it. Unlike Extend it starts from whole candidates, is run a
 * second time by the plain saving, and ends by taking out what is no longer missed, exchanging what has a better
 * match, and letting one index do the work of several. Whenever time is up, the choice so far stands.
 *
 * <p>One rule decides all of that, see {@link #isWorth}: what would not be worth adding is not worth keeping.
 */
final class Choice {

    /** A few pages more or less are noise, and must not decide. */
    private static final long FEW_BYTES = 64 << 10;

    /** How large one index in the place of several may be, beside these: an index fewer is worth some bytes. */
    private static final double MERGED_SIZE = 1.25;

    /** How large an index that is no better must be beside another, to be had in its place. */
    private static final double SMALLER = 0.8;

    /** How many candidates are weighed at a time. */
    private static final int AT_ONCE = 12;

    private static final Comparator<Candidate> KEY_ORDER = Comparator.comparing(
                    (Candidate candidate) -> !candidate.table().servesForeignKey(candidate.keys()))
            .thenComparing(Choice::distinct, Choice::fallingLists);

    private final Costs costs;
    private final long budgetBytes;
    private final double minimumGain;
    private final BooleanSupplier timeIsUp;
    private final BooleanSupplier isEnough;
    private final List<Integer> worthwhile;

    /** For an index, those with its keys in a better order, the best first. */
    private final Map<Integer, List<Integer>> preferred = new HashMap<>();

    /**
     * @param timeIsUp when true, all ends
     * @param isEnough when true, what was chosen by then is not made better any more
     */
    Choice(
            Costs costs,
            List<Integer> worthwhile,
            long budgetBytes,
            double minimumGain,
            BooleanSupplier timeIsUp,
            BooleanSupplier isEnough) {
        this.costs = costs;
        this.worthwhile = List.copyOf(worthwhile);
        this.budgetBytes = budgetBytes;
        this.minimumGain = minimumGain;
        this.timeIsUp = timeIsUp;
        this.isEnough = isEnough;
        for (int one : worthwhile) {
            for (int other : worthwhile) {
                if (candidate(one).reorderedKeys(candidate(other)) > 0
                        && KEY_ORDER.compare(candidate(other), candidate(one)) < 0) {
                    preferred.computeIfAbsent(one, any -> new ArrayList<>()).add(other);
                }
            }
        }
        preferred.values().forEach(others -> others.sort(Comparator.comparing(this::candidate, KEY_ORDER)));
    }

    BitSet choose() {
        BitSet perByte = refine(greedy(new BitSet(), true, timeIsUp));
        if (isEnough.getAsBoolean()) {
            return perByte;
        }
        BitSet plain = refine(greedy(new BitSet(), false, isEnough));
        return isBetter(plain, perByte) ? plain : perByte;
    }

    /**
     * An index that could do the work of two.
     *
     * @param identity of the candidate; it need not be among the options
     */
    record Merger(int one, int other, String identity) {}

    /** The choice with one index in the place of two, wherever that takes hardly more space and nobody would notice. */
    BitSet merged(BitSet start, List<Merger> mergers) {
        Map<String, Integer> numbers = new HashMap<>();
        for (int i = 0; i < costs.options().size(); i++) {
            numbers.put(candidate(i).identity(), i);
        }
        List<Merger> possible = new ArrayList<>(mergers);
        possible.removeIf(one -> !numbers.containsKey(one.identity()));
        // Only who uses the two can lose by it: they are asked first, and most mergers end there.
        prepare(start, possible, numbers, false);
        possible.removeIf(merger -> {
            BitSet other = replaced(start, merger, numbers);
            return users(start, merger).stream().anyMatch(query -> costs.isNoticed(query, other, start));
        });
        prepare(start, possible, numbers, true);
        BitSet chosen = start;
        while (!isEnough.getAsBoolean()) {
            BitSet best = null;
            double least = Double.POSITIVE_INFINITY;
            for (Merger merger : possible) {
                if (!chosen.get(merger.one()) || !chosen.get(merger.other())) {
                    continue;
                }
                BitSet other = replaced(chosen, merger, numbers);
                double change = costs.change(table(merger.one()), chosen, other);
                if (change < least && isSmaller(other, chosen) && !isWorth(table(merger.one()), other, chosen)) {
                    best = other;
                    least = change;
                }
            }
            if (best == null) {
                break;
            }
            chosen = best;
        }
        return chosen;
    }

    private void prepare(BitSet start, List<Merger> mergers, Map<String, Integer> numbers, boolean all) {
        List<Costs.Ask> asks = new ArrayList<>();
        for (Merger merger : mergers) {
            BitSet other = replaced(start, merger, numbers);
            (all ? costs.queriesOn(table(merger.one())) : users(start, merger))
                    .forEach(query -> asks.add(new Costs.Ask(query, other)));
        }
        costs.prepare(asks);
    }

    private Set<Integer> users(BitSet set, Merger merger) {
        Set<Integer> users = new TreeSet<>(costs.users(merger.one(), set));
        users.addAll(costs.users(merger.other(), set));
        return users;
    }

    private static BitSet replaced(BitSet set, Merger merger, Map<String, Integer> numbers) {
        return with(
                without(without(set, merger.one()), merger.other()),
                Objects.requireNonNull(numbers.get(merger.identity())));
    }

    /** Whether a set with an index fewer takes hardly more space than another. */
    private boolean isSmaller(BitSet fewer, BitSet more) {
        return costs.mostBytes(fewer) <= budgetBytes
                && costs.sizeBytes(fewer) <= MERGED_SIZE * costs.sizeBytes(more) + FEW_BYTES;
    }

    /** The choice, with the space that refining it left used for what did not fit before. */
    BitSet refilled(BitSet refined) {
        BitSet fuller = greedy(refined, false, isEnough);
        if (fuller.equals(refined) || isEnough.getAsBoolean()) {
            return fuller;
        }
        BitSet again = refine(fuller);
        return isBetter(again, refined) ? again : refined;
    }

    private boolean isBetter(BitSet one, BitSet other) {
        double difference = costs.total(other) - costs.total(one);
        double tolerance = minimumGain * costs.total(other);
        return difference > tolerance
                || (Math.abs(difference) <= tolerance && costs.sizeBytes(one) < costs.sizeBytes(other));
    }

    private record Step(BitSet set, Schema.Name table, double gain, double score) {}

    /**
     * Adds what saves most, step by step. What a candidate saved when it was last weighed is an upper bound as a rule, as
     * each index chosen leaves less to save; so only the most promising are weighed again, until one is as good as
     * the rest were. Where the rule does not hold, the last round finds it, which weighs all.
     */
    private BitSet greedy(BitSet start, boolean perByte, BooleanSupplier until) {
        BitSet chosen = start;
        double current = costs.total(chosen);
        Map<Integer, Double> promised = new HashMap<>();
        while (!until.getAsBoolean()) {
            List<Integer> left = new ArrayList<>(worthwhile);
            BitSet now = chosen;
            left.removeIf(now::get);
            left.sort(
                    Comparator.comparingDouble((Integer one) -> -promised.getOrDefault(one, Double.POSITIVE_INFINITY)));
            Step best = null;
            for (int from = 0; from < left.size() && !until.getAsBoolean(); from += AT_ONCE) {
                if (best != null && best.score() >= promised.getOrDefault(left.get(from), Double.POSITIVE_INFINITY)) {
                    break;
                }
                List<Integer> some = left.subList(from, Math.min(left.size(), from + AT_ONCE));
                prepare(chosen, some);
                for (int candidate : some) {
                    Step step = step(chosen, candidate, perByte);
                    promised.put(candidate, step.score());
                    if (step.gain() > minimumGain * (current - step.gain())
                            && (best == null || step.score() > best.score())
                            && costs.isNoticed(step.table(), chosen, step.set())) {
                        best = step;
                    }
                }
            }
            if (best == null) {
                best = together(chosen, current, perByte);
            }
            if (best == null) {
                break;
            }
            chosen = best.set();
            current -= best.gain();
        }
        return chosen;
    }

    /** The best step that adds several indexes which help only together, as those for the arms of an OR do. */
    private @Nullable Step together(BitSet chosen, double current, boolean perByte) {
        BitSet all = (BitSet) chosen.clone();
        worthwhile.forEach(all::set);
        Step best = null;
        for (int query = 0; query < costs.queries().size() && !timeIsUp.getAsBoolean(); query++) {
            Map<Schema.Name, BitSet> byTable = new TreeMap<>();
            costs.used(query, all).stream()
                    .forEach(option -> byTable.computeIfAbsent(table(option), any -> (BitSet) chosen.clone())
                            .set(option));
            for (Map.Entry<Schema.Name, BitSet> used : byTable.entrySet()) {
                if (used.getValue().cardinality() < chosen.cardinality() + 2) {
                    continue;
                }
                Step step = weigh(chosen, used.getValue(), used.getKey(), perByte);
                if (step.gain() > minimumGain * (current - step.gain())
                        && (best == null || step.score() > best.score())
                        && costs.isNoticed(step.table(), chosen, step.set())) {
                    best = step;
                }
            }
        }
        return best;
    }

    /** Has the plans made, on all twins at once, that weighing these candidates will need. */
    private void prepare(BitSet chosen, List<Integer> candidates) {
        List<Costs.Ask> asks = new ArrayList<>();
        for (int candidate : candidates) {
            BitSet added = with(chosen, candidate);
            if (costs.mostBytes(added) <= budgetBytes) {
                costs.queriesOn(table(candidate)).forEach(query -> asks.add(new Costs.Ask(query, added)));
            }
        }
        costs.prepare(asks);
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

    private Step weigh(BitSet chosen, BitSet added, Schema.Name table, boolean perByte) {
        BitSet wanted = reordered(added, table);
        long size = costs.sizeBytes(wanted);
        if (costs.mostBytes(wanted) > budgetBytes) {
            return new Step(chosen, table, 0, Double.NEGATIVE_INFINITY);
        }
        double gain = -costs.change(table, chosen, wanted);
        long bytes = Math.max(FEW_BYTES, size - costs.sizeBytes(chosen));
        return new Step(wanted, table, gain, gain <= 0 ? Double.NEGATIVE_INFINITY : perByte ? gain / bytes : gain);
    }

    /** True if an index serves whatever the other does: it begins with the same keys and leaves out no more rows. */
    private boolean extendsOther(int one, int other) {
        Candidate longer = costs.options().get(one).candidate();
        Candidate shorter = costs.options().get(other).candidate();
        return longer.table().name().equals(shorter.table().name())
                // Only of a btree does it matter what the keys begin with.
                && longer.method().equals(Candidate.BTREE)
                && shorter.method().equals(Candidate.BTREE)
                && (longer.predicate() == null || longer.predicate().equals(shorter.predicate()))
                && longer.keys().size() >= shorter.keys().size()
                && longer.keys().subList(0, shorter.keys().size()).equals(shorter.keys());
    }

    /** Makes a choice smaller where nobody would notice, and better where somebody would. */
    BitSet refine(BitSet start) {
        BitSet chosen = start;
        for (int round = 0; round < 4 && !isEnough.getAsBoolean(); round++) {
            BitSet before = chosen;
            chosen = consolidated(exchanged(withoutIdle(chosen)));
            // Only now is it settled which queries are left to each index.
            for (int one : chosen.stream().toArray()) {
                chosen = reordered(chosen, table(one));
            }
            if (chosen.equals(before)) {
                break;
            }
        }
        return withoutIdle(chosen);
    }

    /**
     * Whether to have the indexes of the second set rather than those of the first: if they save the minimum share of
     * what the workload would still cost, and some query gets so much cheaper that it is noticed. The share alone would
     * not do: once the heavy queries are served, every page is a large part of what is left.
     */
    private boolean isWorth(Schema.Name table, BitSet without, BitSet with) {
        return -costs.change(table, without, with) > minimumGain * costs.total(with)
                && costs.isNoticed(table, without, with);
    }

    private BitSet withoutIdle(BitSet start) {
        return withoutIdle(start, -1);
    }

    /** The set without what is not missed, the largest first: it is missed least for its size. */
    private BitSet withoutIdle(BitSet start, int kept) {
        BitSet chosen = (BitSet) start.clone();
        List<Integer> bySize = new ArrayList<>(chosen.stream().boxed().toList());
        bySize.sort((a, b) -> Long.compare(size(b), size(a)));
        for (int one : bySize) {
            if (one == kept || (kept >= 0 && !table(one).equals(table(kept)))) {
                continue;
            }
            BitSet without = without(chosen, one);
            if (!isWorth(table(one), without, chosen)) {
                chosen = without;
            }
        }
        return chosen;
    }

    private BitSet exchanged(BitSet start) {
        BitSet chosen = start;
        for (int old : start.stream().toArray()) {
            Schema.Name table = table(old);
            BitSet best = chosen;
            double bestGain = 0;
            List<Integer> rivals = rivals(chosen, old);
            BitSet now = chosen;
            costs.prepare(
                    table,
                    rivals.stream().map(one -> with(without(now, old), one)).toList());
            for (int candidate : rivals) {
                if (isEnough.getAsBoolean()) {
                    return chosen;
                }
                BitSet other = reordered(with(without(chosen, old), candidate), table);
                if (costs.mostBytes(other) > budgetBytes) {
                    continue;
                }
                double gain = -costs.change(table, chosen, other);
                boolean cheaper = gain > bestGain && isWorth(table, chosen, other);
                boolean smaller = bestGain == 0
                        && costs.sizeBytes(other) < costs.sizeBytes(best) - (1 - SMALLER) * size(old)
                        && !isWorth(table, other, chosen);
                if (cheaper || smaller) {
                    best = other;
                    bestGain = Math.max(0, gain);
                }
            }
            chosen = best;
        }
        return chosen;
    }

    /**
     * What may be worth having in an index's place. An index more never makes a plan dearer: so what is not worth having
     * beside the chosen ones, though it has room, saves no more in the place of one; it may only be smaller, and do.
     */
    private List<Integer> rivals(BitSet chosen, int old) {
        Schema.Name table = table(old);
        List<Integer> possible = new ArrayList<>();
        List<BitSet> beside = new ArrayList<>();
        for (int candidate : worthwhile) {
            if (!chosen.get(candidate)
                    && table(candidate).equals(table)
                    && costs.mostBytes(with(without(chosen, old), candidate)) <= budgetBytes) {
                possible.add(candidate);
                if (isRoomFor(chosen, candidate)) {
                    beside.add(with(chosen, candidate));
                }
            }
        }
        costs.prepare(table, beside);
        List<Integer> users = costs.users(old, chosen);
        possible.removeIf(candidate -> isRoomFor(chosen, candidate)
                && !isWorth(table, chosen, with(chosen, candidate))
                && (size(candidate) > SMALLER * size(old) || !costs.concerns(candidate, users)));
        return possible;
    }

    private boolean isRoomFor(BitSet chosen, int candidate) {
        return costs.mostBytes(with(chosen, candidate)) <= budgetBytes;
    }

    /** Whether an index could take over from at least two chosen ones, which is what makes the set smaller. */
    private boolean mayReplaceSeveral(int candidate, BitSet chosen) {
        return chosen.stream()
                        .filter(one -> table(one).equals(table(candidate))
                                && costs.concerns(candidate, costs.users(one, chosen)))
                        .limit(2)
                        .count()
                == 2;
    }

    /** One index in the place of several, where that takes hardly more space and nobody would notice. */
    private BitSet consolidated(BitSet start) {
        BitSet chosen = start;
        for (int candidate : worthwhile) {
            Schema.Name table = table(candidate);
            if (isEnough.getAsBoolean()) {
                return chosen;
            }
            if (chosen.get(candidate) || !mayReplaceSeveral(candidate, chosen)) {
                continue;
            }
            BitSet other = reordered(withoutIdle(with(chosen, candidate), candidate), table);
            if (other.cardinality() < chosen.cardinality()
                    && isSmaller(other, chosen)
                    && !isWorth(table, other, chosen)) {
                chosen = other;
            }
        }
        return chosen;
    }

    /**
     * Puts the keys of a table's indexes into the best of the orders that read the same entries: with values for all
     * of the leading keys, the order of these makes no difference to what is read. The planner's cost differs
     * nevertheless, since it takes the correlation of the first key alone for that of the index. Best is what also
     * serves a foreign key, then what has more distinct values in front, of use to more queries yet to come.
     */
    private BitSet reordered(BitSet set, Schema.Name table) {
        BitSet result = set;
        for (int one : set.stream().toArray()) {
            if (table(one).equals(table)) {
                for (int other : preferred.getOrDefault(one, List.of())) {
                    if (isSameInAnotherOrder(result, one, other)) {
                        result = with(without(result, one), other);
                        break;
                    }
                }
            }
        }
        return result;
    }

    private boolean isSameInAnotherOrder(BitSet set, int one, int other) {
        int leading = candidate(one).reorderedKeys(candidate(other));
        Set<String> keys = Set.copyOf(candidate(one).keys().subList(0, leading));
        BitSet instead = with(without(set, one), other);
        return costs.queriesOn(table(one)).stream()
                .filter(query -> costs.used(query, set).get(one))
                .allMatch(query -> costs.hasValues(query, table(one), keys)
                        && costs.used(query, instead).get(other));
    }

    private static List<Double> distinct(Candidate candidate) {
        return candidate.keys().stream().map(candidate.table()::distinctKey).toList();
    }

    private static int fallingLists(List<Double> one, List<Double> other) {
        for (int i = 0; i < Math.min(one.size(), other.size()); i++) {
            int compared = Double.compare(other.get(i), one.get(i));
            if (compared != 0) {
                return compared;
            }
        }
        return 0;
    }

    private Candidate candidate(int option) {
        return costs.options().get(option).candidate();
    }

    private Schema.Name table(int option) {
        return candidate(option).table().name();
    }

    private long size(int option) {
        return costs.options().get(option).index().sizeBytes();
    }

    private static BitSet with(BitSet set, int one) {
        BitSet more = (BitSet) set.clone();
        more.set(one);
        return more;
    }

    private static BitSet without(BitSet set, int one) {
        BitSet less = (BitSet) set.clone();
        less.clear(one);
        return less;
    }
}
