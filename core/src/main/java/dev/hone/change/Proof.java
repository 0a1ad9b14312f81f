package dev.hone.change;

import dev.hone.postgres.Sql;
import java.util.List;

/**
 * A query by which people see that a change is in place, or in use.
 *
 * @param shows what it shows, in a few words
 * @param sql one statement, which changes nothing and runs on every version that Hone serves. Its column {@code in_place},
 *     where it has one, is true once the change is made and not before
 * @param expected what it returns once the change is made
 */
public record Proof(String shows, String sql, String expected) {

    /** That something holds now and did not before. */
    static Proof inPlace(String shows, String condition) {
        return new Proof(shows, "SELECT " + condition + " AS in_place", "t");
    }

    /** That an index is there and valid, and how often it is used. */
    static List<Proof> ofIndex(String schema, String name) {
        String index = relation(schema, name);
        return List.of(
                inPlace(
                        "The index is there and valid",
                        "EXISTS (SELECT FROM pg_index i WHERE i.indexrelid = " + index
                                + " AND i.indisvalid AND i.indisready)"),
                new Proof(
                        "Queries use it",
                        "SELECT coalesce(sum(s.idx_scan), 0) AS scans, coalesce(sum(pg_relation_size(s.indexrelid)), 0) AS"
                                + " bytes FROM pg_stat_all_indexes s WHERE s.indexrelid = "
                                + index
                                + " OR s.indexrelid IN (SELECT h.inhrelid FROM pg_inherits h WHERE h.inhparent = "
                                + index + ")",
                        "scans rises with the queries it is for; 0 after a week of usual work means that nothing uses it"));
    }

    /** A relation's oid, null if it is not there. */
    static String relation(String schema, String name) {
        return "to_regclass(" + Sql.literal(Sql.identifier(schema, name)) + ")";
    }
}
