-- Columns of a table whose names stand in an expression, with what statistics say of their values.
SELECT a.attname AS name,
       format_type(a.atttypid, a.atttypmod) AS type,
       CASE a.attgenerated WHEN 's' THEN (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d
                                         WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum) END AS generated,
       s.null_fraction,
       s.average_width,
       s.distinct,
       s.common_values,
       s.frequencies,
       s.bounds
FROM pg_attribute a
JOIN hone_twin_private.stats s ON s.starelid = a.attrelid AND s.staattnum = a.attnum
WHERE a.attrelid = :table AND a.attnum > 0 AND NOT a.attisdropped
  AND position(quote_ident(a.attname) IN :expression) > 0
ORDER BY a.attnum
