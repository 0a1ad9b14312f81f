-- title: Session idle in a transaction
-- severity: info
-- category: sessions
-- needs: pg_read_all_stats
-- why: It does nothing, yet keeps its locks and its snapshot: others wait, vacuum waits, and a connection is taken.
-- remedy: Let the application commit before it does anything else (a call over the network, a wait for a person); set
--   idle_in_transaction_session_timeout as a net.
SELECT format('session %s', a.pid) AS subject,
       CASE WHEN a.state_change < now() - interval '5 minutes' THEN 'warning' ELSE 'info' END AS severity,
       format('Session %s of %s (%s) has done nothing since %s, with a transaction open since %s', a.pid, a.usename,
              coalesce(nullif(a.application_name, ''), 'no application name'),
              to_char(a.state_change, 'YYYY-MM-DD HH24:MI:SS TZ'), to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS TZ')) AS summary,
       ARRAY[format('SELECT pg_terminate_backend(%s)', a.pid)] AS sql,
       a.pid,
       a.usename AS role,
       a.application_name,
       a.state,
       extract(epoch FROM now() - a.state_change)::bigint AS idle_seconds,
       extract(epoch FROM now() - a.xact_start)::bigint AS transaction_seconds,
       (SELECT count(*) FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'relation') AS relation_locks,
       -- Statements that set a password stay unsaid.
       CASE WHEN a.query !~* 'password' THEN left(a.query, 200) END AS last_query_start
FROM pg_stat_activity a
WHERE a.datname = current_database()
  AND a.state LIKE 'idle in transaction%'
  AND a.state_change < now() - interval '1 minute'
ORDER BY a.state_change
