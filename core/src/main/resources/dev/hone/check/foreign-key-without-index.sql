-- title: Foreign key without an index
-- severity: info
-- category: indexes
-- why: When a row of the referenced table is deleted, or its key changes, PostgreSQL looks for the rows that point to it.
--   Without an index it reads the whole referencing table, once for every such row, and holds locks meanwhile. Joins along
--   the key suffer too.
-- remedy: Create an index whose first columns are those of the foreign key.
WITH RECURSIVE uncovered AS (
    SELECT c.oid, c.conparentid, c.conrelid AS leaf
    FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
    WHERE c.contype = 'f' AND t.relkind = 'r'
      AND NOT EXISTS (
          SELECT FROM pg_index i
          JOIN pg_class x ON x.oid = i.indexrelid
          JOIN pg_am a ON a.oid = x.relam
          WHERE i.indrelid = c.conrelid
            AND i.indisvalid
            AND (a.amname = 'btree' OR a.amname = 'hash' AND cardinality(c.conkey) = 1)
            AND i.indnkeyatts >= cardinality(c.conkey)
            AND (i.indkey::int2[])[0 : cardinality(c.conkey) - 1] @> c.conkey
            AND (i.indkey::int2[])[0 : cardinality(c.conkey) - 1] <@ c.conkey
            AND (i.indpred IS NULL
                 OR pg_get_expr(i.indpred, i.indrelid) IN (
                     SELECT format('(%I IS NOT NULL)', k.attname)
                     FROM pg_attribute k WHERE k.attrelid = c.conrelid AND k.attnum = ANY (c.conkey))))
), climb AS (
    SELECT oid, conparentid, leaf FROM uncovered
    UNION ALL
    SELECT p.oid, p.conparentid, b.leaf FROM climb b JOIN pg_constraint p ON p.oid = b.conparentid
), roots AS (
    -- Two foreign keys over the same columns need one index; a key that references a partitioned table has one
    -- constraint for each of its partitions, all below the same root.
    SELECT DISTINCT ON (c.conrelid, columns.sorted) c.oid, c.conname, c.conrelid, c.confrelid, c.conkey, b.partitions
    FROM (SELECT oid, count(DISTINCT leaf) AS partitions FROM climb WHERE conparentid = 0 GROUP BY oid) b
    JOIN pg_constraint c ON c.oid = b.oid
    CROSS JOIN LATERAL (SELECT array_agg(u ORDER BY u) AS sorted FROM unnest(c.conkey) u) columns
    ORDER BY c.conrelid, columns.sorted, c.oid
), members AS (
    SELECT coalesce(pg_partition_root(c.oid), c.oid) AS root,
           sum(pg_stat_get_tuples_deleted(c.oid)) AS deleted,
           sum(greatest(c.reltuples, pg_stat_get_live_tuples(c.oid))) AS row_count,
           sum(c.relpages)::bigint * current_setting('block_size')::bigint AS size_bytes
    FROM pg_class c WHERE c.relkind = 'r' AND c.oid >= 16384
    GROUP BY 1
), named AS (
    SELECT r.*, t.relname, t.relkind, n.nspname, k.columns, k.plain,
           left(t.relname || '_' || k.plain, 1000) || '_idx' AS wanted
    FROM roots r
    JOIN pg_class t ON t.oid = r.conrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace
    CROSS JOIN LATERAL (
        SELECT array_agg('"' || replace(a.attname, '"', '""') || '"' ORDER BY u.place) AS columns,
               string_agg(a.attname, '_' ORDER BY u.place) AS plain
        FROM unnest(r.conkey) WITH ORDINALITY u(number, place)
        JOIN pg_attribute a ON a.attrelid = r.conrelid AND a.attnum = u.number) k
), chosen AS (
    SELECT d.*,
           CASE WHEN octet_length(d.wanted) <= 63
                     AND count(*) OVER (PARTITION BY d.nspname, d.wanted) = 1
                     AND NOT EXISTS (SELECT FROM pg_class o JOIN pg_namespace s ON s.oid = o.relnamespace
                                     WHERE o.relname = d.wanted AND s.nspname = d.nspname)
                THEN d.wanted
                ELSE 'fk_' || md5(d.nspname || '.' || d.relname || '.' || d.conname) || '_idx' END AS index_name
    FROM named d
)
SELECT format('%I.%I', d.nspname, d.relname) AS subject,
       -- Updates are no sign: the server looks for referencing rows only when the key itself changes.
       CASE WHEN coalesce(m.row_count, 0) >= 10000 AND coalesce(p.deleted, 0) > 0
            THEN 'warning' ELSE 'info' END AS severity,
       format('No index serves the foreign key %I (%s)%s', d.conname, array_to_string(d.columns, ', '),
              CASE WHEN d.relkind = 'p' THEN format(' in %s of its partitions', d.partitions) ELSE '' END) AS summary,
       CASE WHEN d.relkind = 'p' THEN
           'CREATE INDEX CONCURRENTLY does not work on a partitioned table: create the index ON ONLY the table, then one on'
           || ' each partition CONCURRENTLY, and attach each with ALTER INDEX ... ATTACH PARTITION.' END AS remedy,
       CASE WHEN d.relkind = 'r' THEN jsonb_build_object(
           'type', 'create_index', 'schema', d.nspname, 'table', d.relname, 'name', d.index_name, 'unique', false,
           'method', 'btree', 'keys', to_jsonb(d.columns), 'include', '[]'::jsonb, 'predicate', NULL) END AS change,
       d.conname AS foreign_key,
       (SELECT format('%I.%I', pn.nspname, pc.relname) FROM pg_class pc JOIN pg_namespace pn ON pn.oid = pc.relnamespace
        WHERE pc.oid = d.confrelid) AS referenced_table,
       coalesce(p.deleted, 0) AS referenced_rows_deleted,
       coalesce(m.row_count, 0)::bigint AS row_count,
       coalesce(m.size_bytes, 0) AS size_bytes
FROM chosen d
LEFT JOIN members m ON m.root = coalesce(pg_partition_root(d.conrelid), d.conrelid)
LEFT JOIN members p ON p.root = coalesce(pg_partition_root(d.confrelid), d.confrelid)
ORDER BY 2 DESC, coalesce(p.deleted, 0) * coalesce(m.row_count, 0) DESC, 1
