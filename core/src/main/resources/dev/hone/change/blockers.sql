-- Whom a process waits for. A prepared transaction shows as process 0.
SELECT b.pid,
       CASE WHEN b.pid = 0 THEN 'a prepared transaction (see pg_prepared_xacts)'
            ELSE 'process ' || b.pid
                 || coalesce(' of role ' || a.usename, '')
                 || coalesce(', ' || a.state, '')
                 || coalesce(', its transaction is '
                      || date_trunc('second', greatest(clock_timestamp() - a.xact_start, interval '0'))::text || ' old', '')
                 || coalesce(', query of ' || date_trunc('second', a.query_start)::text || ': '
                      || left(regexp_replace(a.query, '\s+', ' ', 'g'), 80), '') END AS who
FROM (SELECT unnest(pg_blocking_pids(:pid)) AS pid
      UNION
      SELECT p.current_locker_pid::int FROM pg_stat_progress_create_index p
      WHERE p.pid = :pid AND p.current_locker_pid > 0
        AND EXISTS (SELECT FROM pg_stat_activity w WHERE w.pid = :pid AND w.wait_event_type = 'Lock')) AS b
LEFT JOIN pg_stat_activity a ON a.pid = b.pid
ORDER BY b.pid
LIMIT 5
