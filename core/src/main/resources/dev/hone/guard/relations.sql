-- What the user's relations and functions have to do with those that are changed.
-- touched: changed, a part or the whole of such a one, or a view over it.
-- neighbour: a foreign key leads to or from it, so that writing here looks there.
WITH RECURSIVE touched(oid) AS (
    SELECT coalesce(i.indrelid, c.oid)
    FROM unnest(CAST(:schemas AS text[]), CAST(:names AS text[])) AS t(schema, name)
    JOIN pg_namespace n ON n.nspname = t.schema
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.name
    LEFT JOIN pg_index i ON i.indexrelid = c.oid
    UNION
    SELECT x.oid
    FROM touched
    CROSS JOIN LATERAL (
        SELECT h.inhrelid AS oid FROM pg_inherits h WHERE h.inhparent = touched.oid
        UNION ALL
        SELECT h.inhparent FROM pg_inherits h WHERE h.inhrelid = touched.oid
        UNION ALL
        SELECT r.ev_class
        FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
        WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = touched.oid
    ) AS x
)
SELECT c.relname AS name,
       CASE WHEN c.oid IN (SELECT touched.oid FROM touched) THEN 'touched'
            WHEN EXISTS (SELECT FROM pg_constraint k
                          WHERE k.contype = 'f'
                            AND (k.conrelid = c.oid AND k.confrelid IN (SELECT touched.oid FROM touched)
                                 OR k.confrelid = c.oid AND k.conrelid IN (SELECT touched.oid FROM touched))) THEN 'neighbour'
            WHEN EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal) THEN 'triggering'
            ELSE 'plain' END AS kind
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND n.nspname NOT LIKE 'pg\_temp\_%'
UNION ALL
SELECT p.proname, 'function'
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND NOT EXISTS (SELECT FROM pg_depend d
                   WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
