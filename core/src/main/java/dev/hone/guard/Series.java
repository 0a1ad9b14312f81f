package dev.hone.guard;

import java.util.List;
import java.util.Map;

/**
 * What one source of evidence saw.
 *
 * @param source its name
 * @param queries by id, those it knows
 */
record Series(String source, Map<String, Query> queries, List<Window> before, List<Window> after) {

    Series {
        queries = Map.copyOf(queries);
        before = List.copyOf(before);
        after = List.copyOf(after);
    }

    /**
     * A query.
     *
     * @param text for people: its SQL, shortened, or its name
     */
    record Query(String text, Role role) {}

    Series withAfter(List<Window> windows) {
        return new Series(source, queries, before, windows);
    }
}
