-- title: Checkpoints forced by the volume of writes
-- severity: warning
-- category: settings
-- why: A checkpoint that comes early writes the same pages again and again, and every page goes into the log whole after each one.
-- remedy: Raise max_wal_size until most checkpoints come by time; a recovery after a crash takes longer, and the disk must hold it.
SELECT 'max_wal_size' AS subject,
       format('%s of %s checkpoints came because max_wal_size (%s) was used up', c.requested, c.requested + c.timed,
              current_setting('max_wal_size')) AS summary,
       c.requested AS checkpoints_requested,
       c.timed AS checkpoints_timed,
       pg_size_bytes(current_setting('max_wal_size')) AS max_wal_size_bytes,
       extract(epoch FROM current_setting('checkpoint_timeout')::interval)::bigint AS checkpoint_timeout_seconds,
       c.stats_reset AS counters_since
FROM (SELECT checkpoints_req AS requested, checkpoints_timed AS timed, stats_reset FROM pg_stat_bgwriter) c
WHERE c.requested >= 10 AND c.requested > c.timed
