SELECT c.oid::bigint AS oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind, p.level,
       coalesce(p.parentrelid::oid::bigint, 0) AS parent
FROM pg_partition_tree(:oid::oid::regclass) p
JOIN pg_class c ON c.oid = p.relid
JOIN pg_namespace n ON n.oid = c.relnamespace
ORDER BY p.level, n.nspname, c.relname
