-- title: Dead rows that vacuum does not keep up with
-- severity: warning
-- category: vacuum
-- why: Dead rows are read and skipped by every scan, fill pages and cache, and make tables and indexes grow for good.
-- remedy: Find what stops vacuum (an old transaction, see xmin-horizon; a lock; autovacuum off), then vacuum the table once; it
--   blocks neither reads nor writes. If it comes back, lower autovacuum_vacuum_scale_factor for this table.
WITH options AS (
    SELECT current_setting('autovacuum')::boolean AND current_setting('track_counts')::boolean AS running,
           current_setting('autovacuum_vacuum_threshold')::numeric AS threshold,
           current_setting('autovacuum_vacuum_scale_factor')::numeric AS scale_factor,
           current_setting('autovacuum_vacuum_max_threshold', true)::numeric AS max_threshold
), judged AS (
    SELECT c.oid,
           pg_stat_get_dead_tuples(c.oid) AS dead,
           greatest(pg_stat_get_live_tuples(c.oid), c.reltuples::bigint, 0) AS live,
           greatest(pg_stat_get_last_vacuum_time(c.oid), pg_stat_get_last_autovacuum_time(c.oid)) AS vacuumed,
           least(coalesce(r.threshold, o.threshold)
                     + coalesce(r.scale_factor, o.scale_factor) * greatest(c.reltuples, 0)::numeric,
                 CASE WHEN coalesce(r.max_threshold, o.max_threshold) >= 0
                      THEN coalesce(r.max_threshold, o.max_threshold) END) AS due,
           o.running AND coalesce(r.enabled, true) AS automatic,
           c.relpages::bigint * current_setting('block_size')::bigint AS size_bytes
    FROM pg_class c
    CROSS JOIN options o
    LEFT JOIN LATERAL (
        SELECT max(option_value) FILTER (WHERE option_name = 'autovacuum_vacuum_threshold')::numeric AS threshold,
               max(option_value) FILTER (WHERE option_name = 'autovacuum_vacuum_scale_factor')::numeric AS scale_factor,
               max(option_value) FILTER (WHERE option_name = 'autovacuum_vacuum_max_threshold')::numeric AS max_threshold,
               bool_and(option_value::boolean) FILTER (WHERE option_name = 'autovacuum_enabled') AS enabled
        FROM pg_options_to_table(c.reloptions)
        WHERE option_name IN ('autovacuum_vacuum_threshold', 'autovacuum_vacuum_scale_factor',
                              'autovacuum_vacuum_max_threshold', 'autovacuum_enabled')
    ) r ON c.reloptions IS NOT NULL
    WHERE c.relkind IN ('r', 'm') AND c.oid >= 16384 AND c.relpersistence <> 't'
      AND pg_stat_get_dead_tuples(c.oid) >= 10000
), grouped AS (
    SELECT coalesce(pg_partition_root(j.oid), j.oid) AS root,
           count(*) AS members, sum(j.dead) AS dead, sum(j.live) AS live, sum(j.due) AS due, max(j.vacuumed) AS vacuumed,
           bool_and(j.automatic) AS automatic, sum(j.size_bytes) AS size_bytes,
           array_agg(j.oid ORDER BY j.dead DESC) AS oids
    FROM judged j
    WHERE j.dead > CASE WHEN j.automatic THEN 2 ELSE 1 END * j.due
    GROUP BY 1
)
SELECT format('%I.%I', n.nspname, c.relname) AS subject,
       format('%s dead rows%s, %s times what sets autovacuum to work%s',
              to_char(g.dead, 'FM999,999,999,999,999'),
              CASE WHEN c.relkind = 'p' THEN format(' in %s of its partitions', g.members) ELSE '' END,
              round(g.dead / g.due, 1),
              CASE WHEN g.automatic THEN '' ELSE '; autovacuum is off for it' END) AS summary,
       ARRAY(SELECT format('VACUUM (ANALYZE) %I.%I', ln.nspname, l.relname)
             FROM unnest(g.oids) WITH ORDINALITY u(oid, place)
             JOIN pg_class l ON l.oid = u.oid JOIN pg_namespace ln ON ln.oid = l.relnamespace
             ORDER BY u.place) AS sql,
       g.dead AS dead_rows,
       g.live AS live_rows,
       round(g.due) AS autovacuum_threshold_rows,
       g.vacuumed AS last_vacuumed,
       CASE WHEN c.relkind = 'p' THEN g.members END AS partitions,
       g.automatic AS autovacuum_enabled,
       g.size_bytes
FROM grouped g
JOIN pg_class c ON c.oid = g.root
JOIN pg_namespace n ON n.oid = c.relnamespace
ORDER BY g.dead DESC, 1
