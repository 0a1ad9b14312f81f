SELECT k.conrelid::bigint AS relation,
       k.conname AS name,
       k.contype::text AS kind,
       k.conindid::bigint AS index,
       k.confrelid::bigint AS referenced,
       coalesce(k.conkey::int[], '{}') AS columns,
       coalesce(k.confkey::int[], '{}') AS referenced_columns,
       k.conparentid <> 0 OR (k.coninhcount > 0 AND NOT k.conislocal) AS inherited,
       k.convalidated AS validated,
       pg_get_constraintdef(k.oid) AS definition
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype IN ('p', 'u', 'c', 'x', 'f')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
  AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e')
ORDER BY k.oid
