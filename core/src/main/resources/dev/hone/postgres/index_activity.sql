SELECT s.schemaname AS schema, s.relname AS table, s.indexrelname AS name, s.idx_scan AS scans,
       s.idx_tup_read AS rows_read, s.idx_tup_fetch AS rows_fetched,
       c.relpages::bigint * current_setting('block_size')::int AS bytes
FROM pg_stat_user_indexes s JOIN pg_class c ON c.oid = s.indexrelid
WHERE s.schemaname !~ '^pg_(toast|temp)'
ORDER BY s.indexrelid
