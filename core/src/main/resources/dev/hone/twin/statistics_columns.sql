-- The twin's columns that may have statistics, by name and by number.
SELECT n.nspname AS schema, c.relname AS relation, a.attname AS name, a.attnum AS number, a.attrelid::bigint AS oid,
       a.atttypid::bigint AS type, a.atttypmod AS modifier, a.attcollation::bigint AS collation
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.oid >= 16384 AND c.relkind IN ('r', 'p', 'm', 'f', 'i', 'I')
  AND (:relations)
