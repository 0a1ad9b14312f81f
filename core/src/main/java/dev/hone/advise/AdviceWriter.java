package dev.hone.advise;

import dev.hone.advise.Costs.Option;
import dev.hone.advise.Costs.Planned;
import dev.hone.advise.Recommendation.Alternative;
import dev.hone.advise.Recommendation.Effect;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Sql;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/** Says of each chosen index why it was chosen, what it does, and what it was weighed against. */
final class AdviceWriter {

    private static final int MOST_ALTERNATIVES = 4;

    private final Costs costs;
    private final Schema schema;
    private final BitSet chosen;
    private final List<Integer> worthwhile;
    private final long budgetBytes;
    private final WriteCost writes;
    private final IndexNames names;
    private final BitSet none = new BitSet();
    private final Set<String> notes = new TreeSet<>();

    AdviceWriter(
            Costs costs, Schema schema, BitSet chosen, List<Integer> worthwhile, long budgetBytes, WriteCost writes) {
        this.costs = costs;
        this.schema = schema;
        this.chosen = chosen;
        this.worthwhile = worthwhile;
        this.budgetBytes = budgetBytes;
        this.writes = writes;
        names = new IndexNames(schema);
    }

    /** One recommendation for each chosen index, or for each partition of its table; those that save most first. */
    List<Recommendation> recommendations() {
        record Ranked(int option, double missed) {}
        List<Ranked> ranked = new ArrayList<>();
        chosen.stream().forEach(option -> ranked.add(new Ranked(option, change(without(option)))));
        ranked.sort(Comparator.comparingDouble((Ranked one) -> -one.missed())
                .thenComparing(
                        one -> costs.options().get(one.option()).candidate().identity()));
        List<Recommendation> all = new ArrayList<>();
        ranked.forEach(one -> all.addAll(recommendation(one.option(), one.missed())));
        return all;
    }

    List<String> notes() {
        return List.copyOf(notes);
    }

    /** The source's indexes that queries use beside the chosen ones, qualified and quoted. */
    Set<String> inUse() {
        Set<String> found = new TreeSet<>();
        for (int query = 0; query < costs.queries().size(); query++) {
            Set<Schema.Name> used = costs.existing(query, chosen);
            for (Schema.Name table : costs.queries().get(query).tables()) {
                Schema.Table known = schema.table(table);
                if (known != null) {
                    known.indexes().stream()
                            .filter(index ->
                                    used.stream().anyMatch(one -> one.table().equals(index.name())))
                            .forEach(index -> found.add(Sql.identifier(table.schema(), index.name())));
                }
            }
        }
        return found;
    }

    private List<Recommendation> recommendation(int number, double missed) {
        Option option = costs.options().get(number);
        Candidate candidate = option.candidate();
        List<Effect> effects = effects(number);
        String reason = reason(candidate, effects, missed);
        List<Alternative> alternatives = alternatives(number);
        if (candidate.sampled()) {
            notes.add("An index on " + candidate.table().relation().qualifiedName() + " holds only rows with "
                    + candidate.predicate()
                    + ", since every sampled call asks for that value. A call for another one cannot use it, nor can a prepared"
                    + " statement that has gone over to a generic plan.");
        }
        List<Schema.Table> leaves = schema.leaves(candidate.table());
        List<CreateIndex.Partition> partitions = schema.partitions(candidate.table());
        if (!partitions.isEmpty()
                && leaves.stream().noneMatch(leaf -> candidate.on(leaf).isServed())) {
            return List.of(new Recommendation(
                    candidate.index(names.name(candidate.table().name(), candidate.keys()), partitions),
                    reason,
                    option.index().sizeBytes(),
                    effects,
                    alternatives));
        }
        double allTuples = leaves.stream()
                .mapToDouble(leaf -> Math.max(1, leaf.relation().tuples()))
                .sum();
        List<Recommendation> all = new ArrayList<>();
        for (Schema.Table leaf : leaves) {
            Candidate on = candidate.on(leaf);
            if (leaves.size() > 1 && on.isServed()) {
                continue;
            }
            CreateIndex index = on.index(names.name(leaf.name(), candidate.keys()));
            double share = Math.max(1, leaf.relation().tuples()) / allTuples;
            all.add(new Recommendation(
                    index, reason, Math.round(option.index().sizeBytes() * share), effects, alternatives));
        }
        if (option.partitioned()) {
            notes.add("Partitions of " + candidate.table().relation().qualifiedName()
                    + " get their index one by one, without blocking writers; a partition to come needs the same: "
                    + candidate.index("name").statement(false) + ".");
        }
        return all;
    }

