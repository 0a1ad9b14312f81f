SELECT coalesce(h.inhparent = p.oid, false) AS attached,
       coalesce(h.inhparent <> p.oid, false) AS elsewhere,
       coalesce(h.inhdetachpending, false) AS pending,
       pg_get_expr(c.relpartbound, c.oid) AS bound,
       EXISTS (SELECT FROM pg_partitioned_table d WHERE d.partrelid = p.oid AND d.partdefid <> 0) AS default_there,
       ARRAY(SELECT 'CONSTRAINT ' || quote_ident(k.conname) FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype <> 't'
             UNION ALL
             SELECT format('INDEX %I.%I', xn.nspname, x.relname)
             FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_namespace xn ON xn.oid = x.relnamespace
             WHERE i.indrelid = c.oid
               AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.oid AND k.conrelid = c.oid)) AS belongings
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class p ON p.relname = :parent
JOIN pg_namespace pn ON pn.oid = p.relnamespace AND pn.nspname = :parent_schema
LEFT JOIN pg_inherits h ON h.inhrelid = c.oid
WHERE n.nspname = :schema AND c.relname = :name
