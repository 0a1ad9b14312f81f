package dev.hone.advise;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

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

    final Schema.Table table;

    /** Keys compared with a value for equality. */
    final Set<String> equal = new LinkedHashSet<>();

    /** Keys compared by order. */
    final Set<String> ranges = new LinkedHashSet<>();

    /** Keys compared with a column of another table for equality. */
    final Set<String> joins = new LinkedHashSet<>();

    /** Keys in an arm of an OR. */
    final Set<String> loose = new LinkedHashSet<>();

    List<SortKey> sort = List.of();
    List<String> group = List.of();
    final Map<String, Fixed> fixed = new LinkedHashMap<>();

    /** Columns the query reads of the table. */
    final Set<String> needed = new LinkedHashSet<>();

    /** True if the query must go to the table whatever an index holds. */
    boolean needsHeap;

    TableUse(Schema.Table table) {
        this.table = table;
    }
}
