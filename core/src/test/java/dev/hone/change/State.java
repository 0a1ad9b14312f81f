package dev.hone.change;

import dev.hone.postgres.Server;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * All that a change may alter, told by names: what a {@link CatalogDiff} compares, and beyond it settings, statistics
 * targets, comments, privileges, policies, publications and what a materialized view holds. Of a column's options only
 * those that people set: some builds of the server keep a number there that is another for each table.
 */
record State(dev.hone.postgres.Catalog catalog, Map<String, String> more) {

    private static final String MINE =
            " NOT IN ('pg_catalog', 'information_schema', 'performance_monitoring', 'pg_toast')";

    private static final List<String> QUERIES = List.of(
            "SELECT 'setting in ' || coalesce(d.datname, '*') || ' of ' || coalesce(r.rolname, '*'), (SELECT array_agg(o ORDER BY o) FROM unnest(s.setconfig) o)::text"
                    + " FROM pg_db_role_setting s LEFT JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_roles r ON r.oid = s.setrole",
            "SELECT 'system setting ' || name, setting FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf'",
            "SELECT 'column ' || a.attrelid::regclass || '.' || a.attname,"
                    + " concat_ws(' ', coalesce(a.attstattarget, -1), (SELECT array_agg(o ORDER BY o) FROM unnest(a.attoptions) o WHERE o LIKE 'n_distinct%')::text, a.attacl::text, a.attstorage, a.attidentity,"
                    + " col_description(a.attrelid, a.attnum))"
                    + " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
                    + " WHERE NOT a.attisdropped AND a.attnum > 0 AND n.nspname" + MINE,
            "SELECT 'relation ' || c.oid::regclass, concat_ws(' ', c.relkind, (SELECT array_agg(o ORDER BY o) FROM unnest(c.reloptions) o)::text, c.relacl::text, c.relowner::regrole,"
                    + " c.relispopulated, c.relrowsecurity, c.relforcerowsecurity, c.relreplident, c.relispartition,"
                    + " c.reltablespace, obj_description(c.oid, 'pg_class'))"
                    + " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname" + MINE,
            "SELECT 'index ' || i.indexrelid::regclass, concat_ws(' ', i.indisvalid, i.indisready, i.indislive, i.indisclustered,"
                    + " i.indisreplident, pg_get_indexdef(i.indexrelid)) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
                    + " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname" + MINE,
            "SELECT 'constraint ' || k.conname || ' of ' || k.conrelid::regclass,"
                    + " concat_ws(' ', pg_get_constraintdef(k.oid), k.convalidated, k.condeferrable, k.condeferred)"
                    + " FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace WHERE k.conrelid <> 0 AND n.nspname"
                    + MINE,
            "SELECT 'policy ' || polname || ' of ' || polrelid::regclass, concat_ws(' ', polcmd, polroles::text,"
                    + " pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) FROM pg_policy",
            "SELECT 'publication ' || pubname || ' of ' || schemaname || '.' || tablename, '' FROM pg_publication_tables",
            "SELECT 'owned sequence ' || d.objid::regclass, d.refobjid::regclass || '.' || d.refobjsubid FROM pg_depend d"
                    + " WHERE d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')"
                    + " AND d.objid IN (SELECT oid FROM pg_class WHERE relkind = 'S')",
            "SELECT 'trigger ' || t.tgname || ' on ' || t.tgrelid::regclass, t.tgenabled::text || pg_get_triggerdef(t.oid)"
                    + " FROM pg_trigger t WHERE NOT t.tgisinternal");

    static State of(Bench bench) {
        Map<String, String> more = new TreeMap<>();
        try (Server server = Server.connect(bench.address())) {
            for (String query : QUERIES) {
                server.handle()
                        .createQuery(query)
                        .map((rs, context) -> Map.entry(rs.getString(1), String.valueOf(rs.getString(2))))
                        .forEach(one -> more.merge(one.getKey(), one.getValue(), (a, b) -> a + " | " + b));
            }
        }
        return new State(bench.catalog(), more);
    }

    /** One line a difference. */
    List<String> since(State before) {
        List<String> differences = new ArrayList<>(CatalogDiff.between(before.catalog, catalog));
        TreeMap<String, String> keys = new TreeMap<>(before.more);
        keys.putAll(more);
        keys.keySet().forEach(key -> {
            String was = before.more.get(key);
            String is = more.get(key);
            if (!java.util.Objects.equals(was, is)) {
                differences.add(key + ": " + was + " -> " + is);
            }
        });
        return differences;
    }
}
