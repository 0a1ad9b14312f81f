SELECT n.nspname::text AS schema, c.relname::text AS name
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = CASE cardinality(parse_ident(:name)) WHEN 1 THEN to_regclass('public.' || :name) ELSE to_regclass(:name) END
  AND c.relkind = 'm'
