SELECT count(*) FILTER (WHERE a.state = 'active') AS active, count(*) AS sessions,
       current_setting('max_connections')::int AS at_most
FROM pg_stat_activity a
WHERE a.backend_type = 'client backend'
