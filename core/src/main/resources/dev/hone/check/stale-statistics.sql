-- title: Stale planner statistics
-- severity: warning
-- category: statistics
-- why: The planner chooses plans by what ANALYZE last saw. When the data has moved on it picks wrong joins and wrong indexes,
--   sometimes by a factor of a thousand.
-- remedy: Analyze the table now; it samples without blocking reads or writes. If it comes back, lower
--   autovacuum_analyze_scale_factor for this table.
WITH options AS (
    SELECT current_setting('autovacuum')::boolean AND current_setting('track_counts')::boolean AS running,
           current_setting('autovacuum_analyze_threshold')::numeric AS threshold,
           current_setting('autovacuum_analyze_scale_factor')::numeric AS scale_factor,
           current_setting('server_version_num')::int >= 140000 AS tells_never
), judged AS (
    SELECT c.oid, c.relkind, c.reltuples, o.tells_never,
           pg_stat_get_mod_since_analyze(c.oid) AS modified,
           pg_stat_get_live_tuples(c.oid) AS live,
           greatest(pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid)) AS analyzed,
           coalesce(r.threshold, o.threshold) + coalesce(r.scale_factor, o.scale_factor) * greatest(c.reltuples, 0)::numeric
               AS due,
           o.running AND coalesce(r.enabled, true) AS automatic
    FROM pg_class c
    CROSS JOIN options o
    LEFT JOIN LATERAL (
        SELECT max(option_value) FILTER (WHERE option_name = 'autovacuum_analyze_threshold')::numeric AS threshold,
               max(option_value) FILTER (WHERE option_name = 'autovacuum_analyze_scale_factor')::numeric AS scale_factor,
               bool_and(option_value::boolean) FILTER (WHERE option_name = 'autovacuum_enabled') AS enabled
        FROM pg_options_to_table(c.reloptions)
        WHERE option_name IN ('autovacuum_analyze_threshold', 'autovacuum_analyze_scale_factor', 'autovacuum_enabled')
    ) r ON c.reloptions IS NOT NULL
    WHERE c.relkind IN ('r', 'm') AND c.oid >= 16384 AND c.relpersistence <> 't'
), stale AS (
    SELECT j.*,
           j.analyzed IS NULL AND CASE WHEN j.tells_never THEN j.reltuples < 0 ELSE j.reltuples = 0 END AS never
    FROM judged j
    WHERE j.modified >= 1000 AND j.modified > CASE WHEN j.automatic THEN 2 ELSE 1 END * j.due
       -- The counters were wiped, by a crash for instance: only the file tells that there are rows. To ask for its
       -- size is to wait for whoever holds the table exclusively, so those are left out.
       OR CASE WHEN j.tells_never AND j.reltuples < 0 AND j.modified = 0 AND j.live = 0
                    AND j.oid NOT IN (SELECT l.relation FROM pg_locks l
                                      WHERE l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL)
               THEN pg_relation_size(j.oid) >= 8 * current_setting('block_size')::bigint END
), grouped AS (
    SELECT coalesce(pg_partition_root(s.oid), s.oid) AS root,
           count(*) AS members,
           bool_and(s.never) AS never,
           bool_and(s.automatic) AS automatic,
           max(s.analyzed) AS analyzed,
           sum(s.modified) AS modified,
           sum(s.due) AS due,
           sum(greatest(s.live, s.reltuples::bigint, 0)) AS row_count
    FROM stale s GROUP BY 1
), parents AS (
    -- Autovacuum never analyzes a partitioned table itself: its statistics over all partitions are missing until
    -- somebody does. Version 13 does not record whether anybody did.
    SELECT c.oid AS root, sum(greatest(l.reltuples, pg_stat_get_live_tuples(l.oid))) AS row_count
    FROM pg_class c
    CROSS JOIN options o
    JOIN pg_class l ON l.relispartition AND l.relkind = 'r' AND pg_partition_root(l.oid) = c.oid
    WHERE c.relkind = 'p' AND NOT c.relispartition AND o.tells_never AND c.reltuples < 0
    GROUP BY c.oid
    HAVING sum(greatest(l.reltuples, pg_stat_get_live_tuples(l.oid))) >= 1000
), found AS (
    SELECT coalesce(g.root, p.root) AS root, p.root IS NOT NULL AS parent_never, coalesce(g.members, 0) AS members,
           g.never, g.automatic, g.analyzed, coalesce(g.modified, 0) AS modified, g.due,
           coalesce(g.row_count, p.row_count) AS row_count
    FROM grouped g FULL JOIN parents p ON p.root = g.root
)
SELECT format('%I.%I', n.nspname, c.relname) AS subject,
       CASE WHEN f.members = 0 THEN
                'The partitioned table itself was never analyzed: the planner knows its partitions, but nothing of them together'
            WHEN c.relkind = 'p' THEN format('%s of its partitions changed by %s rows since they were last analyzed%s', f.members,
                to_char(f.modified, 'FM999,999,999,999,999'),
                CASE WHEN f.parent_never THEN '; the partitioned table itself never was' ELSE '' END)
            WHEN f.never THEN 'It was never analyzed: the planner guesses'
            WHEN f.modified = 0 THEN 'It was never analyzed: the planner guesses'
            ELSE format('%s rows changed since it was last analyzed, of about %s', to_char(f.modified, 'FM999,999,999,999,999'),
                        to_char(f.row_count, 'FM999,999,999,999,999')) END
       || CASE WHEN f.automatic IS FALSE THEN '; autovacuum is off for it' ELSE '' END AS summary,
       jsonb_build_object('type', 'analyze', 'schema', n.nspname, 'table', c.relname) AS change,
       f.modified AS rows_modified_since_analyze,
       round(f.due) AS autovacuum_threshold_rows,
       f.row_count::bigint AS row_count,
       f.analyzed AS last_analyzed,
       CASE WHEN c.relkind = 'p' THEN f.members END AS stale_partitions,
       f.automatic AS autovacuum_enabled
FROM found f
JOIN pg_class c ON c.oid = f.root
JOIN pg_namespace n ON n.oid = c.relnamespace
ORDER BY f.row_count DESC NULLS LAST, 1
