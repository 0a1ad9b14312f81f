SELECT s.slot_name, s.active, pg_wal_lsn_diff(pg_current_wal_lsn(), s.confirmed_flush_lsn) AS bytes_behind
FROM pg_replication_slots s
WHERE s.slot_type = 'logical'
