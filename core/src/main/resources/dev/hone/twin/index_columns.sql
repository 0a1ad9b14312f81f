SELECT a.attnum AS number,
       a.attnum <= x.indnkeyatts AS key,
       x.indkey[a.attnum - 1] AS table_column,
       a.attlen AS length,
       a.attalign::text AS alignment,
       t.typname AS type_name,
       format_type(a.atttypid, a.atttypmod) AS type,
       pg_get_indexdef(x.indexrelid, a.attnum, false) AS expression,
       s.null_fraction,
       s.average_width,
       s.distinct,
       s.frequencies,
       s.common_values,
       s.bounds,
       s.elements,
       s.element_frequencies,
       s.element_counts,
       o.opcname AS operator_class
FROM pg_index x
JOIN pg_attribute a ON a.attrelid = x.indexrelid AND a.attnum > 0
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_opclass o ON o.oid = (x.indclass::oid[])[least(a.attnum, x.indnkeyatts) - 1]
-- An expression has statistics of its own, those of the index; any other column those of the table.
LEFT JOIN hone_twin_private.stats s
  ON s.starelid = CASE WHEN x.indkey[a.attnum - 1] = 0 THEN x.indexrelid ELSE x.indrelid END
 AND s.staattnum = CASE WHEN x.indkey[a.attnum - 1] = 0 THEN a.attnum ELSE x.indkey[a.attnum - 1] END
WHERE x.indexrelid = :index
ORDER BY a.attnum
