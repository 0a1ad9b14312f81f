SELECT l.pid,
       'process ' || l.pid
         || coalesce(' of role ' || a.usename, '')
         || coalesce(' from ' || host(a.client_addr), '')
         || coalesce(', ' || nullif(a.application_name, ''), '')
         || coalesce(', connected since ' || date_trunc('second', a.backend_start)::text, '') AS who,
       coalesce(left(a.query, 200), '') AS query,
       coalesce(a.state = 'active', false) AS active
FROM pg_locks l
LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
  AND l.classid::bigint = :class AND l.objid::bigint = :object
  AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
