-- A digest of what rests on a table and its partitions, and of their rows in pg_class: it changes with whatever a lock of
-- mode SHARE UPDATE EXCLUSIVE on the table does not keep others from. <table> is a literal.
SELECT md5(string_agg(l.line, ',' ORDER BY l.line))
FROM (
    WITH tree AS MATERIALIZED (
        SELECT c.oid, c.reltype, c.xmin AS changed FROM pg_catalog.pg_class c
        WHERE c.oid = to_regclass(<table>)
           OR c.oid = ANY (ARRAY(SELECT t.relid FROM pg_catalog.pg_partition_tree(to_regclass(<table>)) t))
    )
    SELECT concat_ws(' ', t.oid, t.changed) AS line FROM tree t
    UNION ALL
    SELECT concat_ws(' ', d.classid, d.objid, d.objsubid, r.xmin)
    FROM pg_catalog.pg_depend d
    LEFT JOIN pg_catalog.pg_rewrite r ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND r.oid = d.objid
    WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = ANY (ARRAY(SELECT oid FROM tree))
    UNION ALL
    SELECT concat_ws(' ', d.classid, d.objid, d.objsubid)
    FROM pg_catalog.pg_depend d
    WHERE d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
      AND d.refobjid = ANY (ARRAY(SELECT unnest(ARRAY[y.oid, y.typarray]) FROM tree t JOIN pg_catalog.pg_type y ON y.oid = t.reltype))
) l
