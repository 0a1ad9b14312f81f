-- Who holds a lock on one of these tables that a build, or any other change, would wait for. Autovacuum gives way by itself.
-- Nothing here may wait for such a lock itself, as pg_partition_tree would.
WITH RECURSIVE touched AS (
    SELECT coalesce(i.indrelid, c.oid) AS oid
    FROM unnest(CAST(:schemas AS text[]), CAST(:names AS text[])) AS t(schema, name)
    JOIN pg_namespace n ON n.nspname = t.schema
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.name
    LEFT JOIN pg_index i ON i.indexrelid = c.oid
    UNION
    SELECT h.inhrelid FROM touched JOIN pg_inherits h ON h.inhparent = touched.oid
)
SELECT format('%I.%I', n.nspname, c.relname) AS table_name,
       'process ' || l.pid
         || coalesce(' of role ' || a.usename, '')
         || coalesce(', ' || a.state, '')
         || coalesce(', its transaction is '
              || date_trunc('second', greatest(clock_timestamp() - a.xact_start, interval '0'))::text || ' old', '')
         || ', holds ' || string_agg(l.mode, ' and ' ORDER BY l.mode)
         || coalesce(': ' || left(regexp_replace(a.query, '\s+', ' ', 'g'), 80), '') AS who
FROM pg_locks l
JOIN touched ON touched.oid = l.relation
JOIN pg_class c ON c.oid = l.relation
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
  AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
  AND l.mode IN ('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
  AND a.backend_type IS DISTINCT FROM 'autovacuum worker'
GROUP BY n.nspname, c.relname, l.pid, a.usename, a.state, a.xact_start, a.query
ORDER BY l.pid
LIMIT 10
