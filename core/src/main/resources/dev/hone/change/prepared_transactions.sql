SELECT 'prepared transaction ' || quote_literal(p.gid) || ' of role ' || p.owner || ', prepared '
         || date_trunc('second', p.prepared)::text AS who
FROM pg_prepared_xacts p
WHERE p.database = current_database()
ORDER BY p.prepared
LIMIT 10
