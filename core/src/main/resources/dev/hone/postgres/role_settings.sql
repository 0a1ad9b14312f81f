-- Of the planner's settings only: others may hold a secret.
SELECT r.rolname AS role,
       s.setdatabase <> 0 AS database,
       g.name AS name,
       substr(c.item, strpos(c.item, '=') + 1) AS value
FROM pg_db_role_setting s
LEFT JOIN pg_roles r ON r.oid = s.setrole
CROSS JOIN LATERAL unnest(s.setconfig) c(item)
JOIN pg_settings g ON lower(g.name) = lower(split_part(c.item, '=', 1))
WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
  AND (s.setrole = 0 OR r.oid IS NOT NULL)
  AND (g.category LIKE 'Query Tuning%'
       OR g.name IN ('work_mem', 'hash_mem_multiplier', 'effective_io_concurrency', 'max_parallel_workers_per_gather',
                     'max_parallel_workers', 'parallel_leader_participation', 'temp_buffers', 'search_path', 'TimeZone',
                     'DateStyle', 'IntervalStyle'))
ORDER BY 1, 2, 3
