-- title: Sorts and hashes spill to disk
-- severity: warning
-- category: memory
-- why: A sort or hash that does not fit in work_mem is written to temporary files and read again, which is many times slower.
-- remedy: Find the queries (pg_stat_statements.temp_blks_written, log_temp_files), give them an index that sorts, or raise work_mem for
--   their role or session; raising it for everybody multiplies by the number of sorts that run at once.
WITH counted AS (
    SELECT d.*, CASE WHEN d.stats_reset IS NOT NULL
                     THEN greatest(extract(epoch FROM now() - d.stats_reset)::numeric / 3600, 1) END AS hours
    FROM pg_stat_database d WHERE d.datname = current_database()
)
SELECT format('%I', c.datname) AS subject,
       CASE WHEN c.hours IS NULL THEN 'info' ELSE 'warning' END AS severity,
       format('%s temporary files, %s in all%s; work_mem is %s', to_char(c.temp_files, 'FM999,999,999,999'),
              pg_size_pretty(c.temp_bytes),
              CASE WHEN c.hours IS NULL THEN ' over an unknown time'
                   ELSE format(', %s an hour', pg_size_pretty((c.temp_bytes / c.hours)::bigint)) END,
              current_setting('work_mem')) AS summary,
       c.temp_files,
       c.temp_bytes,
       (c.temp_bytes / nullif(c.temp_files, 0))::bigint AS average_file_bytes,
       round(c.temp_bytes / c.hours) AS temp_bytes_per_hour,
       pg_size_bytes(current_setting('work_mem')) AS work_mem_bytes,
       c.stats_reset AS counters_since
FROM counted c
WHERE c.temp_bytes / coalesce(c.hours, 1) >= 100 * 1048576
