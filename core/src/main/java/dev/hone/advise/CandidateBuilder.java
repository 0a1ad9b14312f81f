package dev.hone.advise;

import dev.hone.advise.TableUse.Fixed;
import dev.hone.advise.TableUse.SortKey;
import dev.hone.postgres.Catalog.Column;
import dev.hone.postgres.Sql;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Thinks up the indexes that could help one use of a table. A btree is read by equality on its leading keys, then by
 * one range or in one order; so the equality keys come first in every order worth trying, then a range or the sort
 * keys. The same with the rest of the columns carried along, and with constant conditions as predicates. What no btree
 * can do, or another kind of index does in less space, is the business of {@link OtherMethods}.
 */
final class CandidateBuilder {

    /** The most columns carried along, and their width in bytes: beyond, an index is a second table. */
    private static final int MOST_INCLUDED = 4;

    private static final int MOST_INCLUDED_BYTES = 64;

    /** The most btrees from one use of a table. */
    private static final int MOST = 80;

    /** The most of them on the rows of one condition. */
    private static final int MOST_PARTIAL = 6;

    private static final int MOST_SORTS = 3;

    /** A condition that more rows than this fulfil is not worth a partial index. */
    private static final double RARE = 0.5;

    private final TableUse use;
    private final int width;
    private final List<String> ranges;
    private final List<List<SortKey>> sorts;
    private final Map<String, Candidate> found = new LinkedHashMap<>();

    private CandidateBuilder(TableUse use, OtherMethods others, int width) {
        this.use = use;
        this.width = width;
        ranges = new ArrayList<>(use.ranges);
        ranges.addAll(others.patterns());
        sorts = use.sorts.stream().limit(MOST_SORTS).toList();
    }

    /**
     * The candidates for one use, the same and in the same order for the same use.
     *
     * @param maximumWidth the most keys
     */
    static Collection<Candidate> candidates(TableUse use, Schema schema, int maximumWidth) {
        List<List<Fixed>> conditions = conditions(use);
        OtherMethods others = new OtherMethods(use, schema, conditions);
        CandidateBuilder builder = new CandidateBuilder(use, others, maximumWidth);
        builder.build(conditions);
        List<Candidate> all =
                new ArrayList<>(builder.found.values().stream().limit(MOST).toList());
        others.candidates().stream().filter(one -> !one.isServed()).forEach(all::add);
        return all;
    }

    /** The conditions worth a partial index: each that few rows fulfil, the rarest first, and all of them together. */
    private static List<List<Fixed>> conditions(TableUse use) {
        List<Fixed> rare = use.fixed.values().stream()
                .filter(fixed -> fixed.share() <= RARE)
                .sorted(Comparator.comparingDouble(Fixed::share).thenComparing(Fixed::sql))
                .toList();
        List<List<Fixed>> all = new ArrayList<>(rare.stream().map(List::of).toList());
        if (rare.size() > 1) {
            all.add(rare);
        }
        return all;
    }

    private void build(List<List<Fixed>> conditions) {
        // The best guesses first, since the number is limited.
        List<List<String>> whole = keyLists(use.equal);
        whole.forEach(this::full);
        whole.stream().limit(MOST_PARTIAL).forEach(this::covering);
        conditions.forEach(this::partial);
        joins();
        for (List<String> group : use.groups) {
            List<String> keys = new ArrayList<>(byDistinct(use.equal));
            group.stream().filter(key -> !keys.contains(key)).forEach(keys::add);
            full(cut(keys));
            covering(cut(keys));
            full(cut(group));
        }
        Set<String> singles = new LinkedHashSet<>(use.equal);
        singles.addAll(ranges);
        singles.addAll(use.loose);
        singles.forEach(key -> full(List.of(key)));
        use.arms.forEach(arm -> full(cut(arm)));
        for (List<SortKey> sort : sorts) {
            use.equal.forEach(equal -> full(cut(withSort(List.of(equal), sort))));
            full(cut(withSort(List.of(), sort)));
        }
    }

    private void joins() {
        if (use.joins.size() > 1) {
            // As the foreign key of several columns wants it, or several tables.
            List<String> all = byDistinct(use.joins);
            full(cut(all));
            covering(cut(all));
            full(cut(joined(byDistinct(use.equal), all)));
            full(cut(joined(all, byDistinct(use.equal))));
        }
        for (String join : use.joins) {
            List<String> equal = byDistinct(use.equal);
            equal.remove(join);
            List<String> joinFirst = joined(List.of(join), equal);
            List<String> joinLast = joined(equal, List.of(join));
            full(cut(joinFirst));
            full(cut(joinLast));
            covering(cut(joinFirst));
            sorts.forEach(sort -> {
                full(cut(withSort(joinFirst, sort)));
                full(cut(withSort(List.of(join), sort)));
            });
            ranges.forEach(range -> full(cut(joined(joinFirst, List.of(range)))));
            ranges.stream().filter(range -> !range.equals(join)).forEach(range -> {
                full(cut(List.of(join, range)));
                full(cut(List.of(range, join)));
            });
            full(List.of(join));
            covering(List.of(join));
        }
    }

    /** Equality keys in every order worth trying, each alone, with each range, and with the sort keys. */
    private List<List<String>> keyLists(Set<String> equal) {
        Set<List<String>> lists = new LinkedHashSet<>();
        for (List<String> first : orders(equal)) {
            sorts.forEach(sort -> lists.add(cut(withSort(first, sort))));
            for (String range : ranges) {
                if (!first.contains(range)) {
                    lists.add(cut(joined(first, List.of(range))));
                }
            }
            lists.add(cut(first));
        }
        lists.removeIf(List::isEmpty);
        return List.copyOf(lists);
    }

