-- Who receives the log. A base backup is no replica.
SELECT 'replica ' || quote_literal(r.application_name)
         || ' (process ' || r.pid || coalesce(', ' || host(r.client_addr), '') || ')' AS who,
       r.state, r.sync_state,
       pg_wal_lsn_diff(pg_current_wal_lsn(), r.replay_lsn)::bigint AS bytes,
       extract(epoch FROM r.replay_lag)::float8 AS seconds
FROM pg_stat_replication r
WHERE r.state IS DISTINCT FROM 'backup'
ORDER BY r.pid
