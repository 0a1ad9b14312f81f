SELECT c.oid::bigint AS oid,
       c.relkind::text AS kind,
       c.relpersistence::text AS persistence,
       o.rolname AS owner,
       pg_has_role(c.relowner, 'USAGE') AS owned,
       has_schema_privilege(n.oid, 'CREATE') AS may_create,
       pg_has_role(c.relowner, 'USAGE')
         OR pg_has_role((SELECT d.datdba FROM pg_database d WHERE d.datname = current_database()), 'USAGE')
         OR has_table_privilege(c.oid, 'MAINTAIN') AS may_analyze,
       has_database_privilege(current_database(), 'TEMPORARY') AS may_temporary,
       current_user::text AS role,
       current_database()::text AS database
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_roles o ON o.oid = c.relowner
WHERE n.nspname = :schema AND c.relname = :name