    private List<Effect> effects(int number) {
        List<Effect> effects = new ArrayList<>();
        Schema.Name table = costs.options().get(number).candidate().table().name();
        BitSet without = without(number);
        for (int i : costs.queriesOn(table)) {
            Planned planned = costs.queries().get(i);
            double after = costs.cost(i, chosen);
            boolean reads = costs.used(i, chosen).get(number) && after < costs.cost(i, without);
            double upkeep = writes.of(planned.query(), List.of(costs.options().get(number)))
                    / planned.query().calls();
            if (reads || upkeep > 0) {
                effects.add(new Effect(
                        planned.query().id(),
                        planned.query().sql(),
                        costs.cost(i, none),
                        after + upkeep,
                        planned.query().calls()));
            }
        }
        effects.sort(Comparator.comparingDouble(
                        (Effect effect) -> effect.calls() * (effect.costAfter() - effect.costBefore()))
                .thenComparing(Effect::query));
        return effects;
    }

    private String reason(Candidate candidate, List<Effect> effects, double missed) {
        long served = effects.stream()
                .filter(effect -> effect.costAfter() < effect.costBefore())
                .count();
        StringBuilder text = new StringBuilder();
        if (effects.isEmpty()) {
            text.append("Queries on this table are cheaper with it.");
        } else {
            Effect first = effects.getFirst();
            text.append(String.format(
                    Locale.ROOT,
                    "Query %s gets %s: %s → %s planner units a call, %s",
                    first.query(),
                    Quantity.cheaper(first.costBefore(), first.costAfter()),
                    Quantity.units(first.costBefore()),
                    Quantity.units(first.costAfter()),
                    Quantity.calls(first.calls())));
            text.append(served > 1 ? String.format(Locale.ROOT, "; %d queries use it.", served) : ".");
        }
        double after = costs.total(chosen);
        text.append(" Without it the whole workload would cost ")
                .append(Quantity.dearer(after, after + missed))
                .append(".");
        if (candidate.predicate() != null) {
            text.append(" It holds only the rows that the condition asks for.");
        }
        if (!candidate.include().isEmpty()) {
            text.append(" It carries the other columns along, so that the table need not be read.");
        }
        return text.toString();
    }

    private List<Alternative> alternatives(int number) {
        record Tried(int option, double more, boolean overBudget) {}
        Candidate mine = costs.options().get(number).candidate();
        BitSet without = without(number);
        double missed = change(without);
        List<Tried> tried = new ArrayList<>();
        for (int other : worthwhile) {
            if (chosen.get(other)
                    || !costs.options()
                            .get(other)
                            .candidate()
                            .table()
                            .name()
                            .equals(mine.table().name())) {
                continue;
            }
            BitSet set = (BitSet) without.clone();
            set.set(other);
            double more = change(set);
            // Only what makes up for some of it was an alternative at all.
            if (more < missed * 0.999) {
                tried.add(new Tried(other, more, costs.sizeBytes(set) > budgetBytes));
            }
        }
        tried.sort(Comparator.comparingDouble(Tried::more).thenComparingInt(Tried::option));
        List<Alternative> alternatives = new ArrayList<>();
        double total = costs.total(chosen);
        for (Tried one : tried.subList(0, Math.min(MOST_ALTERNATIVES, tried.size()))) {
            Option other = costs.options().get(one.option());
            long bytes = costs.options().get(number).index().sizeBytes();
            String why = one.overBudget()
                    ? "It would exceed the storage budget."
                    : Quantity.weighed(bytes, other.index().sizeBytes(), total, total + one.more());
            alternatives.add(new Alternative(
                    other.candidate()
                            .index(new IndexNames(schema)
                                    .name(
                                            other.candidate().table().name(),
                                            other.candidate().keys()))
                            .statement(true),
                    other.index().sizeBytes(),
                    total + one.more(),
                    why));
        }
        return alternatives;
    }

    private double change(BitSet set) {
        return costs.total(set) - costs.total(chosen);
    }

    private BitSet without(int option) {
        BitSet set = (BitSet) chosen.clone();
        set.clear(option);
        return set;
    }
}
