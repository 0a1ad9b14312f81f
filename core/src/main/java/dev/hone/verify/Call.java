package dev.hone.verify;

import dev.hone.postgres.Sql;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One statement that stands for calls of a query.
 *
 * @param query number of its query
 * @param parameters values of $1, $2, … in text form; empty if it has none
 * @param weight how many calls of the workload it stands for
 */
record Call(int query, String sql, List<@Nullable String> parameters, double weight) {

    /** What must be run before it in the same session; empty for nothing. */
    String preparation() {
        return parameters.isEmpty()
                ? ""
                : "DEALLOCATE ALL; PREPARE hone_statement AS " + sql.strip().replaceFirst(";+\\s*$", "") + "\n";
    }

    /** The statement to explain. */
    String statement() {
        return parameters.isEmpty()
                ? sql
                : "EXECUTE hone_statement"
                        + parameters.stream()
                                .map(value -> value == null ? "NULL" : Sql.literal(value))
                                .collect(Collectors.joining(", ", "(", ")"));
    }
}
