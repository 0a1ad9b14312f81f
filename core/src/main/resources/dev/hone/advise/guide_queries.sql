SELECT s.queryid, s.calls, round(s.mean_exec_time::numeric, 2) AS mean_ms, round(s.max_exec_time::numeric, 2) AS max_ms,
       left(s.query, 80) AS query
FROM pg_stat_statements s
JOIN pg_database d ON d.oid = s.dbid AND d.datname = current_database()
ORDER BY s.total_exec_time DESC
LIMIT 20
