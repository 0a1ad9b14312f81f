SELECT deployment, step, changes_digest, change_title, change::text AS change, sql, undo_sql, state,
       indexes::text AS indexes,
       -- A journal of an earlier Hone has no such columns.
       to_jsonb(l) ->> 'before' AS before,
       to_jsonb(l) ->> 'guard' AS guard,
       coalesce((to_jsonb(l) ->> 'alone')::boolean, false) AS alone,
       details, error, created_at, started_at, finished_at, undone_at, applied_by, hone_version
FROM performance_monitoring.optimization_log l
ORDER BY min(created_at) OVER (PARTITION BY deployment), deployment, step
