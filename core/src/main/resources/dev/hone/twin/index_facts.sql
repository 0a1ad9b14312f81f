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
       -- Of its expressions or its condition, and not PostgreSQL's own: on those nothing depends that is recorded.
       EXISTS (SELECT FROM pg_depend d
               WHERE d.classid = 'pg_class'::regclass AND d.objid = x.indexrelid
                 AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass)) AS calls_functions,
       am.amname AS method
FROM pg_index x
JOIN pg_class tc ON tc.oid = x.indrelid
JOIN pg_class ic ON ic.oid = x.indexrelid
JOIN pg_am am ON am.oid = ic.relam
JOIN pg_namespace n ON n.oid = tc.relnamespace
WHERE x.indexrelid = :index
