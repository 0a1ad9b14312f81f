SELECT w.pid, w.usename AS role, date_trunc('second', clock_timestamp() - w.query_start) AS for_time,
       pg_blocking_pids(w.pid) AS blocked_by, left(w.query, 80) AS query
FROM pg_stat_activity w
WHERE cardinality(pg_blocking_pids(w.pid)) > 0
ORDER BY w.query_start
