SELECT r.application_name, r.state, pg_wal_lsn_diff(pg_current_wal_lsn(), r.replay_lsn) AS bytes_behind, r.replay_lag
FROM pg_stat_replication r
ORDER BY r.application_name
