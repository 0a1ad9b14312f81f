WITH locked AS (
  -- Asking for the size of a table that somebody holds in ACCESS EXCLUSIVE mode, or waits to, would make us wait too.
  SELECT relation FROM pg_locks
  WHERE mode = 'AccessExclusiveLock' AND relation IS NOT NULL
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
)
SELECT c.oid::bigint AS oid,
       n.nspname AS schema,
       c.relname AS name,
       c.relkind::text AS kind,
       c.relpersistence::text AS persistence,
       c.relpages AS pages,
       c.reltuples::float8 AS tuples,
       c.relallvisible AS all_visible_pages,
       coalesce((to_jsonb(c)->>'relallfrozen')::int, 0) AS all_frozen_pages,
       CASE WHEN c.relkind NOT IN ('r', 'm', 'i') THEN 0
            WHEN l.relation IS NOT NULL THEN c.relpages
            ELSE coalesce(pg_relation_size(c.oid), 0) / current_setting('block_size')::int END AS current_pages,
       CASE WHEN c.relkind NOT IN ('r', 'm', 'i') THEN 0
            WHEN l.relation IS NOT NULL THEN c.relpages::bigint * current_setting('block_size')::int
            ELSE coalesce(pg_total_relation_size(c.oid), 0) END AS total_bytes,
       coalesce(c.reloptions, '{}') AS options,
       CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS partition_key,
       -- A bound names no column, so the table need not be opened (and locked) to print it.
       CASE WHEN c.relispartition AND c.relkind IN ('r', 'p', 'f') THEN pg_get_expr(c.relpartbound, 0) END AS partition_bound,
       coalesce((SELECT array_agg(i.inhparent::bigint ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = c.oid), '{}') AS parents,
       m.amname AS access_method
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_am m ON m.oid = c.relam
LEFT JOIN (SELECT DISTINCT relation FROM locked) l ON l.relation = c.oid
WHERE c.relkind IN ('r', 'p', 'm', 'f', 'i', 'I')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
  AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e')
ORDER BY c.oid
