-- title: Replication slot that nobody reads
-- severity: warning
-- category: limits
-- why: The server keeps every segment of the log that the slot's reader has not taken; in the end the disk is full and the server stops.
-- remedy: Start its reader again. If it is gone for good, drop the slot; max_slot_wal_keep_size is a net.
SELECT format('%I', s.slot_name) AS subject,
       CASE WHEN s.wal_status IN ('unreserved', 'lost') OR k.kept >= 10 * pg_size_bytes(current_setting('max_wal_size'))
            THEN 'critical' ELSE 'warning' END AS severity,
       format('Nobody reads %s slot %I; the server keeps %s of log for it%s', s.slot_type, s.slot_name,
              coalesce(pg_size_pretty(k.kept), 'an unknown amount'),
              CASE WHEN s.wal_status = 'lost' THEN '; what it needs is already gone' ELSE '' END) AS summary,
       ARRAY[format('SELECT pg_drop_replication_slot(%L)', s.slot_name)] AS sql,
       s.slot_type,
       s.database,
       s.wal_status,
       k.kept AS kept_bytes
FROM pg_replication_slots s
CROSS JOIN LATERAL (
    SELECT pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
                           s.restart_lsn)::bigint AS kept) k
WHERE NOT s.active AND NOT s.temporary
  AND (k.kept >= pg_size_bytes(current_setting('max_wal_size')) OR s.wal_status IN ('unreserved', 'lost'))
ORDER BY k.kept DESC NULLS LAST, 1
