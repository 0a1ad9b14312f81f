package dev.hone.twin;

import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A relation as it is in the twin.
 *
 * @param path its file below the data directory; null for what has no storage
 */
record TwinRelation(long oid, String kind, @Nullable String path) {

    /** Schema and name, unquoted. */
    record Name(String schema, String name) {}

    /** All user relations of the twin by name. */
    static Map<Name, TwinRelation> all(Session superuser) throws SQLException {
        Map<Name, TwinRelation> found = new HashMap<>();
        superuser.query(
                """
                SELECT n.nspname, c.relname, c.oid::bigint, c.relkind::text, pg_relation_filepath(c.oid)
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE c.relkind IN ('r', 'p', 'm', 'i', 'I') AND c.oid >= 16384 AND n.nspname !~ '^pg_'""",
                row -> found.put(
                        new Name(row.getString(1), row.getString(2)),
                        new TwinRelation(row.getLong(3), row.getString(4), row.getString(5))));
        return found;
    }
}
