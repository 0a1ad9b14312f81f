SELECT CASE WHEN r.oid = c.oid THEN '' ELSE 'toast.' END || o.option_name AS name, o.option_value AS value
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class r ON r.oid IN (c.oid, c.reltoastrelid)
CROSS JOIN LATERAL pg_options_to_table(r.reloptions) AS o
WHERE n.nspname = :schema AND c.relname = :table
