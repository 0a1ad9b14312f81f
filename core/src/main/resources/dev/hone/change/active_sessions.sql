SELECT count(*) FROM pg_stat_activity a
WHERE a.state = 'active' AND a.backend_type = 'client backend' AND a.pid NOT IN (pg_backend_pid(), :worker)
