package dev.hone.workload;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The queries that matter to a database, with how often they ran.
 *
 * @param source where it was learnt, for people: "pg_stat_statements since 2026-11-01T10:00Z", "workload.sql"
 * @param queries heaviest first
 */
public record Workload(String source, List<Query> queries) {

    public Workload {
        queries = List.copyOf(queries);
    }

    /**
     * One statement, its constants replaced by {@code $1}, {@code $2} …
     *
     * @param id stable name: the query id of pg_stat_statements, or the name in a script
     * @param sql one statement without a final semicolon
     * @param calls how often it ran, or its weight in a script
     * @param totalMillis execution time of all calls, in milliseconds; null if nobody measured it
     * @param rows rows returned or affected by all calls; null if not known
     * @param samples parameter values in text form, one list per sampled call; empty if none are known
     */
    public record Query(
            String id,
            String sql,
            double calls,
            @Nullable Double totalMillis,
            @Nullable Long rows,
            List<List<@Nullable String>> samples) {

        public Query {
            samples = List.copyOf(samples);
        }

        /** Mean execution time in milliseconds; null if nobody measured it. */
        public @Nullable Double meanMillis() {
            return totalMillis == null || calls <= 0 ? null : totalMillis / calls;
        }
    }
}
