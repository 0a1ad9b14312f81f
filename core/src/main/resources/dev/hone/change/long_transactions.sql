SELECT 'process ' || a.pid || coalesce(' of role ' || a.usename, '') || ', ' || coalesce(a.state, 'state not visible')
         || ', its transaction is ' || date_trunc('second', clock_timestamp() - a.xact_start)::text || ' old: '
         || left(regexp_replace(coalesce(a.query, ''), '\s+', ' ', 'g'), 120) AS who
FROM pg_stat_activity a
WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
  AND a.backend_type = 'client backend'
  AND clock_timestamp() - a.xact_start > make_interval(secs => :seconds)
ORDER BY a.xact_start
LIMIT 10