    /**
     * Both orders of two keys; of more, each first once, and each foreign key's; the others by falling number of distinct
     * values.
     */
    private List<List<String>> orders(Set<String> keys) {
        List<String> sorted = byDistinct(keys);
        List<List<String>> orders = new ArrayList<>();
        orders.add(sorted);
        for (int i = 1; i < sorted.size(); i++) {
            List<String> order = new ArrayList<>(sorted);
            order.addFirst(order.remove(i));
            orders.add(order);
        }
        for (Set<String> foreignKey : use.table.foreignKeys()) {
            if (foreignKey.size() > 1 && keys.containsAll(foreignKey)) {
                List<String> order = new ArrayList<>(sorted);
                order.removeIf(key -> !foreignKey.contains(key));
                sorted.stream().filter(key -> !foreignKey.contains(key)).forEach(order::add);
                orders.add(order);
            }
        }
        return orders;
    }

    private void partial(List<Fixed> conditions) {
        Set<String> rest = new LinkedHashSet<>(use.equal);
        conditions.forEach(fixed -> rest.remove(fixed.key()));
        List<List<String>> lists = new ArrayList<>(keyLists(rest));
        use.joins.forEach(join -> {
            sorts.forEach(sort -> lists.add(cut(withSort(List.of(join), sort))));
            lists.add(List.of(join));
        });
        use.groups.forEach(group -> lists.add(cut(group)));
        if (lists.isEmpty()) {
            lists.add(List.of(conditions.getFirst().key()));
        }
        for (List<String> keys : lists.subList(0, Math.min(MOST_PARTIAL, lists.size()))) {
            add(keys, List.of(), conditions);
            List<String> include = included(keys, conditions);
            if (!include.isEmpty()) {
                add(keys, include, conditions);
            }
        }
    }

    private List<String> withSort(List<String> equal, List<SortKey> wanted) {
        List<String> keys = new ArrayList<>(equal);
        List<SortKey> sort =
                wanted.stream().filter(key -> !equal.contains(key.key())).toList();
        // An index is read backwards as well as forwards.
        boolean backwards = !sort.isEmpty() && sort.getFirst().descending();
        for (SortKey key : sort) {
            boolean descending = key.descending() != backwards;
            boolean nullsFirst = key.nullsFirst() != backwards;
            keys.add(key.key()
                    + (descending ? " DESC" : "")
                    // Even of a column without NULLs: the planner compares orders literally.
                    + (descending == nullsFirst ? "" : nullsFirst ? " NULLS FIRST" : " NULLS LAST"));
        }
        return keys;
    }

    private void full(List<String> keys) {
        add(keys, List.of(), List.of());
    }

    private void covering(List<String> keys) {
        List<String> include = included(keys, List.of());
        if (!include.isEmpty()) {
            add(keys, include, List.of());
        }
    }

    /** What an index-only scan would need besides the keys; empty if that is nothing, or too much. */
    private List<String> included(List<String> keys, List<Fixed> conditions) {
        if (use.needsHeap || use.needed.isEmpty()) {
            return List.of();
        }
        List<String> include = new ArrayList<>();
        int bytes = 0;
        for (Column column : use.table.columns().values()) {
            String quoted = Sql.identifier(column.name());
            boolean held = keys.stream().anyMatch(key -> key.equals(quoted) || key.startsWith(quoted + " "))
                    // Of = and IS NULL nothing is left to be checked.
                    || conditions.stream()
                            .anyMatch(fixed -> fixed.key().equals(quoted) && !use.ranges.contains(quoted));
            if (use.needed.contains(column.name()) && !held) {
                var known = use.table.statistics().get(column.name());
                bytes += column.length() > 0 ? column.length() : known == null ? 32 : known.averageWidth();
                include.add(column.name());
            }
        }
        return include.size() > MOST_INCLUDED || bytes > MOST_INCLUDED_BYTES ? List.of() : include;
    }

    private void add(List<String> keys, List<String> include, List<Fixed> conditions) {
        if (keys.isEmpty() || keys.size() != Set.copyOf(keys).size()) {
            return;
        }
        Candidate candidate = new Candidate(
                use.table,
                keys,
                include,
                predicate(conditions),
                conditions.stream().anyMatch(Fixed::sampled));
        if (!candidate.isServed()) {
            found.putIfAbsent(candidate.identity(), candidate);
        }
    }

    /** The conditions as one; null for none. */
    static @Nullable String predicate(List<Fixed> conditions) {
        return conditions.isEmpty() ? null : conditions.stream().map(Fixed::sql).collect(Collectors.joining(" AND "));
    }

    private List<String> byDistinct(Set<String> keys) {
        List<String> sorted = new ArrayList<>(keys);
        sorted.sort(Comparator.comparingDouble((String key) -> -use.table.distinctKey(key))
                .thenComparing(key -> key));
        return sorted;
    }

    private static List<String> joined(List<String> first, List<String> then) {
        Set<String> all = new LinkedHashSet<>(first);
        all.addAll(then);
        return new ArrayList<>(all);
    }

    private List<String> cut(List<String> keys) {
        return List.copyOf(keys.subList(0, Math.min(width, keys.size())));
    }
}
