-- title: Sessions wait for a lock
-- severity: warning
-- category: sessions
-- needs: pg_read_all_stats
-- why: Whoever asks next for the same lock waits too: one forgotten transaction and one ALTER TABLE stop a whole application.
-- remedy: End the transaction that holds the lock; set lock_timeout for changes to the schema, so that they give up instead of queueing.
WITH RECURSIVE waiting AS (
    SELECT DISTINCT ON (l.pid) l.pid,
           coalesce((to_jsonb(l) ->> 'waitstart')::timestamptz, a.query_start) AS since
    FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE NOT l.granted
    ORDER BY l.pid
), edges AS (
    SELECT w.pid, w.since, b.blocker FROM waiting w CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) b(blocker)
), chains AS (
    SELECT e.blocker AS root, e.pid, e.since FROM edges e WHERE e.blocker NOT IN (SELECT pid FROM waiting)
    UNION
    SELECT c.root, e.pid, e.since FROM chains c JOIN edges e ON e.blocker = c.pid
), roots AS (
    SELECT root, count(*) AS waiters, min(since) AS since, array_agg(pid ORDER BY since, pid) AS pids FROM chains GROUP BY root
)
SELECT CASE WHEN r.root = 0 THEN 'prepared transaction' ELSE format('session %s', r.root) END AS subject,
       CASE WHEN r.since < now() - interval '5 minutes' OR r.waiters >= 20 THEN 'critical' ELSE 'warning' END AS severity,
       CASE WHEN r.root = 0 THEN format('A prepared transaction blocks %s session(s), the first since %s', r.waiters,
                to_char(r.since, 'YYYY-MM-DD HH24:MI:SS TZ'))
            ELSE format('Session %s of %s (%s), %s, blocks %s session(s), the first since %s', r.root, coalesce(a.usename, '?'),
                coalesce(nullif(a.application_name, ''), 'no application name'), coalesce(a.state, a.backend_type, '?'), r.waiters,
                to_char(r.since, 'YYYY-MM-DD HH24:MI:SS TZ')) END AS summary,
       CASE WHEN r.root = 0 THEN 'Find it in pg_prepared_xacts, and commit it or roll it back, as its other side did.' END AS remedy,
       CASE WHEN r.root <> 0 THEN ARRAY[format('SELECT pg_terminate_backend(%s)', r.root)] END AS sql,
       r.waiters AS blocked_sessions,
       r.pids AS blocked_pids,
       extract(epoch FROM now() - r.since)::bigint AS longest_wait_seconds,
       a.state AS blocker_state,
       extract(epoch FROM now() - a.xact_start)::bigint AS blocker_transaction_seconds
FROM roots r LEFT JOIN pg_stat_activity a ON a.pid = r.root
WHERE r.since < now() - interval '10 seconds'
ORDER BY r.waiters DESC, r.since
