-- title: Redundant index
-- severity: info
-- category: indexes
-- why: Another index of the same table begins with the same columns and can answer every query that this one answers; both
--   are written by every insert.
-- remedy: Drop the shorter index without blocking. It may be smaller and so a little faster to read: `hone advise` weighs
--   that against its writes when it has a workload.
WITH btrees AS (
    SELECT i.indexrelid, i.indrelid, i.indisunique, i.indimmediate, i.indisprimary, i.indisreplident, i.indisclustered,
           i.indnkeyatts, i.indnatts, i.indkey, i.indexprs, x.relname, x.relnamespace, x.relkind,
           x.relpages::bigint * current_setting('block_size')::bigint AS size_bytes,
           to_jsonb(i) ->> 'indnullsnotdistinct' AS nulls,
           CASE WHEN i.indpred IS NULL THEN '' ELSE pg_get_expr(i.indpred, i.indrelid) END AS predicate,
           EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid) AS backs_constraint,
           ARRAY(SELECT concat_ws(' ',
                            CASE WHEN i.indkey[k] = 0 THEN pg_get_indexdef(i.indexrelid, k + 1, false)
                                 ELSE i.indkey[k]::text END,
                            i.indclass[k], i.indcollation[k], i.indoption[k])
                 FROM generate_series(0, i.indnkeyatts - 1) k ORDER BY k) AS keys
    FROM pg_index i
    JOIN pg_class x ON x.oid = i.indexrelid
    JOIN pg_am a ON a.oid = x.relam AND a.amname = 'btree'
    WHERE i.indrelid >= 16384 AND i.indisvalid AND x.relkind IN ('i', 'I') AND NOT x.relispartition
      AND x.relpersistence <> 't' AND NOT i.indisexclusion
      AND EXISTS (SELECT FROM pg_class t WHERE t.oid = i.indrelid AND t.relkind IN ('r', 'm', 'p'))
      AND EXISTS (SELECT FROM pg_index o WHERE o.indrelid = i.indrelid AND o.indexrelid <> i.indexrelid
                  AND o.indkey[0] = i.indkey[0])
), pairs AS (
    SELECT DISTINCT ON (b.indexrelid) b.*, a.indexrelid AS by_oid, a.relname AS by_name, a.relnamespace AS by_schema,
           a.size_bytes AS by_bytes
    FROM btrees b
    JOIN btrees a ON a.indrelid = b.indrelid AND a.indexrelid <> b.indexrelid
                 AND a.indkey[0] = b.indkey[0]
                 AND a.indnkeyatts >= b.indnkeyatts
                 AND a.keys[1 : b.indnkeyatts] = b.keys
                 AND a.predicate = b.predicate
                 AND (b.indkey::int2[])[b.indnkeyatts : b.indnatts - 1] <@ (a.indkey::int2[])
    WHERE NOT b.backs_constraint AND NOT b.indisreplident AND NOT b.indisclustered
      -- An index that keeps values unique yields only to one that keeps the very same values unique.
      AND (NOT b.indisunique
           OR a.indisunique AND a.indnkeyatts = b.indnkeyatts AND a.indimmediate AND a.nulls IS NOT DISTINCT FROM b.nulls)
      -- The very same index twice is a duplicate, which is another check.
      AND NOT (a.indkey = b.indkey AND a.indnkeyatts = b.indnkeyatts AND a.indisunique = b.indisunique)
      -- Of two that could replace each other (INCLUDE columns in another order), the older one stays.
      AND NOT (a.indnkeyatts = b.indnkeyatts AND a.indisunique = b.indisunique AND a.indexrelid > b.indexrelid
               AND (a.indkey::int2[]) <@ (b.indkey::int2[]))
    ORDER BY b.indexrelid, a.indnkeyatts DESC, a.indnatts DESC, a.indisunique DESC, a.indexrelid
)
SELECT format('%I.%I', n.nspname, p.relname) AS subject,
       CASE WHEN p.size_bytes >= 1048576 THEN 'warning' ELSE 'info' END AS severity,
       format('%I.%I already serves every query that %I.%I serves on %I.%I',
              an.nspname, p.by_name, n.nspname, p.relname, tn.nspname, t.relname) AS summary,
       CASE WHEN p.relkind = 'I' THEN
           'The index of a partitioned table cannot be dropped CONCURRENTLY: DROP INDEX takes ACCESS EXCLUSIVE on the table'
           || ' and its partitions, for a moment; run it with a short lock_timeout and try again.' END AS remedy,
       CASE WHEN p.relkind = 'I' THEN ARRAY[format('DROP INDEX %I.%I', n.nspname, p.relname)] END AS sql,
       CASE WHEN p.relkind = 'i' THEN jsonb_build_object(
           'type', 'drop_index', 'schema', n.nspname, 'name', p.relname,
           'definition', pg_get_indexdef(p.indexrelid)) END AS change,
       format('%I.%I', tn.nspname, t.relname) AS table,
       format('%I.%I', an.nspname, p.by_name) AS covered_by,
       p.size_bytes,
       p.by_bytes AS covered_by_size_bytes,
       pg_stat_get_numscans(p.indexrelid) AS index_scans,
       pg_get_indexdef(p.indexrelid) AS definition,
       pg_get_indexdef(p.by_oid) AS covered_by_definition
FROM pairs p
JOIN pg_namespace n ON n.oid = p.relnamespace
JOIN pg_namespace an ON an.oid = p.by_schema
JOIN pg_class t ON t.oid = p.indrelid
JOIN pg_namespace tn ON tn.oid = t.relnamespace
ORDER BY p.size_bytes DESC, 1
