SELECT s.schemaname AS schema,
       s.relname AS name,
       coalesce(s.seq_scan, 0) AS sequential_scans,
       coalesce(s.seq_tup_read, 0) AS sequential_rows_read,
       coalesce(s.idx_scan, 0) AS index_scans,
       coalesce(s.idx_tup_fetch, 0) AS index_rows_fetched,
       s.n_tup_ins AS rows_inserted,
       s.n_tup_upd AS rows_updated,
       s.n_tup_hot_upd AS rows_hot_updated,
       s.n_tup_del AS rows_deleted,
       s.n_live_tup AS live_rows,
       s.n_dead_tup AS dead_rows,
       s.n_mod_since_analyze AS modified_since_analyze,
       greatest(s.last_vacuum, s.last_autovacuum) AS last_vacuum,
       greatest(s.last_analyze, s.last_autoanalyze) AS last_analyze,
       coalesce(i.heap_blks_read, 0) + coalesce(i.idx_blks_read, 0) AS blocks_read,
       coalesce(i.heap_blks_hit, 0) + coalesce(i.idx_blks_hit, 0) AS blocks_hit
FROM pg_stat_user_tables s JOIN pg_statio_user_tables i USING (relid)
WHERE s.schemaname !~ '^pg_(toast|temp)'
ORDER BY s.relid
