SELECT c.oid::bigint AS oid,
       c.relkind::text AS kind,
       t.relname AS table_name,
       i.indexrelid IS NOT NULL AS is_index,
       pg_get_indexdef(i.indexrelid) AS definition,
       coalesce(i.indisvalid AND i.indisready AND i.indislive, false) AS valid,
       coalesce(i.indisreplident, false) AS replica_identity,
       coalesce(i.indisunique, false) AS is_unique,
       coalesce(pg_has_role(c.relowner, 'USAGE'), false) AS owned,
       -- Its own constraint, or a foreign key elsewhere that rests on it.
       (SELECT min(k.conname) FROM pg_constraint k WHERE k.conindid = c.oid) AS constraint_name,
       pn.nspname AS parent_schema,
       pc.relname AS parent_name,
       s.spcname AS tablespace,
       array_remove(ARRAY[
           'COMMENT ON INDEX ' || format('%I.%I', n.nspname, c.relname) || ' IS '
               || quote_literal(obj_description(c.oid, 'pg_class')),
           CASE WHEN i.indisclustered
                THEN format('ALTER TABLE %I.%I CLUSTER ON %I', n.nspname, t.relname, c.relname) END
       ] || ARRAY(
           SELECT format('ALTER INDEX %I.%I ALTER COLUMN %s SET STATISTICS %s', n.nspname, c.relname, a.attnum, a.attstattarget)
           FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attstattarget >= 0 AND i.indexrelid IS NOT NULL
             AND i.indkey[a.attnum - 1] = 0
           ORDER BY a.attnum), NULL) AS afterwards
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_index i ON i.indexrelid = c.oid
LEFT JOIN pg_class t ON t.oid = i.indrelid
LEFT JOIN pg_inherits h ON h.inhrelid = c.oid AND i.indexrelid IS NOT NULL
LEFT JOIN pg_class pc ON pc.oid = h.inhparent
LEFT JOIN pg_namespace pn ON pn.oid = pc.relnamespace
LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
WHERE n.nspname = :schema AND c.relname = :name
