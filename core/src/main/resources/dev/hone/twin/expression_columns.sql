-- Expressions of an index that have no statistics yet, with each column that they may be of.
SELECT a.attnum AS number,
       pg_get_indexdef(x.indexrelid, a.attnum, false) AS expression,
       format_type(a.atttypid, a.atttypmod) AS type,
       n.nspname AS schema,
       ic.relname AS index_name,
       a.attname AS name,
       greatest(tc.reltuples, 1)::float8 AS tuples,
       c.attname AS column_name,
       format_type(c.atttypid, c.atttypmod) AS column_type,
       s.null_fraction,
       s.distinct,
       s.common_values,
       s.frequencies,
       s.bounds
FROM pg_index x
JOIN pg_attribute a ON a.attrelid = x.indexrelid AND x.indkey[a.attnum - 1] = 0
JOIN pg_class ic ON ic.oid = x.indexrelid
JOIN pg_class tc ON tc.oid = x.indrelid
JOIN pg_namespace n ON n.oid = ic.relnamespace
JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = x.indexrelid
                AND d.refclassid = 'pg_class'::regclass AND d.refobjid = x.indrelid AND d.refobjsubid > 0
JOIN pg_attribute c ON c.attrelid = d.refobjid AND c.attnum = d.refobjsubid
JOIN hone_twin_private.stats s ON s.starelid = c.attrelid AND s.staattnum = c.attnum
WHERE x.indexrelid = :index
  AND NOT EXISTS (SELECT FROM pg_statistic e WHERE e.starelid = x.indexrelid AND e.staattnum = a.attnum)
ORDER BY a.attnum, c.attnum
