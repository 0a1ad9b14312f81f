CREATE OR REPLACE VIEW performance_monitoring.change_summary AS
SELECT l.deployment, l.step, l.change_title AS change, l.change ->> 'type' AS kind, l.state, l.applied_by,
       l.started_at, l.finished_at, l.finished_at - l.started_at AS took, l.undone_at,
       cardinality(l.undo_sql) > 0 AS has_undo,
       (SELECT pg_relation_size(c.oid) FROM pg_class c WHERE c.oid = l.index_oid) AS index_bytes,
       coalesce(l.error, l.details) AS remark
FROM performance_monitoring.optimization_log l
ORDER BY l.created_at, l.deployment, l.step;
COMMENT ON VIEW performance_monitoring.change_summary IS 'What Hone changed in this database: one row a step';

CREATE OR REPLACE VIEW performance_monitoring.test_run_summary AS
SELECT t.name AS test_run, t.started_at, max(r.measured_at) AS last_at, t.started_by,
       count(*) AS queries,
       count(*) FILTER (WHERE r.met) AS met,
       count(*) FILTER (WHERE NOT r.met) AS missed,
       CASE WHEN bool_or(NOT r.met) THEN 'fail' WHEN bool_or(r.met) THEN 'pass' ELSE 'no target' END AS verdict,
       sum(r.median_ms) AS sum_of_medians_ms,
       max(r.p95_ms) AS worst_p95_ms,
       (array_agg(r.query ORDER BY r.p95_ms DESC))[1] AS worst_query,
       (SELECT l.deployment FROM performance_monitoring.optimization_log l
        WHERE l.state = 'applied' AND l.finished_at < t.started_at ORDER BY l.finished_at DESC LIMIT 1) AS after_deployment
FROM performance_monitoring.test_run t
JOIN LATERAL (
    SELECT DISTINCT ON (b.query) b.* FROM performance_monitoring.benchmark_result b
    WHERE b.test_run = t.name ORDER BY b.query, b.measured_at DESC
) AS r ON true
GROUP BY t.name
ORDER BY t.started_at;
COMMENT ON VIEW performance_monitoring.test_run_summary IS
    'Each test run with the last result of each of its queries: how many met their target, and the slowest';

CREATE OR REPLACE VIEW performance_monitoring.deployment_effect AS
SELECT d.deployment, d.changes, b.query, b.test_run AS before_run, a.test_run AS after_run,
       b.median_ms AS before_ms, a.median_ms AS after_ms, a.median_ms / nullif(b.median_ms, 0) AS ratio,
       b.top_node AS before_node, a.top_node AS after_node
FROM (
    SELECT l.deployment, count(*) AS changes, min(l.started_at) AS began, max(l.finished_at) AS ended, min(l.undone_at) AS undone
    FROM performance_monitoring.optimization_log l
    WHERE l.state IN ('applied', 'undoing', 'undone')
    GROUP BY l.deployment
) AS d
JOIN LATERAL (
    SELECT DISTINCT ON (r.query) r.* FROM performance_monitoring.benchmark_result r
    WHERE r.measured_at < d.began ORDER BY r.query, r.measured_at DESC
) AS b ON true
JOIN LATERAL (
    SELECT r.* FROM performance_monitoring.benchmark_result r
    WHERE r.query = b.query AND r.measured_at > d.ended AND (d.undone IS NULL OR r.measured_at < d.undone)
    ORDER BY r.measured_at DESC LIMIT 1
) AS a ON true
ORDER BY d.began, ratio;
COMMENT ON VIEW performance_monitoring.deployment_effect IS
    'For each deployment the queries that were benchmarked before and after it: the last result on either side';
