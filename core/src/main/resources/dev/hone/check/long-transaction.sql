-- title: Long transaction
-- severity: info
-- category: sessions
-- needs: pg_read_all_stats
-- why: As long as it runs, vacuum may remove nothing that it could still see, and its locks stay.
-- remedy: If it should not take that long, cancel it, and give its role a statement_timeout.
SELECT format('session %s', a.pid) AS subject,
       CASE WHEN a.xact_start < now() - interval '1 hour' THEN 'warning' ELSE 'info' END AS severity,
       format('Session %s of %s (%s) has been in one transaction since %s', a.pid, a.usename,
              coalesce(nullif(a.application_name, ''), 'no application name'),
              to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS TZ')) AS summary,
       ARRAY[format('SELECT pg_cancel_backend(%s)', a.pid)] AS sql,
       a.pid,
       a.usename AS role,
       a.application_name,
       extract(epoch FROM now() - a.xact_start)::bigint AS age_seconds,
       a.wait_event_type,
       a.wait_event,
       -- Statements that set a password stay unsaid.
       CASE WHEN a.query !~* 'password' THEN left(a.query, 200) END AS query_start
FROM pg_stat_activity a
WHERE a.datname = current_database()
  AND a.backend_type = 'client backend'
  AND a.pid <> pg_backend_pid()
  AND a.state NOT LIKE 'idle%'
  AND a.xact_start < now() - interval '5 minutes'
  AND a.pid NOT IN (SELECT v.pid FROM pg_stat_progress_vacuum v UNION ALL SELECT i.pid FROM pg_stat_progress_create_index i)
ORDER BY a.xact_start
