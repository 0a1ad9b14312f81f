package dev.hone.advise;

import dev.hone.postgres.Activity.TableActivity;
import dev.hone.postgres.Catalog.Index;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.Statistics.ColumnStatistics;
import dev.hone.workload.Workload;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What it costs to keep indexes up, which the planner leaves out. In its units, so that it can be set against what the
 * indexes save.
 *
 * <p>An entry costs the descent, as btcostestimate charges it (selfuncs.c: one comparison for each halving, 50 operators
 * a page), and a page that is dirtied, logged and written back later: {@link #PAGES_PER_ENTRY} pages at {@code
 * seq_page_cost}. Together 1.6 units for a million rows; measured on cached data they were 1.1 for an integer and 2.1
 * for a text of 32 bytes. A delete is charged the same, since vacuum visits the entry once more. An update is charged only where
 * it cannot be heap-only (HOT): always if it sets a column of any index, else as often as the source's counters say.
 *
 * <p>Other access methods are charged as multiples of that. Measured on PostgreSQL 18 as processor time of the backend that
 * inserted 200,000 rows into a table of 500,000, in memory, less that of the same without an index, in one run on a busy
 * machine: a btree on random integers 4.7 µs a row, hash 2.3, BRIN 0.05; GIN with its usual pending list 1.7 on
 * arrays of 4 and 6.1 on documents of 6 keys and values, so 0.4 to 1.0 a key. Hash is charged like a btree all
 * the same, for it dirties as many pages at random. GiST was not measured to the end; a page split there weighs all
 * entries, and three times a btree is a guess.
 */
final class WriteCost {

    static final double PAGES_PER_ENTRY = 1.0;

    private static final double BRIN_SHARE = 0.02;
    private static final double GIN_SHARE = 0.15;
    private static final double GIST_SHARE = 3;

    /** How many bytes of a document or an array there are to one key; of a text each begins a trigram. */
    private static final double BYTES_PER_KEY = 8;

    /** What is assumed where nothing is known of the values. */
    private static final double USUAL_KEYS = 8;

    private static final double OPERATORS_PER_PAGE = 50;
    private static final double ENTRIES_PER_PAGE = 256;

    /** What is assumed of a table whose updates nobody counted. */
    private static final double USUAL_HOT_SHARE = 0.5;

    private static final long ENOUGH_UPDATES = 100;

    /**
     * A statement that writes.
     *
     * @param query id of its query
     * @param rows written by all its calls
     * @param sets the columns it sets; null for every one, as inserts and deletes do
     */
    record Write(
            String query,
            Schema.Table table,
            double rows,
            @Nullable Set<String> sets) {}

    private final List<Write> writes;
    private final double seqPageCost;
    private final double operatorCost;
    private final double indexTupleCost;

    WriteCost(List<Write> writes, Snapshot snapshot) {
        this.writes = List.copyOf(writes);
        seqPageCost = setting(snapshot, "seq_page_cost", 1);
        operatorCost = setting(snapshot, "cpu_operator_cost", 0.0025);
        indexTupleCost = setting(snapshot, "cpu_index_tuple_cost", 0.005);
    }

    private static double setting(Snapshot snapshot, String name, double usual) {
        return snapshot.setting(name).map(Double::valueOf).orElse(usual);
    }

    /** What these indexes cost all writes together. */
    double of(List<Costs.Option> options) {
        return of(writes, options);
    }

    /** What these indexes cost the writes of all calls of one query. */
    double of(Workload.Query query, List<Costs.Option> options) {
        return of(
                writes.stream()
                        .filter(write -> write.query().equals(query.id()))
                        .toList(),
                options);
    }

    private double of(List<Write> writes, List<Costs.Option> options) {
        Map<Schema.Name, List<Costs.Option>> byTable = new HashMap<>();
        options.forEach(
                option -> byTable.computeIfAbsent(option.candidate().table().name(), any -> new ArrayList<>())
                        .add(option));
        double sum = 0;
        for (Write write : writes) {
            List<Costs.Option> on = byTable.get(write.table().name());
            if (on != null) {
                sum += of(write, on);
            }
        }
        return sum;
    }

    private double of(Write write, List<Costs.Option> options) {
        double entries = 0;
        for (Costs.Option option : options) {
            entries += entry(option)
                    * share(option.index().tuples(), write.table().relation().tuples());
        }
        if (write.sets() == null || touchesExisting(write)) {
            return write.rows() * entries;
        }
        double hot = hotShare(write.table().activity());
        Set<String> indexed = new HashSet<>();
        options.forEach(option -> indexed.addAll(option.candidate().columns()));
        indexed.retainAll(write.sets());
        if (indexed.isEmpty()) {
            return write.rows() * (1 - hot) * entries;
        }
        // No such update is heap-only any more, so that the indexes there are must be kept up too.
        double others = write.table().indexes().stream()
                .mapToDouble(existing -> entry(write.table(), existing))
                .sum();
        return write.rows() * (entries + hot * others);
    }

