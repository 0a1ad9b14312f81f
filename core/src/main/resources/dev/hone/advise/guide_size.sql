SELECT pg_table_size(coalesce(i.indrelid, c.oid)) AS bytes
FROM pg_class c
LEFT JOIN pg_index i ON i.indexrelid = c.oid
WHERE c.oid = to_regclass(:name)
