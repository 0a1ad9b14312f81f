-- title: Connections near the limit
-- severity: warning
-- category: sessions
-- needs: pg_read_all_stats
-- why: When the last connection is taken, every further client gets an error, and people reach for the reserved ones.
-- remedy: Put a pool in front (PgBouncer, or the application's own with fewer connections); raising max_connections costs memory for
--   each and rarely makes anything faster.
SELECT 'max_connections' AS subject,
       CASE WHEN u.used >= 0.95 * u.usable THEN 'critical' ELSE 'warning' END AS severity,
       format('%s of %s connections are taken', u.used, u.usable) AS summary,
       u.used AS connections_used,
       u.usable AS connections_usable
FROM (
    SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
           current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
               - coalesce(current_setting('reserved_connections', true)::int, 0) AS usable) u
WHERE u.used >= 0.8 * u.usable
