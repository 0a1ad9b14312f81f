SELECT n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind, c.relispartition AS partition,
       c.relkind = 'r' AND NOT c.relispartition
           AND EXISTS (SELECT FROM pg_inherits h WHERE c.oid IN (h.inhparent, h.inhrelid)) AS inherits,
       pg_get_userbyid(c.relowner)::text AS owner, c.relrowsecurity AS row_security,
       ARRAY(SELECT a.attname::text FROM pg_index i
             CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
             JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
             WHERE i.indrelid = c.oid AND i.indisprimary AND k.place <= i.indnkeyatts ORDER BY k.place) AS primary_key,
       ARRAY(SELECT a.attname::text FROM pg_attribute a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS columns,
       ARRAY(SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS types,
       -- Whether = of pg_catalog compares it, without help of a search_path.
       ARRAY(SELECT EXISTS (
                 SELECT FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod AND m.amname = 'btree'
                 WHERE o.opcdefault AND o.opcintype = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
                   AND o.opcnamespace = 'pg_catalog'::regnamespace)
             FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS comparable,
       ARRAY(SELECT DISTINCT a.attname::text FROM pg_index i
             JOIN pg_class ic ON ic.oid = i.indexrelid
             JOIN pg_am m ON m.oid = ic.relam AND m.amname = 'btree'
             JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
             JOIN pg_opclass o ON o.oid = i.indclass[0] AND o.opcdefault
             WHERE i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL) AS indexed,
       -- Who reads the table; the empty name is PUBLIC.
       ARRAY(SELECT DISTINCT CASE WHEN acl.grantee = 0 THEN '' ELSE pg_get_userbyid(acl.grantee)::text END
             FROM aclexplode(c.relacl) AS acl
             WHERE acl.privilege_type = 'SELECT' AND acl.grantee <> c.relowner ORDER BY 1) AS readers
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = CASE cardinality(parse_ident(:name)) WHEN 1 THEN to_regclass('public.' || :name) ELSE to_regclass(:name) END
