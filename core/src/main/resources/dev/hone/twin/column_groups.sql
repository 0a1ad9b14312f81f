-- Sets of columns whose number of distinct combinations is known: foreign keys of several columns have at most as many
-- as the table that they point to has rows; extended statistics count them.
SELECT k.conkey::int[]::text AS columns, r.reltuples::float8 AS combinations
FROM pg_constraint k JOIN pg_class r ON r.oid = k.confrelid
WHERE k.contype = 'f' AND cardinality(k.conkey) > 1 AND r.reltuples > 0
  AND k.conrelid = (SELECT indrelid FROM pg_index WHERE indexrelid = :index)
UNION ALL
SELECT '{' || replace(d.key, ' ', '') || '}', d.value::float8
FROM pg_statistic_ext e
JOIN pg_statistic_ext_data s ON s.stxoid = e.oid,
LATERAL json_each_text(s.stxdndistinct::text::json) d
WHERE d.value::float8 > 0
  AND e.stxrelid = (SELECT indrelid FROM pg_index WHERE indexrelid = :index)
