SELECT s.slot_name, s.active, pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn)) AS wal_kept
FROM pg_replication_slots s
ORDER BY s.slot_name
