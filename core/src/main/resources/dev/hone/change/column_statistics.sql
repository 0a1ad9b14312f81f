SELECT coalesce(a.attstattarget, -1) AS target,
       (SELECT o.option_value FROM pg_options_to_table(a.attoptions) o WHERE o.option_name = 'n_distinct') AS n_distinct
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = :schema AND c.relname = :table AND a.attname = :column AND a.attnum > 0 AND NOT a.attisdropped
