package dev.hone.advise;

/**
 * What to write differently in a query, where no index can help.
 *
 * @param rule which one saw it, such as {@code offset-paging}
 * @param query id of the query in the workload
 * @param sql the statement
 * @param what was seen, in one sentence
 * @param why that is slow
 * @param example how it could be written
 */
public record Hint(String rule, String query, String sql, String what, String why, String example) {}
