package dev.hone.advise;

import dev.hone.twin.HypotheticalIndex;
import dev.hone.twin.Plan;
import dev.hone.twin.PlanException;
import dev.hone.twin.Twin;
import dev.hone.workload.Workload;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the workload costs with a set of hypothetical indexes, given as bits. A query is planned again only for sets
 * that differ in indexes on its own tables, and not even then if a plan that is known already would win again: what
 * the planner chose among more indexes it also chooses among fewer, as long as all it used is still there.
 */
final class Costs {

    /**
     * A query with what is known of it.
     *
     * @param tables those its plan reads or writes, partitions replaced by their partitioned table
     * @param uses what it wants of them
     */
    record Planned(Workload.Query query, Variations variations, Set<Schema.Name> tables, List<TableUse> uses) {}

    /**
     * An index created in the twin.
     *
     * @param partitioned whether its table is; plans then name the indexes of the partitions
     */
    record Option(Candidate candidate, HypotheticalIndex index, boolean partitioned) {}

    /**
     * What a query costs with a set of indexes.
     *
     * @param existing names of the source's indexes that it uses
     */
    private record Known(BitSet visible, BitSet used, Set<Schema.Name> existing, double cost) {}

    /**
     * What a call must save to be noticed, in planner units. On cached data a unit was about 8 µs in one measurement (a
     * million rows read and filtered in 320 ms for 38,799 units): five are some 40 µs, too little for a client to notice.
     */
    private static final double LEAST_SAVING = 5;

    /** And the share of its own cost: the planner's estimates are no finer. */
    private static final double LEAST_SHARE = 0.2;

    private final Twin twin;
    private final List<Planned> queries;
    private final List<Option> options = new ArrayList<>();
    private final WriteCost writes;
    private final TimeModel timeModel;
    private final Map<Schema.Name, List<Integer>> queriesOn = new HashMap<>();
    private final Map<Schema.Name, BitSet> optionsOn = new HashMap<>();
    private final Map<String, Integer> optionByName = new HashMap<>();
    private final List<Map<BitSet, Known>> cache = new ArrayList<>();
    private long plans;

    Costs(Twin twin, List<Planned> queries, List<Option> options, WriteCost writes, TimeModel timeModel) {
        this.twin = twin;
        this.timeModel = timeModel;
        this.queries = List.copyOf(queries);
        this.writes = writes;
        for (int i = 0; i < queries.size(); i++) {
            cache.add(new HashMap<>());
            for (Schema.Name table : queries.get(i).tables()) {
                queriesOn.computeIfAbsent(table, any -> new ArrayList<>()).add(i);
            }
        }
        options.forEach(this::add);
    }

    /** Takes one more index into account; gives its number. */
    int add(Option option) {
        int number = options.size();
        options.add(option);
        optionsOn
                .computeIfAbsent(option.candidate().table().name(), any -> new BitSet())
                .set(number);
        optionByName.put(option.index().definition().name(), number);
        return number;
    }

    List<Planned> queries() {
        return queries;
    }

    List<Option> options() {
        return options;
    }

    List<Integer> queriesOn(Schema.Name table) {
        return queriesOn.getOrDefault(table, List.of());
    }

    long sizeBytes(BitSet set) {
        return set.stream().mapToLong(i -> options.get(i).index().sizeBytes()).sum();
    }

    /** Cost of all calls of all queries, and of keeping the indexes up. */
    double total(BitSet set) {
        double sum = writes(set);
        for (int i = 0; i < queries.size(); i++) {
            sum += queries.get(i).query().calls() * cost(i, set);
        }
        return sum;
    }

    /** How much more the workload costs after than before, where the sets differ in indexes on one table only. */
    double change(Schema.Name table, BitSet before, BitSet after) {
        double sum = writes(after) - writes(before);
        for (int i : queriesOn(table)) {
            sum += queries.get(i).query().calls() * (cost(i, after) - cost(i, before));
        }
        return sum;
    }

    /** Whether some query gets so much cheaper by what the second set has that somebody would notice. */
    boolean isNoticed(Schema.Name table, BitSet without, BitSet with) {
        return queriesOn(table).stream().anyMatch(query -> isNoticed(query, without, with));
    }

    boolean isNoticed(int query, BitSet without, BitSet with) {
        double now = cost(query, without);
        double saved = now - cost(query, with);
        return saved >= LEAST_SAVING && saved >= LEAST_SHARE * now;
    }

    /** Cost of keeping the indexes up, for all calls. */
    double writes(BitSet set) {
        return writes.of(set.stream().mapToObj(options::get).toList());
    }

    /** Mean cost of one call. */
    double cost(int query, BitSet set) {
        return known(query, set).cost();
    }

    /** Which of the set a query uses. */
    BitSet used(int query, BitSet set) {
        return known(query, set).used();
    }

    /** Whether a query compares all of these keys of a table with values. */
    boolean hasValues(int query, Schema.Name table, Set<String> keys) {
        return queries.get(query).uses().stream()
                .filter(use -> use.table.name().equals(table))
                .anyMatch(use -> keys.stream().allMatch(key -> use.equal.contains(key) || use.joins.contains(key)));
    }

    /** Which of the source's indexes a query uses. */
    Set<Schema.Name> existing(int query, BitSet set) {
        return known(query, set).existing();
    }

    /** How many plans were made. */
    long plans() {
        return plans;
    }

    /** Forgets all costs: the source's own indexes were hidden or shown. */
    void forget() {
        cache.forEach(Map::clear);
    }

    private Known known(int query, BitSet set) {
        BitSet relevant = new BitSet();
        for (Schema.Name table : queries.get(query).tables()) {
            BitSet on = optionsOn.get(table);
            if (on != null) {
                relevant.or(on);
            }
        }
        relevant.and(set);
        Map<BitSet, Known> costs = cache.get(query);
        Known known = costs.get(relevant);
        if (known == null) {
            known = costs.values().stream()
                    .filter(one -> isSubset(one.used(), relevant) && isSubset(relevant, one.visible()))
                    .findFirst()
                    .orElse(null);
            if (known == null) {
                known = plan(query, relevant);
            }
            costs.put(relevant, known);
        }
        return known;
    }

    private Known plan(int query, BitSet visible) {
        twin.show(visible.stream().mapToObj(i -> options.get(i).index()).toList());
        BitSet used = new BitSet();
        Set<Schema.Name> existing = new HashSet<>();
        double sum = 0;
        int count = 0;
        for (Variations.Call call : queries.get(query).variations().calls()) {
            try {
                Plan plan = call.explain(twin);
                plans++;
                sum += timeModel.of(plan);
                count++;
                plan.nodes().forEach(node -> note(node, used, existing, visible));
            } catch (PlanException e) {
                // A value that does not fit; the query itself was planned once.
            }
        }
        return new Known(visible, used, Set.copyOf(existing), count == 0 ? 0 : sum / count);
    }

    private void note(Plan.Node node, BitSet used, Set<Schema.Name> existing, BitSet visible) {
        if (node.index() == null) {
            return;
        }
        Integer option = optionByName.get(node.index());
        if (option != null) {
            used.set(option);
            return;
        }
        existing.add(new Schema.Name(node.schema() == null ? "" : node.schema(), node.index()));
        // The index of a partition, perhaps: which one it belongs to, its name does not tell.
        visible.stream().filter(i -> options.get(i).partitioned()).forEach(used::set);
    }

    private static boolean isSubset(BitSet part, BitSet whole) {
        BitSet rest = (BitSet) part.clone();
        rest.andNot(whole);
        return rest.isEmpty();
    }
}
