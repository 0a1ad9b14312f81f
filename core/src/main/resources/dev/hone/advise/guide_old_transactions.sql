SELECT a.pid, a.usename AS role, a.state, date_trunc('second', clock_timestamp() - a.xact_start) AS age, left(a.query, 80) AS query
FROM pg_stat_activity a
WHERE a.xact_start < clock_timestamp() - interval '1 minute' AND a.pid <> pg_backend_pid()
ORDER BY a.xact_start
