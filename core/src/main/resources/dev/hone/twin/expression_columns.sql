-- Expressions of an index that have no statistics yet.
SELECT a.attnum AS number,
       pg_get_indexdef(x.indexrelid, a.attnum, false) AS expression,
       format_type(a.atttypid, a.atttypmod) AS type,
       n.nspname AS schema,
       ic.relname AS index_name,
       a.attname AS name,
       x.indrelid::bigint AS table_oid,
       greatest(tc.reltuples, 1)::float8 AS tuples
FROM pg_index x
JOIN pg_attribute a ON a.attrelid = x.indexrelid AND x.indkey[a.attnum - 1] = 0
JOIN pg_class ic ON ic.oid = x.indexrelid
JOIN pg_class tc ON tc.oid = x.indrelid
JOIN pg_namespace n ON n.oid = ic.relnamespace
WHERE x.indexrelid = :index
  AND NOT EXISTS (SELECT FROM pg_statistic e WHERE e.starelid = x.indexrelid AND e.staattnum = a.attnum)
ORDER BY a.attnum
