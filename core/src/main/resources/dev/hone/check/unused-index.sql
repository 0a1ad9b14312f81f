-- title: Unused index
-- severity: warning
-- category: indexes
-- why: Every insert, and every update that is not HOT, also writes the index; it takes space, cache, backup and replication,
--   and gives nothing back.
-- remedy: Make sure that no standby and no rare job (end of month, end of year) uses it, then drop it without blocking; the undo
--   builds it again.
WITH span AS (
    -- A reset time of null does not mean never: a crash wipes the counters. The oldest instant that they still
    -- remember is a lower bound of their age.
    SELECT d.stats_reset,
           coalesce(d.stats_reset, (
               SELECT min(least(s.last_vacuum, s.last_autovacuum, s.last_analyze, s.last_autoanalyze))
               FROM pg_stat_all_tables s)) AS since
    FROM pg_stat_database d WHERE d.datname = current_database()
), partitions AS (
    -- Not pg_partition_tree, which waits for locks.
    SELECT pg_partition_root(l.oid) AS root,
           sum(pg_stat_get_numscans(l.oid)) AS scans,
           sum(l.relpages)::bigint * current_setting('block_size')::bigint AS size_bytes
    FROM pg_class l WHERE l.relkind = 'i' AND l.relispartition
    GROUP BY 1
), candidates AS (
    SELECT i.indexrelid, i.indrelid, i.indexprs, i.indkey, i.indnkeyatts, x.relname, x.relnamespace, x.relkind,
           coalesce(p.scans, pg_stat_get_numscans(i.indexrelid)) AS scans,
           coalesce(p.size_bytes, x.relpages::bigint * current_setting('block_size')::bigint) AS size_bytes
    FROM pg_index i
    JOIN pg_class x ON x.oid = i.indexrelid
    LEFT JOIN partitions p ON p.root = i.indexrelid
    WHERE i.indrelid >= 16384
      AND x.relkind IN ('i', 'I') AND NOT x.relispartition AND x.relpersistence <> 't'
      AND (x.relkind = 'I' OR pg_stat_get_numscans(i.indexrelid) = 0)
      AND i.indisvalid AND i.indisready
      AND NOT (i.indisunique OR i.indisexclusion OR i.indisreplident OR i.indisclustered)
      AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
      AND NOT EXISTS (SELECT FROM pg_depend d
                      WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid AND d.deptype = 'e')
      AND NOT EXISTS (SELECT FROM pg_namespace s WHERE s.oid = x.relnamespace AND s.nspname ~ '^pg_toast')
)
SELECT format('%I.%I', n.nspname, k.relname) AS subject,
       CASE WHEN span.since < now() - interval '7 days' THEN 'warning' ELSE 'info' END AS severity,
       format('%s on %I.%I, %s%s',
              'Not used since the counters began:',
              tn.nspname, t.relname, pg_size_pretty(k.size_bytes),
              CASE WHEN k.indexprs IS NOT NULL
                   THEN '; the planner also uses the statistics of its expression, which go with it' ELSE '' END) AS summary,
       CASE WHEN pg_is_in_recovery() THEN
                'These are the counters of a standby: look at the primary too, and drop the index there if it is unused on both.'
            ELSE nullif(concat_ws(' ',
                CASE WHEN standbys.number > 0 THEN format(
                    'This server has %s standby(s), which count their own scans: look there too, and drop it if it is unused there as well.',
                    standbys.number) END,
                CASE WHEN k.relkind = 'I' THEN
                    'The index of a partitioned table cannot be dropped CONCURRENTLY: DROP INDEX takes ACCESS EXCLUSIVE on the table'
                    || ' and its partitions, for a moment; run it with a short lock_timeout and try again.' END), '') END AS remedy,
       CASE WHEN k.relkind = 'I' AND NOT pg_is_in_recovery()
            THEN ARRAY[format('DROP INDEX %I.%I', n.nspname, k.relname)] END AS sql,
       CASE WHEN k.relkind = 'i' AND NOT pg_is_in_recovery() AND standbys.number = 0 THEN jsonb_build_object(
           'type', 'drop_index', 'schema', n.nspname, 'name', k.relname,
           'definition', pg_get_indexdef(k.indexrelid)) END AS change,
       format('%I.%I', tn.nspname, t.relname) AS table,
       k.size_bytes,
       k.scans AS index_scans,
       pg_stat_get_tuples_inserted(k.indrelid) + pg_stat_get_tuples_updated(k.indrelid)
           + pg_stat_get_tuples_deleted(k.indrelid) AS table_rows_written,
       span.stats_reset AS counters_since,
       extract(epoch FROM now() - span.since)::bigint AS counters_at_least_seconds,
       pg_get_indexdef(k.indexrelid) AS definition
FROM candidates k
JOIN pg_namespace n ON n.oid = k.relnamespace
JOIN pg_class t ON t.oid = k.indrelid
JOIN pg_namespace tn ON tn.oid = t.relnamespace
CROSS JOIN span
CROSS JOIN (SELECT greatest((SELECT count(*) FROM pg_stat_replication r
        WHERE r.application_name NOT IN ('pg_basebackup', 'pg_receivewal')
          AND NOT EXISTS (SELECT FROM pg_replication_slots s WHERE s.active_pid = r.pid AND s.slot_type = 'logical')),
                            (SELECT count(*) FROM pg_replication_slots WHERE slot_type = 'physical')) AS number) standbys
WHERE k.scans = 0
  AND k.size_bytes >= 1048576
  -- One that serves a foreign key is needed when the referenced row goes, however seldom that is.
  AND NOT EXISTS (
      SELECT FROM pg_constraint c
      WHERE c.conrelid = k.indrelid AND c.contype = 'f' AND k.indnkeyatts >= cardinality(c.conkey)
        AND (k.indkey::int2[])[0 : cardinality(c.conkey) - 1] @> c.conkey
        AND (k.indkey::int2[])[0 : cardinality(c.conkey) - 1] <@ c.conkey)
ORDER BY 2 DESC, k.size_bytes DESC, 1
