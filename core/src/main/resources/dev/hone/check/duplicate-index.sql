-- title: Duplicate index
-- severity: warning
-- category: indexes
-- why: Two indexes that are the same in everything but their name cost twice the writes and twice the space, and speed up
--   nothing that one of them does not.
-- remedy: Drop the duplicate without blocking; the other serves every query that it serves.
WITH indexes AS (
    SELECT i.*, x.relname, x.relnamespace, x.relkind, x.relam, x.relpages,
           EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid) AS backs_constraint,
           to_jsonb(i) ->> 'indnullsnotdistinct' AS nulls,
           pg_get_expr(i.indexprs, i.indrelid) AS expressions,
           pg_get_expr(i.indpred, i.indrelid) AS predicate
    FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
    WHERE i.indrelid >= 16384 AND i.indisvalid AND NOT i.indisexclusion AND NOT x.relispartition
      AND x.relpersistence <> 't' AND x.relkind IN ('i', 'I')
      AND EXISTS (SELECT FROM pg_class t WHERE t.oid = i.indrelid AND t.relkind IN ('r', 'm', 'p'))
      AND EXISTS (SELECT FROM pg_index o WHERE o.indrelid = i.indrelid AND o.indexrelid <> i.indexrelid
                  AND o.indkey = i.indkey)
), ranked AS (
    SELECT i.*,
           first_value(i.indexrelid) OVER alike AS kept,
           row_number() OVER alike AS place
    FROM indexes i
    WINDOW alike AS (
        PARTITION BY i.indrelid, i.relam, i.indisunique, i.indimmediate, i.nulls, i.indnkeyatts, i.indkey::text,
                     i.indclass::text, i.indcollation::text, i.indoption::text, i.expressions, i.predicate
        ORDER BY i.indisprimary DESC, i.backs_constraint DESC, i.indisreplident DESC, i.indisclustered DESC, i.indexrelid)
)
SELECT format('%I.%I', n.nspname, r.relname) AS subject,
       format('%I.%I is the same as %I.%I on %I.%I', n.nspname, r.relname, kn.nspname, k.relname, tn.nspname, t.relname)
           AS summary,
       CASE WHEN r.backs_constraint THEN
                'Both indexes back a constraint: drop the constraint that nothing refers to; its index goes with it.'
            WHEN r.relkind = 'I' THEN
                'The index of a partitioned table cannot be dropped CONCURRENTLY: DROP INDEX takes ACCESS EXCLUSIVE on the table'
                || ' and its partitions, for a moment; run it with a short lock_timeout and try again.' END AS remedy,
       CASE WHEN r.relkind = 'I' AND NOT r.backs_constraint
            THEN ARRAY[format('DROP INDEX %I.%I', n.nspname, r.relname)] END AS sql,
       CASE WHEN r.relkind = 'i' AND NOT r.backs_constraint THEN jsonb_build_object(
           'type', 'drop_index', 'schema', n.nspname, 'name', r.relname,
           'definition', pg_get_indexdef(r.indexrelid)) END AS change,
       format('%I.%I', tn.nspname, t.relname) AS table,
       format('%I.%I', kn.nspname, k.relname) AS same_as,
       r.relpages::bigint * current_setting('block_size')::bigint AS size_bytes,
       pg_get_indexdef(r.indexrelid) AS definition
FROM ranked r
JOIN pg_namespace n ON n.oid = r.relnamespace
JOIN pg_class k ON k.oid = r.kept
JOIN pg_namespace kn ON kn.oid = k.relnamespace
JOIN pg_class t ON t.oid = r.indrelid
JOIN pg_namespace tn ON tn.oid = t.relnamespace
WHERE r.place > 1 AND NOT r.indisreplident
ORDER BY size_bytes DESC, 1
