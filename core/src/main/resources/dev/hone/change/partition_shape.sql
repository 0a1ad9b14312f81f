-- What a swap has read of a table, one line for each thing. <table> is a literal, <mine> an array of the indexes that the
-- change itself makes. Names are only told; what is compared does not depend on a search path.
SELECT coalesce(array_agg(DISTINCT w.what || '|' || md5(w.how)), '{}')
FROM (
    SELECT 'column ' || quote_ident(a.attname) AS what,
           concat_ws(' ', a.attnum, a.atttypid, a.atttypmod, a.attgenerated, a.attidentity, md5(d.adbin::text)) AS how
    FROM pg_catalog.pg_attribute a
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = <table>::pg_catalog.regclass AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT 'view ' || quote_ident(v.relname), concat_ws(' ', r.oid, md5(r.ev_action::text))
    FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
    JOIN pg_catalog.pg_class v ON v.oid = r.ev_class
    WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = <table>::pg_catalog.regclass
      AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
    UNION ALL
    SELECT CASE k.conrelid WHEN <table>::pg_catalog.regclass THEN 'constraint ' ELSE 'foreign key ' END || quote_ident(k.conname),
           concat_ws(' ', k.oid, k.convalidated)
    FROM pg_catalog.pg_constraint k
    WHERE <table>::pg_catalog.regclass IN (k.conrelid, k.confrelid) AND k.contype IN ('c', 'f', 'p', 'u', 'x')
      AND k.conname NOT IN ('hone_partition_bound', 'hone_not_null')
    UNION ALL
    SELECT 'index ' || quote_ident(c.relname), concat_ws(' ', i.indkey, i.indisunique, md5(i.indexprs::text), md5(i.indpred::text))
    FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = <table>::pg_catalog.regclass AND i.indisvalid AND c.relname <> ALL (<mine>::text[])
    UNION ALL
    SELECT 'trigger ' || quote_ident(g.tgname), concat_ws(' ', g.oid, g.tgenabled)
    FROM pg_catalog.pg_trigger g
    WHERE g.tgrelid = <table>::pg_catalog.regclass AND NOT g.tgisinternal
      AND g.tgname NOT IN ('hone_insert', 'hone_update', 'hone_delete', 'hone_truncate')
    UNION ALL
    SELECT 'policy ' || quote_ident(p.polname), concat_ws(' ', p.oid, p.polroles, md5(p.polqual::text), md5(p.polwithcheck::text))
    FROM pg_catalog.pg_policy p WHERE p.polrelid = <table>::pg_catalog.regclass
    UNION ALL
    SELECT 'owner, grants or row-level security', concat_ws(' ', c.relowner, c.relacl, c.relrowsecurity, c.relforcerowsecurity)
    FROM pg_catalog.pg_class c WHERE c.oid = <table>::pg_catalog.regclass
) w
