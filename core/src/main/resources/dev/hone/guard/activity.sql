SELECT d.xact_commit AS commits, d.xact_rollback AS rollbacks, d.deadlocks,
       (SELECT count(*) FROM pg_stat_activity a WHERE a.backend_type = 'client backend') AS connections,
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS most
FROM pg_stat_database d
WHERE d.datname = current_database()
