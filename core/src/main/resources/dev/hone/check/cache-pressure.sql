-- title: The cache does not hold what is read
-- severity: info
-- category: memory
-- why: A page that is not in shared_buffers is read from the operating system, and from the disk if it is not cached there either.
-- remedy: First look for queries that read more than they need (missing-index); then raise shared_buffers, usually to a quarter of the
--   memory. A low ratio alone proves nothing: the operating system caches too.
WITH sizes AS (
    SELECT (SELECT sum(relpages)::bigint FROM pg_class WHERE relkind IN ('r', 'm', 'i', 't'))
               * current_setting('block_size')::bigint AS data_bytes,
           pg_size_bytes(current_setting('shared_buffers')) AS buffer_bytes
)
SELECT format('%I', d.datname) AS subject,
       format('%s %% of the page reads were not answered by shared_buffers (%s), and the data (%s) does not fit in it',
              round(100.0 * d.blks_read / (d.blks_read + d.blks_hit), 1), current_setting('shared_buffers'),
              pg_size_pretty(s.data_bytes)) AS summary,
       d.blks_read * current_setting('block_size')::bigint AS read_bytes,
       d.blks_hit * current_setting('block_size')::bigint AS hit_bytes,
       round(d.blks_hit::numeric / (d.blks_read + d.blks_hit), 4) AS hit_share,
       s.data_bytes,
       s.buffer_bytes AS shared_buffers_bytes,
       d.stats_reset AS counters_since
FROM pg_stat_database d CROSS JOIN sizes s
WHERE d.datname = current_database()
  AND d.blks_read > 0
  -- More than filling the cache ten times over: what a start or a first load reads is no sign.
  AND d.blks_read * current_setting('block_size')::bigint >= 10 * s.buffer_bytes
  AND d.blks_hit < 0.95 * (d.blks_read + d.blks_hit)
  AND s.data_bytes > s.buffer_bytes
