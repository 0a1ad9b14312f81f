SELECT n.nspname AS schema, o.collname AS name, o.collprovider::text AS provider,
       o.collisdeterministic AS deterministic,
       coalesce(to_jsonb(o)->>'colllocale', to_jsonb(o)->>'colliculocale', o.collcollate::text) AS locale
FROM pg_collation o JOIN pg_namespace n ON n.oid = o.collnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
  AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_collation'::regclass AND x.objid = o.oid AND x.deptype = 'e')
ORDER BY o.oid
