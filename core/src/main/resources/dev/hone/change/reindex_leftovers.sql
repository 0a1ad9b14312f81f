-- Invalid indexes that a concurrent rebuild of this one was cut off from: its own name, shortened to fit 63 bytes, and a suffix.
SELECT n.nspname AS schema, l.relname AS name
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_index i ON i.indexrelid = c.oid
JOIN pg_index li ON li.indrelid = i.indrelid AND li.indexrelid <> i.indexrelid AND NOT li.indisvalid
JOIN pg_class l ON l.oid = li.indexrelid
WHERE n.nspname = :schema AND c.relname = :name
  AND l.relname ~ '_cc(new|old)[0-9]*$'
  AND starts_with(c.relname::text, regexp_replace(l.relname, '_cc(new|old)[0-9]*$', ''))
  AND (regexp_replace(l.relname, '_cc(new|old)[0-9]*$', '') = c.relname
       OR octet_length(l.relname) >= current_setting('max_identifier_length')::int - 3)
ORDER BY l.relname
