-- What brings indexes and triggers that a partitioned table got since over to the table that takes its place. away: before
-- the swap back; again: after it. A partition that takes its place has such an index already, by another name.
WITH got AS (
    SELECT i.indexrelid AS oid, c.relname AS name, n.nspname AS schema, s.spcname AS tablespace,
           r.relname AS target, format('%I.%I', m.nspname, r.relname) AS qualified_target,
           CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END AS uniquely,
           format('CREATE %sINDEX %I ON ONLY %I.%I USING ', CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END, c.relname, n.nspname, t.relname) AS beginning,
           pg_get_indexdef(i.indexrelid) AS definition, obj_description(i.indexrelid, 'pg_class') AS comment,
           (SELECT x.relname FROM pg_inherits h JOIN pg_index k ON k.indexrelid = h.inhrelid JOIN pg_class x ON x.oid = h.inhrelid
            WHERE h.inhparent = i.indexrelid AND k.indrelid = r.oid) AS part
    FROM pg_index i
    JOIN pg_class t ON t.oid = i.indrelid
    JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class r ON r.oid = to_regclass(:target)
    JOIN pg_namespace m ON m.oid = r.relnamespace
    LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
    WHERE i.indrelid = to_regclass(:table)
      AND 'index ' || quote_ident(c.relname) IN (SELECT jsonb_array_elements_text(:got::jsonb))
), triggers AS (
    SELECT g.*, format('%I.%I', n.nspname, t.relname) AS qualified
    FROM pg_trigger g
    JOIN pg_class t ON t.oid = g.tgrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace
    WHERE g.tgrelid = to_regclass(:table) AND NOT g.tgisinternal
      AND 'trigger ' || quote_ident(g.tgname) IN (SELECT jsonb_array_elements_text(:got::jsonb))
)
SELECT 'build' AS phase, 0 AS n,
       jsonb_build_object('schema', schema, 'name', 'hone_' || oid, 'table', target, 'level', 0, 'partitioned', false,
           'definition', format('CREATE %sINDEX %I ON %s USING ', uniquely, 'hone_' || oid, qualified_target) || substr(definition, length(beginning) + 1),
           'tablespace', tablespace, 'afterwards', '[]'::jsonb)::text AS statement
FROM got WHERE part IS NULL
UNION ALL SELECT 'away', 1, format('ALTER INDEX %I.%I RENAME TO %I', schema, name, 'hone_out_' || oid) FROM got
UNION ALL SELECT 'again', 2, format('ALTER INDEX %I.%I RENAME TO %I', schema, coalesce(part, 'hone_' || oid), name) FROM got
UNION ALL SELECT 'again', 3, format('COMMENT ON INDEX %I.%I IS %L', schema, name, comment) FROM got WHERE comment IS NOT NULL
UNION ALL SELECT 'again', 4, pg_get_triggerdef(oid) FROM triggers
UNION ALL SELECT 'again', 5, format('ALTER TABLE %s %s TRIGGER %I', qualified,
                                    CASE tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, tgname)
          FROM triggers WHERE tgenabled <> 'O'
UNION ALL SELECT 'again', 6, format('COMMENT ON TRIGGER %I ON %s IS %L', tgname, qualified, obj_description(oid, 'pg_trigger'))
          FROM triggers WHERE obj_description(oid, 'pg_trigger') IS NOT NULL
ORDER BY n, statement
