package dev.hone.advise;

import dev.hone.postgres.Sql;
import dev.hone.twin.HypotheticalIndex;
import dev.hone.twin.Plan;
import dev.hone.twin.PlanException;
import dev.hone.twin.Twin;
import dev.hone.workload.Workload;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

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
     * @param cost as the time model has it
     * @param units as the planner has it
     */
    private record Known(BitSet visible, BitSet used, Set<Schema.Name> existing, double cost, double units) {}

    /** A question that {@link #prepare} answers ahead. */
    record Ask(int query, BitSet set) {}

    /**
     * How many times more distinct values there may be than ANALYZE saw. Of TPC-H's order keys, 4.1 rows to each, it saw
     * a quarter: 30,000 rows of 6 million are sampled from whole pages, so that equal neighbours are sampled together and
     * the estimator of Haas and Stokes, made for independent rows, takes all values for frequent ones. From this
     * one column the figure comes; it was not confirmed on other data. Where fewer rows share a value
     * the rows themselves are the limit.
     */
    private static final double MISSED = 4.5;

    /** Of one more entry with a key of its own: header, key and line pointer, on pages nine tenths full. */
    private static final double ENTRY_BYTES = 22;

    /** Plans as good as the best possible within this share need not be looked for. */
    private static final double SAME = 0.001;

    /**
     * How many plans are made at a time. Those of one batch know nothing of each other, so the number decides which
     * plans are made; it does not depend on the number of twins, so that they do not either.
     */
    private static final int BATCH = 32;

    /**
     * What a call must save to be noticed, in planner units. On cached data a unit was about 8 µs in one measurement (a
     * million rows read and filtered in 320 ms for 38,799 units): five are some 40 µs, too little for a client to notice.
     */
    private static final double LEAST_SAVING = 5;

    /** And the share of its own cost: the planner's estimates are no finer. */
    private static final double LEAST_SHARE = 0.2;

    private final Twins twins;
    private final List<Planned> queries;
    private final List<Option> options = new ArrayList<>();
    private final WriteCost writes;
    private final TimeModel timeModel;
    private final Map<Schema.Name, List<Integer>> queriesOn = new HashMap<>();

    private final Map<String, Integer> optionByName = new HashMap<>();
    private final List<Map<BitSet, Known>> cache = new ArrayList<>();

    /** The plans made for each query. */
    private final List<List<Known>> made = new ArrayList<>();

    /** For each query, the options that could serve it. */
    private final List<BitSet> mattering = new ArrayList<>();

    /** For each query, those of them that a plan has used; all, as long as that is not settled. */
    private final List<BitSet> useful = new ArrayList<>();

    private boolean settled;
    private final BooleanSupplier timeIsUp;
    private long plans;

    Costs(
            Twins twins,
            List<Planned> queries,
            List<Option> options,
            WriteCost writes,
            TimeModel timeModel,
            BooleanSupplier timeIsUp) {
        this.twins = twins;
        this.timeIsUp = timeIsUp;
        this.timeModel = timeModel;
        this.queries = List.copyOf(queries);
        this.writes = writes;
        for (int i = 0; i < queries.size(); i++) {
            cache.add(new HashMap<>());
            made.add(new ArrayList<>());
            mattering.add(new BitSet());
            useful.add(new BitSet());
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
        optionByName.put(option.index().definition().name(), number);
        for (int query : queriesOn(option.candidate().table().name())) {
            if (queries.get(query).uses().stream().anyMatch(use -> couldServe(option.candidate(), use))) {
                mattering.get(query).set(number);
                // Until plans have shown otherwise.
                useful.get(query).set(number);
            }
        }
        return number;
    }

    /** Whether a use of a table could read an index: from its first key on, or as a whole in the table's place. */
    private static boolean couldServe(Candidate candidate, TableUse use) {
        if (!use.mayUse(candidate)) {
            return false;
        }
        String first = candidate.keys().getFirst();
        if (use.keys().stream().anyMatch(key -> first.equals(key) || first.startsWith(key + " "))
                || !candidate.method().equals("btree")
                || candidate.predicate() != null) {
            return true;
        }
        return !use.needsHeap && candidate.columns().containsAll(use.needed);
    }

    /**
     * From now on only those indexes count for a query that some plan of it has used so far. New ones count until the
     * next call.
     */
    void settle() {
        settled = true;
        for (int query = 0; query < queries.size(); query++) {
            BitSet used = new BitSet();
            made.get(query).forEach(known -> used.or(known.used()));
            useful.set(query, used);
        }
        cache.forEach(Map::clear);
    }

    /** Which indexes could serve a query. */
    BitSet mattering(int query) {
        return (BitSet) mattering.get(query).clone();
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

    /**
     * What a set may take at most, in bytes: what must fit a budget. The size of an index whose entries share their key
     * hangs on the number of distinct values, and where equal values lie together, ANALYZE sees too few of them: it samples
     * rows of few pages. So many times more are allowed for, unless somebody counted them.
     */
    long mostBytes(BitSet set) {
        return set.stream().mapToLong(i -> mostBytes(options.get(i))).sum();
    }

    private static long mostBytes(Option option) {
        Candidate candidate = option.candidate();
        long size = option.index().sizeBytes();
        if (!candidate.method().equals("btree")
                || !candidate.include().isEmpty()
                || candidate.keys().size() > 1) {
            return size;
        }
        Schema.Table table = candidate.table();
        double rows = option.index().tuples();
        double distinct = table.distinctKey(candidate.keys().getFirst());
        boolean clustered = table.statistics().entrySet().stream()
                .filter(one ->
                        Sql.identifier(one.getKey()).equals(candidate.keys().getFirst()))
                .anyMatch(one -> DistinctCount.isClustered(one.getValue()));
        return clustered
                        && distinct > 0
                        && !table.isSetDistinct(candidate.keys().getFirst())
                ? size + Math.round((Math.min(rows, MISSED * distinct) - Math.min(rows, distinct)) * ENTRY_BYTES)
                : size;
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

    /** The queries that use an index, as one of a set. */
    List<Integer> users(int option, BitSet set) {
        return queriesOn(options.get(option).candidate().table().name()).stream()
                .filter(query -> used(query, set).get(option))
                .toList();
    }

    /** Whether an index may change what one of these queries costs. */
    boolean concerns(int option, List<Integer> some) {
        return some.stream()
                .anyMatch(query -> (settled ? useful : mattering).get(query).get(option));
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
        made.forEach(List::clear);
    }

    /** Makes the plans that questions to come need, on all twins at once. */
    void prepare(List<Ask> asks) {
        for (int from = 0; from < asks.size(); from += BATCH) {
            Map<Integer, Set<BitSet>> seen = new HashMap<>();
            List<Ask> missing = new ArrayList<>();
            for (Ask ask : asks.subList(from, Math.min(asks.size(), from + BATCH))) {
                BitSet relevant = relevant(ask.query(), ask.set());
                if (cached(ask.query(), relevant) == null
                        && seen.computeIfAbsent(ask.query(), any -> new HashSet<>())
                                .add(relevant)) {
                    missing.add(new Ask(ask.query(), relevant));
                }
            }
            // Neighbours then differ in few indexes, which is all that must be hidden and shown in between.
            missing.sort(Comparator.comparingInt(Ask::query));
            List<Twins.Work<Known>> work = new ArrayList<>();
            missing.forEach(ask -> work.add((twin, indexes) -> plan(ask.query(), ask.set(), twin, indexes)));
            List<Known> done = twins.run(work, timeIsUp);
            for (int i = 0; i < done.size(); i++) {
                learn(missing.get(i).query(), done.get(i));
            }
        }
    }

    /** Prepares what {@link #change} of a table will ask. */
    void prepare(Schema.Name table, List<BitSet> sets) {
        List<Ask> asks = new ArrayList<>();
        sets.forEach(set -> queriesOn(table).forEach(query -> asks.add(new Ask(query, set))));
        prepare(asks);
    }

    /** The cost of the workload, with a plan made for every query whatever is known of others. */
    double exactTotal(BitSet set) {
        List<Twins.Work<Known>> work = new ArrayList<>();
        for (int i = 0; i < queries.size(); i++) {
            int query = i;
            BitSet visible = (BitSet) set.clone();
            visible.and(onTablesOf(query));
            work.add((twin, indexes) -> plan(query, visible, twin, indexes));
        }
        List<Known> all = twins.run(work, () -> false);
        double sum = writes(set);
        for (int i = 0; i < all.size(); i++) {
            plans += queries.get(i).variations().calls().size();
            sum += queries.get(i).query().calls() * all.get(i).cost();
        }
        return sum;
    }

    private BitSet onTablesOf(int query) {
        BitSet all = new BitSet();
        for (int i = 0; i < options.size(); i++) {
            all.set(
                    i,
                    queries.get(query)
                            .tables()
                            .contains(options.get(i).candidate().table().name()));
        }
        return all;
    }

    private BitSet relevant(int query, BitSet set) {
        BitSet relevant = (BitSet) (settled ? useful : mattering).get(query).clone();
        relevant.and(set);
        return relevant;
    }

    private Known known(int query, BitSet set) {
        BitSet relevant = relevant(query, set);
        Known known = cached(query, relevant);
        if (known != null) {
            return known;
        }
        List<Twins.Work<Known>> work = List.of((twin, indexes) -> plan(query, relevant, twin, indexes));
        return learn(query, twins.run(work, () -> false).getFirst());
    }

    private Known learn(int query, Known known) {
        plans += queries.get(query).variations().calls().size();
        made.get(query).add(known);
        cache.get(query).put(known.visible(), known);
        return known;
    }

    /**
     * What is known without a new plan. What the planner chose among more indexes, it chooses again as long as all it
     * used is there; what it chose among fewer, it still can, and where that costs no more than the best among more,
     * nothing is gained by asking.
     */
    private @Nullable Known cached(int query, BitSet relevant) {
        Map<BitSet, Known> costs = cache.get(query);
        Known known = costs.get(relevant);
        if (known != null) {
            return known;
        }
        Known upper = null;
        double lower = 0;
        for (Known one : made.get(query)) {
            boolean possible = isSubset(one.used(), relevant);
            if (isSubset(relevant, one.visible())) {
                if (possible) {
                    costs.put(relevant, one);
                    return one;
                }
                lower = Math.max(lower, one.units());
            }
            if (possible && (upper == null || one.units() < upper.units())) {
                upper = one;
            }
        }
        if (upper != null && upper.units() <= lower * (1 + SAME)) {
            costs.put(relevant, upper);
            return upper;
        }
        return null;
    }

    private Known plan(int query, BitSet visible, Twin twin, IntFunction<HypotheticalIndex> indexes) {
        twin.show(visible.stream().mapToObj(indexes).toList());
        BitSet used = new BitSet();
        Set<Schema.Name> existing = new HashSet<>();
        double sum = 0;
        double units = 0;
        int count = 0;
        for (Variations.Call call : queries.get(query).variations().calls()) {
            try {
                Plan plan = call.explain(twin);
                sum += timeModel.of(plan);
                units += plan.totalCost();
                count++;
                plan.nodes().forEach(node -> note(node, used, existing, visible));
            } catch (PlanException e) {
                // A value that does not fit; the query itself was planned once.
            }
        }
        return new Known(
                visible, used, Set.copyOf(existing), count == 0 ? 0 : sum / count, count == 0 ? 0 : units / count);
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
