SELECT i.indexrelid::bigint AS oid,
       i.indrelid::bigint AS relation,
       pg_get_indexdef(i.indexrelid) AS definition,
       i.indisvalid AS valid,
       i.indisunique AS unique,
       i.indisprimary AS primary,
       EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')) AS constraint,
       i.indisreplident AS replica_identity,
       coalesce((SELECT h.inhparent::bigint FROM pg_inherits h WHERE h.inhrelid = i.indexrelid), 0) AS parent,
       (i.indkey::int2[])[0 : i.indnkeyatts - 1]::int[] AS keys,
       coalesce((i.indkey::int2[])[i.indnkeyatts : ]::int[], '{}') AS included,
       pg_get_expr(i.indpred, i.indrelid) AS predicate
FROM pg_index i
JOIN pg_class c ON c.oid = i.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
  AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e')
ORDER BY i.indexrelid
