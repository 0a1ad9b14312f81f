SELECT 'max_wal_size' AS subject,
       format('%s of %s checkpoints came because max_wal_size (%s) was used up', c.requested, c.requested + c.timed,
              current_setting('max_wal_size')) AS summary,
       c.requested AS checkpoints_requested,
       c.timed AS checkpoints_timed,
       pg_size_bytes(current_setting('max_wal_size')) AS max_wal_size_bytes,
       extract(epoch FROM current_setting('checkpoint_timeout')::interval)::bigint AS checkpoint_timeout_seconds,
       c.stats_reset AS counters_since
FROM (SELECT num_requested AS requested, num_timed AS timed, stats_reset FROM pg_stat_checkpointer) c
WHERE c.requested >= 10 AND c.requested > c.timed
