-- title: Hot sequential scans: an index is probably missing
-- severity: warning
-- category: indexes
-- why: Every such query reads the whole table to find a few rows: its time grows with the table, and it pushes the pages
--   that other queries need out of the cache.
-- remedy: Run `hone advise` with the workload: it works out which index serves the queries that scan this table.
WITH counters AS (
    SELECT coalesce(pg_partition_root(s.relid), s.relid) AS root,
           sum(s.seq_scan) AS scans,
           sum(s.seq_tup_read) AS scan_rows,
           sum(coalesce(s.idx_scan, 0)) AS index_scans,
           sum(coalesce(s.idx_tup_fetch, 0)) AS index_rows,
           sum(c.relpages)::bigint * current_setting('block_size')::bigint AS size_bytes
    FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
    GROUP BY 1
), total AS (
    SELECT nullif(sum(scan_rows + index_rows), 0) AS row_count FROM counters
), span AS (
    SELECT stats_reset, extract(epoch FROM now() - stats_reset)::numeric / 3600 AS hours
    FROM pg_stat_database WHERE datname = current_database()
)
SELECT format('%I.%I', n.nspname, c.relname) AS subject,
       format('%s sequential scans read %s rows each: %s %% of all rows read in this database',
              to_char(k.scans, 'FM999,999,999,999,999'),
              to_char(k.scan_rows / k.scans, 'FM999,999,999,999,999'),
              round(100 * k.scan_rows / t.row_count)) AS summary,
       k.scans AS sequential_scans,
       round(k.scan_rows / k.scans) AS rows_per_scan,
       round(k.scan_rows / t.row_count, 4) AS share_of_rows_read,
       k.index_scans,
       k.size_bytes,
       span.stats_reset AS counters_since
FROM counters k
JOIN pg_class c ON c.oid = k.root
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN total t
CROSS JOIN span
WHERE k.scans >= 50
  AND k.scan_rows / k.scans >= 10000
  AND k.scan_rows / t.row_count >= 0.05
  AND (span.hours IS NULL OR k.scans >= span.hours)
ORDER BY k.scan_rows DESC
