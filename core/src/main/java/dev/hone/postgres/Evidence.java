package dev.hone.postgres;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one diagnostic query found on the server: the raw material of findings, kept in the Snapshot so that diagnosis
 * also runs where the server is not.
 *
 * @param id whose query it was
 * @param rows each a map of column name to JSON value, in the query's order
 * @param unavailable why the query could not be answered; null if it was
 */
public record Evidence(
        String id, List<Map<String, Object>> rows, @Nullable String unavailable) {

    public Evidence {
        rows = List.copyOf(rows);
    }

    /** A query whose rows are to be collected: one SELECT for this server's version. */
    public record Query(String id, String sql) {}
}
