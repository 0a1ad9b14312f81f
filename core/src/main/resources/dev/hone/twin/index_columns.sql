SELECT a.attnum AS number,
       a.attnum <= x.indnkeyatts AS key,
       x.indkey[a.attnum - 1] AS table_column,
       a.attlen AS length,
       a.attalign::text AS alignment,
       t.typname AS type_name,
       format_type(a.atttypid, a.atttypmod) AS type,
       pg_get_indexdef(x.indexrelid, a.attnum, false) AS expression,
       s.null_frac AS null_fraction,
       s.avg_width AS average_width,
       s.n_distinct AS distinct,
       s.most_common_freqs::text AS frequencies,
       s.most_common_vals::text AS common_values,
       s.histogram_bounds::text AS bounds
FROM pg_index x
JOIN pg_class tc ON tc.oid = x.indrelid
JOIN pg_class ic ON ic.oid = x.indexrelid
JOIN pg_attribute a ON a.attrelid = x.indexrelid AND a.attnum > 0
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attribute ta ON ta.attrelid = x.indrelid AND x.indkey[a.attnum - 1] <> 0 AND ta.attnum = x.indkey[a.attnum - 1]
LEFT JOIN pg_stats s
  ON NOT s.inherited
 AND s.schemaname = tc.relnamespace::regnamespace::name
 AND s.tablename = CASE WHEN ta.attnum IS NULL THEN ic.relname ELSE tc.relname END
 AND s.attname = coalesce(ta.attname, a.attname)
WHERE x.indexrelid = :index
ORDER BY a.attnum
