-- Key columns of every btree, with what decides how long the keys in its inner pages are.
SELECT x.indexrelid::bigint AS index,
       a.attlen AS length,
       a.attalign::text AS alignment,
       coalesce(s.stawidth, 16) AS average_width,
       coalesce(s.stadistinct, 0)::float8 AS distinct,
       greatest(tc.reltuples, 1)::float8 AS tuples
FROM pg_index x
JOIN pg_class ic ON ic.oid = x.indexrelid
JOIN pg_am am ON am.oid = ic.relam AND am.amname = 'btree'
JOIN pg_class tc ON tc.oid = x.indrelid
JOIN pg_attribute a ON a.attrelid = x.indexrelid AND a.attnum BETWEEN 1 AND x.indnkeyatts
LEFT JOIN pg_statistic s
  ON NOT s.stainherit
 AND s.starelid = CASE WHEN x.indkey[a.attnum - 1] > 0 THEN x.indrelid ELSE x.indexrelid END
 AND s.staattnum = CASE WHEN x.indkey[a.attnum - 1] > 0 THEN x.indkey[a.attnum - 1] ELSE a.attnum END
WHERE x.indexrelid >= 16384
ORDER BY x.indexrelid, a.attnum
