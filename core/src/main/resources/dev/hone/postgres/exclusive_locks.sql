SELECT format('%s by process %s (%s, %s, since %s)', string_agg(DISTINCT l.relation::regclass::text, ', '), l.pid,
              coalesce(nullif(a.application_name, ''), 'no application name'), coalesce(a.state, 'state hidden'),
              coalesce(to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS OF'), 'unknown')) AS holder
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
GROUP BY l.pid, a.application_name, a.state, a.xact_start
