SELECT p.phase, p.blocks_total, p.blocks_done, p.tuples_total, p.tuples_done, p.index_relid::bigint AS index_oid
FROM pg_stat_progress_create_index p
WHERE p.pid = :pid
