-- What a swap has read of a table, one line for each thing: what it is, a digest that tells whether it is the very same,
-- and one that tells whether it says the same once the table is partitioned. <table> is a literal, <mine> an array of the
-- indexes that the change itself makes, <key> the column it partitions by. Names are only told; read under the search path pg_catalog.
WITH tree AS MATERIALIZED (
    SELECT c.oid, c.reltype, true AS root, '' AS of
    FROM pg_catalog.pg_class c WHERE c.oid = to_regclass(<table>)
    UNION ALL
    SELECT c.oid, c.reltype, false, ' of partition ' || format('%I.%I', n.nspname, c.relname)
    FROM pg_catalog.pg_partition_tree(to_regclass(<table>)) t
    JOIN pg_catalog.pg_class c ON c.oid = t.relid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE t.level > 0
)
SELECT coalesce(array_agg(DISTINCT w.what || '|' || md5(coalesce(w.very, '')) || '|' || md5(coalesce(w.says, ''))), '{}')
FROM (
    SELECT 'column ' || quote_ident(a.attname) AS what,
           concat_ws(' ', a.attnum, a.atttypid, a.atttypmod, a.attgenerated, a.attidentity, md5(d.adbin::text)) AS very, '' AS says
    FROM pg_catalog.pg_attribute a
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = to_regclass(<table>) AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT 'view ' || quote_ident(v.relname), concat_ws(' ', r.oid, md5(r.ev_action::text)), concat_ws(' ', v.oid, pg_get_viewdef(v.oid))
    FROM tree t
    JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = t.oid
                               AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
    JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
    JOIN pg_catalog.pg_class v ON v.oid = r.ev_class
    UNION ALL
    -- Functions, policies of other tables, and whatever rests on the type of its rows.
    SELECT pg_describe_object(d.classid, d.objid, 0), d.objid::text, ''
    FROM (SELECT d.classid, d.objid, d.deptype FROM tree t JOIN pg_catalog.pg_depend d
              ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = t.oid
          WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
             OR d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass
                AND NOT EXISTS (SELECT FROM pg_catalog.pg_policy p WHERE p.oid = d.objid AND p.polrelid = ANY (ARRAY(SELECT oid FROM tree)))
          UNION ALL
          SELECT d.classid, d.objid, d.deptype FROM tree t JOIN pg_catalog.pg_type y ON y.oid = t.reltype
          JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.refobjid = ANY (ARRAY[y.oid, y.typarray])) d
    WHERE d.deptype = 'n'
    UNION ALL
    SELECT 'constraint ' || quote_ident(k.conname), concat_ws(' ', k.oid, k.convalidated),
           -- A primary key may have got the column, and a foreign key not be checked yet.
           CASE k.contype
               WHEN 'c' THEN pg_get_expr(k.conbin, k.conrelid)
               WHEN 'p' THEN concat_ws(' ', k.condeferrable, k.condeferred, (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY u.place)
                   FROM unnest(k.conkey) WITH ORDINALITY u(num, place) JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num
                   WHERE a.attname <> <key>))
               ELSE regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '') END
    FROM pg_catalog.pg_constraint k
    WHERE k.conrelid = to_regclass(<table>) AND k.contype IN ('c', 'f', 'p', 'u', 'x')
      AND k.conname NOT IN ('hone_partition_bound', 'hone_not_null')
    UNION ALL
    SELECT 'foreign key ' || quote_ident(k.conname) || ' of ' || format('%I.%I', n.nspname, c.relname), concat_ws(' ', k.oid, k.convalidated),
           -- It may have got the column too.
           concat_ws(' ', k.confupdtype, k.confdeltype, k.confmatchtype, k.condeferrable, k.condeferred,
               (SELECT string_agg(quote_ident(a.attname) || '=' || quote_ident(r.attname), ', ' ORDER BY r.attname, a.attname)
                FROM unnest(k.conkey, k.confkey) u(num, target)
                JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num
                JOIN pg_catalog.pg_attribute r ON r.attrelid = k.confrelid AND r.attnum = u.target
                WHERE r.attname <> <key>))
    FROM tree t
    JOIN pg_catalog.pg_constraint k ON k.confrelid = t.oid AND k.contype = 'f' AND k.conparentid = 0
    JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    UNION ALL
    -- An index of a partition is told where it is none of the table's.
    SELECT CASE WHEN i.indisvalid THEN 'index ' ELSE 'invalid index ' END || quote_ident(c.relname) || t.of,
           concat_ws(' ', i.indkey, i.indisunique, md5(i.indexprs::text), md5(i.indpred::text)),
           CASE WHEN i.indisprimary THEN '' ELSE replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ') END
    FROM tree t
    JOIN pg_catalog.pg_index i ON i.indrelid = t.oid
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    WHERE (i.indisvalid OR c.relkind = 'I') AND c.relname <> ALL (<mine>::text[])
      AND (t.root OR NOT EXISTS (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhrelid = i.indexrelid))
    UNION ALL
    SELECT 'trigger ' || quote_ident(g.tgname) || t.of, concat_ws(' ', g.oid, g.tgenabled), concat_ws(' ', pg_get_triggerdef(g.oid), g.tgenabled)
    FROM tree t
    JOIN pg_catalog.pg_trigger g ON g.tgrelid = t.oid
    WHERE NOT g.tgisinternal AND g.tgparentid = 0 AND g.tgname NOT IN ('hone_insert', 'hone_update', 'hone_delete', 'hone_truncate')
    UNION ALL
    SELECT 'policy ' || quote_ident(p.polname), concat_ws(' ', p.oid, p.polroles, md5(p.polqual::text), md5(p.polwithcheck::text)),
           concat_ws(' ', p.polcmd, p.polpermissive, (SELECT array_agg(r ORDER BY r) FROM unnest(p.polroles) r),
                     pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    FROM pg_catalog.pg_policy p WHERE p.polrelid = to_regclass(<table>)
    UNION ALL
    SELECT 'owner, grants or row-level security', concat_ws(' ', c.relowner, c.relacl, c.relrowsecurity, c.relforcerowsecurity),
           concat_ws(' ', c.relowner, c.relrowsecurity, c.relforcerowsecurity,
                     (SELECT array_agg(DISTINCT concat_ws(' ', e.attname, e.grantee, e.privilege_type, e.is_grantable AND e.grantee <> c.relowner))
                      FROM (SELECT '' AS attname, x.* FROM aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) x
                            UNION ALL
                            SELECT a.attname, x.* FROM pg_catalog.pg_attribute a CROSS JOIN LATERAL aclexplode(a.attacl) x
                            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) e))
    FROM pg_catalog.pg_class c WHERE c.oid = to_regclass(<table>)
    UNION ALL
    SELECT 'publication ' || quote_ident(p.pubname), '', ''
    FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
    WHERE r.prrelid = to_regclass(<table>)
    UNION ALL
    SELECT 'statistics ' || format('%I.%I', n.nspname, e.stxname), e.oid::text, ''
    FROM pg_catalog.pg_statistic_ext e JOIN pg_catalog.pg_namespace n ON n.oid = e.stxnamespace
    WHERE e.stxrelid = to_regclass(<table>)
    UNION ALL
    SELECT 'a subscription that writes to it' || t.of, s.srsubid::text, ''
    FROM tree t JOIN pg_catalog.pg_subscription_rel s ON s.srrelid = t.oid
    WHERE has_table_privilege('pg_catalog.pg_subscription_rel'::pg_catalog.regclass, 'SELECT')
    UNION ALL
    SELECT substr(t.of, 5), t.oid::text, '' FROM tree t WHERE NOT t.root
) w
