-- Slots that nobody is connected to, and what the server keeps for them.
SELECT s.slot_name AS name, pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn)::bigint AS bytes
FROM pg_replication_slots s
WHERE NOT s.active AND NOT s.temporary AND s.restart_lsn IS NOT NULL AND s.wal_status IS DISTINCT FROM 'lost'
ORDER BY s.slot_name
