SELECT coalesce(t.seq_scan, 0)::bigint AS sequential_scans,
       coalesce(t.seq_tup_read, 0)::bigint AS sequential_rows_read,
       coalesce(t.idx_scan, 0)::bigint AS index_scans,
       d.xact_commit AS commits,
       d.xact_rollback AS rollbacks,
       d.blks_read AS blocks_read,
       d.blks_hit AS blocks_hit,
       d.temp_bytes,
       coalesce(t.autovacuum_count, 0)::bigint AS autovacuums,
       b.checkpoints_timed + b.checkpoints_req AS checkpoints,
       coalesce(s.table_bytes, 0)::bigint AS table_bytes,
       coalesce(s.index_bytes, 0)::bigint AS index_bytes
  FROM pg_stat_database AS d
 CROSS JOIN pg_stat_bgwriter AS b
 CROSS JOIN (SELECT sum(seq_scan) AS seq_scan, sum(seq_tup_read) AS seq_tup_read, sum(idx_scan) AS idx_scan,
                    sum(autovacuum_count) AS autovacuum_count
               FROM pg_stat_user_tables) AS t
 CROSS JOIN (SELECT sum(pg_table_size(c.oid)) FILTER (WHERE c.relkind IN ('r', 'm')) AS table_bytes,
                    sum(pg_relation_size(c.oid)) FILTER (WHERE c.relkind = 'i') AS index_bytes
               FROM pg_class AS c
               JOIN pg_namespace AS n ON n.oid = c.relnamespace
              WHERE c.relkind IN ('r', 'm', 'i')
                AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
                AND c.relpersistence <> 't') AS s
 WHERE d.datname = current_database()
