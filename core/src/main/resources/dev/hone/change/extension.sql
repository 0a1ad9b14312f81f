SELECT e.extversion AS installed, en.nspname AS installed_schema,
       a.default_version AS version, v.schema AS fixed_schema,
       coalesce(NOT v.superuser OR r.rolsuper OR (v.trusted AND has_database_privilege(current_database(), 'CREATE')), true) AS allowed,
       array_to_string(ARRAY(SELECT quote_ident(needed.name) FROM unnest(v.requires) AS needed(name)
                             WHERE NOT EXISTS (SELECT FROM pg_extension o WHERE o.extname = needed.name)), ', ') AS requires,
       EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = :schema) AS schema_there,
       current_user::text AS role, current_database()::text AS database
FROM pg_roles r
LEFT JOIN pg_available_extensions a ON a.name = :name
LEFT JOIN pg_available_extension_versions v ON v.name = a.name AND v.version = a.default_version
LEFT JOIN pg_extension e ON e.extname = :name
LEFT JOIN pg_namespace en ON en.oid = e.extnamespace
WHERE r.rolname = current_user
