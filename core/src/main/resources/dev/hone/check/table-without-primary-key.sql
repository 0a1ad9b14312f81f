-- title: Table without a primary key
-- severity: info
-- category: schema
-- why: Nothing keeps the same row from being there twice or lets one be named; logical replication cannot update or delete its rows,
--   and many tools cannot work with it.
-- remedy: Add one. Build a unique index CONCURRENTLY on columns that are NOT NULL, then ALTER TABLE ... ADD PRIMARY KEY USING INDEX.
SELECT format('%I.%I', n.nspname, c.relname) AS subject,
       CASE WHEN u.name IS NOT NULL THEN format('It has no primary key; the unique index %I could become one', u.name)
            ELSE 'It has no primary key' END AS summary,
       CASE WHEN u.name IS NOT NULL AND c.relkind = 'r' AND NOT u.backs_constraint THEN
           ARRAY[format('ALTER TABLE %I.%I ADD PRIMARY KEY USING INDEX %I', n.nspname, c.relname, u.name)] END AS sql,
       greatest(c.reltuples, 0)::bigint AS row_count,
       c.relreplident = 'i' OR c.relreplident = 'f' AS replica_identity_set
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN LATERAL (
    SELECT x.relname AS name,
           EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid) AS backs_constraint
    FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
    WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
      AND NOT EXISTS (SELECT FROM pg_attribute a
                      WHERE a.attrelid = c.oid AND a.attnum = ANY ((i.indkey::int2[])[0 : i.indnkeyatts - 1])
                        AND NOT a.attnotnull)
    ORDER BY i.indnkeyatts, i.indexrelid LIMIT 1) u ON true
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.oid >= 16384 AND c.relpersistence = 'p'
  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'p')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY c.reltuples DESC, 1
