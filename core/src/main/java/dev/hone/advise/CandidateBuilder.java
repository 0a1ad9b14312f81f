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
import org.jspecify.annotations.Nullable;

/**
 * Thinks up the indexes that could help one use of a table. A btree is read by equality on its leading keys, then by
 * one range or in one order; so the equality keys come first in every order worth trying, then a range or the sort
 * keys. The same with the rest of the columns carried along, and with constant conditions as predicates.
 */
final class CandidateBuilder {

    /** The most columns carried along, and their width in bytes: beyond, an index is a second table. */
    private static final int MOST_INCLUDED = 4;

    private static final int MOST_INCLUDED_BYTES = 64;

    /** The most candidates from one use of a table. */
    private static final int MOST = 80;

    /** A condition that more rows than this fulfil is not worth a partial index. */
    private static final double RARE = 0.5;

    private final TableUse use;
    private final int width;
    private final Map<String, Candidate> found = new LinkedHashMap<>();

    private CandidateBuilder(TableUse use, int width) {
        this.use = use;
        this.width = width;
    }

    static Collection<Candidate> candidates(TableUse use, int maximumWidth) {
        CandidateBuilder builder = new CandidateBuilder(use, maximumWidth);
        builder.build();
        return builder.found.values().stream().limit(MOST).toList();
    }

    private void build() {
        // The best guesses first, since the number is limited.
        List<List<String>> whole = keyLists(use.equal);
        whole.forEach(keys -> add(keys, List.of(), null));
        whole.stream().limit(6).forEach(this::covering);
        for (Fixed fixed : use.fixed.values()) {
            if (fixed.share() <= RARE) {
                partial(fixed);
            }
        }
        for (String join : use.joins) {
            List<String> equal = byDistinct(use.equal);
            equal.remove(join);
            List<String> joinFirst = new ArrayList<>(List.of(join));
            joinFirst.addAll(equal);
            List<String> joinLast = new ArrayList<>(equal);
            joinLast.add(join);
            add(cut(joinFirst), List.of(), null);
            add(cut(joinLast), List.of(), null);
            covering(cut(joinFirst));
            use.ranges.forEach(range -> add(cut(with(joinFirst, range)), List.of(), null));
            use.ranges.stream().filter(range -> !range.equals(join)).forEach(range -> {
                add(cut(List.of(join, range)), List.of(), null);
                add(cut(List.of(range, join)), List.of(), null);
            });
            add(List.of(join), List.of(), null);
            covering(List.of(join));
        }
        if (!use.group.isEmpty()) {
            List<String> keys = new ArrayList<>(byDistinct(use.equal));
            use.group.stream().filter(key -> !keys.contains(key)).forEach(keys::add);
            add(cut(keys), List.of(), null);
            covering(cut(keys));
            add(cut(use.group), List.of(), null);
        }
        Set<String> singles = new LinkedHashSet<>(use.equal);
        singles.addAll(use.ranges);
        singles.addAll(use.loose);
        singles.forEach(key -> add(List.of(key), List.of(), null));
        use.equal.forEach(equal -> sorted(List.of(equal)));
        sorted(List.of());
    }

    /** Equality keys in every order worth trying, each alone, with each range, and with the sort keys. */
    private List<List<String>> keyLists(Set<String> equal) {
        Set<List<String>> lists = new LinkedHashSet<>();
        for (List<String> first : orders(equal)) {
            if (!use.sort.isEmpty()) {
                lists.add(cut(withSort(first)));
            }
            for (String range : use.ranges) {
                if (!first.contains(range)) {
                    lists.add(cut(with(first, range)));
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

    private void partial(Fixed fixed) {
        Set<String> rest = new LinkedHashSet<>(use.equal);
        rest.remove(fixed.key());
        List<List<String>> lists = new ArrayList<>(keyLists(rest));
        use.joins.forEach(join -> lists.add(List.of(join)));
        if (!use.group.isEmpty()) {
            lists.add(cut(use.group));
        }
        if (lists.isEmpty()) {
            lists.add(List.of(fixed.key()));
        }
        for (List<String> keys : lists.subList(0, Math.min(6, lists.size()))) {
            add(keys, List.of(), fixed);
            List<String> include = included(keys, fixed);
            if (!include.isEmpty()) {
                add(keys, include, fixed);
            }
        }
    }

    private void sorted(List<String> first) {
        if (!use.sort.isEmpty()) {
            add(cut(withSort(first)), List.of(), null);
        }
    }

    private List<String> withSort(List<String> equal) {
        List<String> keys = new ArrayList<>(equal);
        List<SortKey> sort =
                use.sort.stream().filter(key -> !equal.contains(key.key())).toList();
        // An index is read backwards as well as forwards.
        boolean backwards = !sort.isEmpty() && sort.getFirst().descending();
        for (SortKey key : sort) {
            boolean descending = key.descending() != backwards;
            boolean nullsFirst = key.nullsFirst() != backwards;
            keys.add(key.key()
                    + (descending ? " DESC" : "")
                    + (descending == nullsFirst || isNotNull(key.key())
                            ? ""
                            : nullsFirst ? " NULLS FIRST" : " NULLS LAST"));
        }
        return keys;
    }

    private boolean isNotNull(String key) {
        return use.table.columns().values().stream()
                .anyMatch(column ->
                        column.notNull() && Sql.identifier(column.name()).equals(key));
    }

    private void covering(List<String> keys) {
        List<String> include = included(keys, null);
        if (!include.isEmpty()) {
            add(keys, include, null);
        }
    }

    /** What an index-only scan would need besides the keys; empty if that is nothing, or too much. */
    private List<String> included(List<String> keys, @Nullable Fixed fixed) {
        if (use.needsHeap || use.needed.isEmpty()) {
            return List.of();
        }
        List<String> include = new ArrayList<>();
        int bytes = 0;
        for (Column column : use.table.columns().values()) {
            String quoted = Sql.identifier(column.name());
            boolean held = keys.stream().anyMatch(key -> key.equals(quoted) || key.startsWith(quoted + " "))
                    || (fixed != null && fixed.key().equals(quoted));
            if (use.needed.contains(column.name()) && !held) {
                var known = use.table.statistics().get(column.name());
                bytes += column.length() > 0 ? column.length() : known == null ? 32 : known.averageWidth();
                include.add(column.name());
            }
        }
        return include.size() > MOST_INCLUDED || bytes > MOST_INCLUDED_BYTES ? List.of() : include;
    }

    private void add(List<String> keys, List<String> include, @Nullable Fixed fixed) {
        if (keys.isEmpty() || keys.size() != Set.copyOf(keys).size()) {
            return;
        }
        Candidate candidate = new Candidate(
                use.table, keys, include, fixed == null ? null : fixed.sql(), fixed != null && fixed.sampled());
        if (!candidate.isServed()) {
            found.putIfAbsent(candidate.identity(), candidate);
        }
    }

    private List<String> byDistinct(Set<String> keys) {
        List<String> sorted = new ArrayList<>(keys);
        sorted.sort(Comparator.comparingDouble((String key) -> -use.table.distinctKey(key))
                .thenComparing(key -> key));
        return sorted;
    }

    private static List<String> with(List<String> keys, String last) {
        List<String> all = new ArrayList<>(keys);
        if (!all.contains(last)) {
            all.add(last);
        }
        return all;
    }

    private List<String> cut(List<String> keys) {
        return List.copyOf(keys.subList(0, Math.min(width, keys.size())));
    }
}