    /**
     * What one index more costs the statements that write, dearest first.
     *
     * @param others the indexes that are to be there as well
     * @param queries those that the writes belong to
     * @param total cost of the whole workload
     */
    List<Recommendation.Upkeep> upkeep(
            Costs.Option option, List<Costs.Option> others, List<Workload.Query> queries, double total) {
        List<Costs.Option> both = new ArrayList<>(others);
        both.add(option);
        List<Recommendation.Upkeep> upkeep = new ArrayList<>();
        for (Workload.Query query : queries) {
            double entries = 0;
            double hotLost = 0;
            for (Write write : writes) {
                if (write.query().equals(query.id())
                        && write.table()
                                .name()
                                .equals(option.candidate().table().name())) {
                    double hot = hotShareLeft(write, others);
                    boolean lost = write.sets() != null && touches(write.sets(), option);
                    hotLost += lost ? hot * write.rows() : 0;
                    entries += (lost ? 1 : 1 - hot)
                            * write.rows()
                            * share(
                                    option.index().tuples(),
                                    write.table().relation().tuples());
                }
            }
            double cost = of(query, both) - of(query, others);
            if (entries > 0 || hotLost > 0) {
                upkeep.add(new Recommendation.Upkeep(
                        query.id(),
                        query.sql(),
                        query.calls(),
                        entries / query.calls(),
                        hotLost / query.calls(),
                        cost / query.calls(),
                        total > 0 ? cost / total : 0));
            }
        }
        upkeep.sort(Comparator.comparingDouble((Recommendation.Upkeep one) -> -one.share())
                .thenComparing(Recommendation.Upkeep::query));
        return upkeep;
    }

    /** The share of a write's rows that need no new entry in any index, with these indexes beside the source's own. */
    private static double hotShareLeft(Write write, List<Costs.Option> others) {
        Set<String> sets = write.sets();
        return sets == null
                        || touchesExisting(write)
                        || others.stream()
                                .anyMatch(other -> other.candidate()
                                                .table()
                                                .name()
                                                .equals(write.table().name())
                                        && touches(sets, other))
                ? 0
                : hotShare(write.table().activity());
    }

    private static boolean touches(Set<String> sets, Costs.Option option) {
        return option.candidate().columns().stream().anyMatch(sets::contains);
    }

    private static boolean touchesExisting(Write write) {
        Set<String> sets = write.sets();
        if (sets == null) {
            return true;
        }
        for (Schema.Existing existing : write.table().indexes()) {
            Index index = existing.index();
            List<Integer> numbers = new ArrayList<>(index.keys());
            numbers.addAll(index.included());
            for (int number : numbers) {
                String name = write.table().columnName(number);
                if (name != null && sets.contains(name)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static double hotShare(@Nullable TableActivity activity) {
        return activity == null || activity.rowsUpdated() < ENOUGH_UPDATES
                ? USUAL_HOT_SHARE
                : (double) activity.rowsHotUpdated() / activity.rowsUpdated();
    }

    private static double share(double indexed, double all) {
        return all <= 0 ? 1 : Math.min(1, indexed / all);
    }

    /** What keeping up an index of the source costs all writes together. */
    double ofExisting(Schema.Table table, Schema.Existing existing) {
        return writes.stream()
                .mapToDouble(write -> ofExisting(write, table, existing))
                .sum();
    }

    /** The same for the writes of all calls of one query. */
    double ofExisting(Workload.Query query, Schema.Table table, Schema.Existing existing) {
        return writes.stream()
                .filter(write -> write.query().equals(query.id()))
                .mapToDouble(write -> ofExisting(write, table, existing))
                .sum();
    }

    /**
     * Not counted are the updates that would be heap-only without it: how many, the counters do not tell, which know
     * only what happened with it there.
     */
    private double ofExisting(Write write, Schema.Table table, Schema.Existing existing) {
        if (!write.table().name().equals(table.name())) {
            return 0;
        }
        double hot = touchesExisting(write) ? 0 : hotShare(table.activity());
        return write.rows() * (1 - hot) * entry(table, existing);
    }

    private double entry(Costs.Option option) {
        Candidate candidate = option.candidate();
        String column = candidate.columns().stream().findFirst().orElse(null);
        boolean trigrams = candidate.keys().stream().anyMatch(WriteCost::isOfTrigrams);
        return entry(candidate.method(), option.index().tuples(), keysPerRow(candidate.table(), column, trigrams));
    }

    private double entry(Schema.Table table, Schema.Existing existing) {
        String column = existing.index().keys().isEmpty()
                ? null
                : table.columnName(existing.index().keys().getFirst());
        boolean trigrams = existing.methodKeys().stream().anyMatch(WriteCost::isOfTrigrams);
        return entry(existing.method(), table.relation().tuples(), keysPerRow(table, column, trigrams));
    }

    private double entry(String method, double tuples, double keysPerRow) {
        return switch (method) {
            case "brin" -> BRIN_SHARE * btreeEntry(tuples);
            case "gin" -> GIN_SHARE * keysPerRow * btreeEntry(tuples);
            case "gist", "spgist" -> GIST_SHARE * btreeEntry(tuples);
            default -> btreeEntry(tuples);
        };
    }

    private static boolean isOfTrigrams(String key) {
        return key.contains("gin_trgm_ops");
    }

    private static double keysPerRow(Schema.Table table, @Nullable String column, boolean trigrams) {
        ColumnStatistics known = column == null ? null : table.statistics().get(column);
        return known == null ? USUAL_KEYS : Math.max(1, known.averageWidth() / (trigrams ? 1 : BYTES_PER_KEY));
    }

    private double btreeEntry(double tuples) {
        double entries = Math.max(2, tuples);
        double height = Math.ceil(Math.log(entries) / Math.log(ENTRIES_PER_PAGE));
        double comparisons = Math.ceil(Math.log(entries) / Math.log(2));
        return operatorCost * (comparisons + OPERATORS_PER_PAGE * (height + 1))
                + indexTupleCost
                + seqPageCost * PAGES_PER_ENTRY;
    }
}
