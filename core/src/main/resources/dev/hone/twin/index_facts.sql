SELECT n.nspname AS schema_name,
       tc.relname AS table_name,
       tc.oid::bigint AS table_oid,
       tc.reltuples::float8 AS tuples,
       pg_relation_filepath(x.indexrelid) AS path,
       x.indisunique AS unique,
       pg_get_expr(x.indpred, x.indrelid) AS predicate,
       -- Of a hash index it is 75.
       coalesce((SELECT split_part(o, '=', 2)::int FROM unnest(ic.reloptions) o WHERE o LIKE 'fillfactor=%'),
                CASE am.amname WHEN 'hash' THEN 75 ELSE 90 END) AS fill_factor,
       coalesce((SELECT split_part(o, '=', 2)::int FROM unnest(ic.reloptions) o WHERE o LIKE 'pages_per_range=%'), 128) AS pages_per_range,
       greatest(tc.relpages, 1) AS table_pages,
       -- By its file: relpages may be of a time long ago.
       pg_relation_size(tc.oid) = 0 AS empty,
       ic.relfilenode::bigint AS file_number,
       coalesce((SELECT split_part(o, '=', 2)::bool FROM unnest(ic.reloptions) o WHERE o LIKE 'deduplicate_items=%'), true) AS deduplicate,
       -- An index whose key holds another's unique key has no duplicates.
       EXISTS (SELECT FROM pg_index u
               WHERE u.indrelid = x.indrelid AND u.indexrelid <> x.indexrelid AND u.indisunique AND u.indpred IS NULL
                 AND NOT 0 = ANY (u.indkey::int2[])
                 AND (u.indkey::int2[])[0:u.indnkeyatts - 1] <@ (x.indkey::int2[])[0:x.indnkeyatts - 1]) AS holds_unique_key,
       -- Whether to evaluate it may run functions that are not PostgreSQL's own, be it by an operator, a cast or a check: what came
       -- with the server has a smaller oid.
       EXISTS (SELECT FROM pg_depend d
               WHERE d.classid = 'pg_class'::regclass AND d.objid = x.indexrelid AND d.refobjid >= 16384
                 AND d.refclassid NOT IN ('pg_class'::regclass, 'pg_opclass'::regclass, 'pg_collation'::regclass, 'pg_constraint'::regclass))
       OR EXISTS (SELECT FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                  WHERE d.classid = 'pg_class'::regclass AND d.objid = x.indexrelid AND d.refclassid = 'pg_class'::regclass
                    AND a.atttypid >= 16384) AS foreign_code,
       am.amname AS method
FROM pg_index x
JOIN pg_class tc ON tc.oid = x.indrelid
JOIN pg_class ic ON ic.oid = x.indexrelid
JOIN pg_am am ON am.oid = ic.relam
JOIN pg_namespace n ON n.oid = tc.relnamespace
WHERE x.indexrelid = :index
