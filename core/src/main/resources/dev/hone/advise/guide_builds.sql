SELECT p.pid, p.relid::regclass AS on_table, p.phase,
       round(100.0 * p.blocks_done / nullif(p.blocks_total, 0), 1) AS percent_of_blocks,
       nullif(p.current_locker_pid, 0) AS waits_for
FROM pg_stat_progress_create_index p
WHERE p.datname = current_database()
