SELECT s.oid::bigint AS oid, n.nspname AS schema, s.stxname AS name, s.stxrelid::bigint AS relation,
       pg_get_statisticsobjdef(s.oid) AS definition
FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
ORDER BY s.oid
