SELECT t.spcname AS name,
       t.spcoptions AS options,
       t.oid = (SELECT dattablespace FROM pg_database WHERE datname = current_database()) AS database_default,
       coalesce((SELECT array_agg('"' || replace(n.nspname, '"', '""') || '"."' || replace(c.relname, '"', '""') || '"' ORDER BY c.oid)
                 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE c.reltablespace = t.oid AND c.relkind IN ('r', 'm', 'i')), '{}') AS relations
FROM pg_tablespace t
WHERE t.spcoptions IS NOT NULL
ORDER BY t.oid
