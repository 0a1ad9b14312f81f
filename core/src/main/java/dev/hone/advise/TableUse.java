package dev.hone.advise;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a query wants of one table: everything an index could help with. Keys are SQL texts as an index writes them: a
 * quoted column or a parenthesised expression.
 */
final class TableUse {

    /**
     * A sort key, in the direction the query asks for.
     *
     * @param nullsFirst where NULLs are wanted
     */
    record SortKey(String key, boolean descending, boolean nullsFirst) {}

    /**
     * A condition that every call has, so that an index may leave out the other rows.
     *
     * @param key the key it is about
     * @param sql the condition as an index writes it
     * @param share of the rows that fulfil it; 1 if not known
     * @param sampled true if it comes from sampled parameters, not from the statement's text
     */
    record Fixed(String key, String sql, double share, boolean sampled) {}

    /**
     * A condition of which a btree knows nothing: a pattern, containment, overlap; or an order by distance.
     *
     * @param column name of the column that the key is; null for an expression
     * @param operator with the key on its left
     * @param constant the text on its right; null if it varies
     */
    record Search(
            String key,
            @Nullable String column,
            String operator,
            @Nullable String constant) {}

    final Schema.Table table;

    /** Keys compared with a value for equality. */
    final Set<String> equal = new LinkedHashSet<>();

    /** Keys compared by order. */
    final Set<String> ranges = new LinkedHashSet<>();

    /** Keys compared with a column of another table for equality. */
    final Set<String> joins = new LinkedHashSet<>();

    /** Keys in an arm of an OR. */
    final Set<String> loose = new LinkedHashSet<>();

    /** Keys that stand together in one arm of an OR, those compared for equality first. */
    final Set<List<String>> arms = new LinkedHashSet<>();

    /** Keys compared for equality whose values may be too long for a btree. */
    final Set<String> wide = new LinkedHashSet<>();

    final Set<Search> searches = new LinkedHashSet<>();

    /** The orders that are wanted, that of the result first. */
    final List<List<SortKey>> sorts = new ArrayList<>();

    final List<List<String>> groups = new ArrayList<>();

    final Map<String, Fixed> fixed = new LinkedHashMap<>();

    /** Columns the query reads of the table. */
    final Set<String> needed = new LinkedHashSet<>();

    /** True if the query must go to the table whatever an index holds. */
    boolean needsHeap;

    TableUse(Schema.Table table) {
        this.table = table;
    }

    /** Every key it has, without order and operator class. */
    Set<String> keys() {
        Set<String> all = new LinkedHashSet<>(equal);
        all.addAll(ranges);
        all.addAll(joins);
        all.addAll(loose);
        all.addAll(wide);
        searches.forEach(search -> all.add(search.key()));
        sorts.forEach(sort -> sort.forEach(key -> all.add(key.key())));
        groups.forEach(all::addAll);
        return all;
    }

    /** The same, wanted of another table that has these columns too. */
    TableUse of(Schema.Table other) {
        TableUse use = new TableUse(other);
        use.equal.addAll(equal);
        use.ranges.addAll(ranges);
        use.joins.addAll(joins);
        use.loose.addAll(loose);
        use.arms.addAll(arms);
        use.wide.addAll(wide);
        use.searches.addAll(searches);
        use.sorts.addAll(sorts);
        use.groups.addAll(groups);
        use.fixed.putAll(fixed);
        use.needed.addAll(needed);
        use.needsHeap = needsHeap;
        return use;
    }
}
