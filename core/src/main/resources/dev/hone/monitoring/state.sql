SELECT n.oid IS NOT NULL AS schema_there,
       CASE WHEN n.oid IS NULL THEN has_database_privilege(current_database(), 'CREATE')
            ELSE pg_has_role(n.nspowner, 'USAGE') END AS may_install,
       coalesce(quote_ident(pg_get_userbyid(n.nspowner)), '') AS owner,
       -- Ownership of a journal made by somebody else: its comment and columns are its owner's.
       coalesce((SELECT quote_ident(pg_get_userbyid(c.relowner)) FROM pg_class c
                 WHERE c.relnamespace = n.oid AND c.relname = 'optimization_log' AND NOT pg_has_role(c.relowner, 'USAGE')), '') AS log_owner,
       EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'refresh_target') AS installed,
       pg_is_in_recovery() AS standby,
       current_database()::text AS database,
       quote_ident(current_user) AS role
FROM (SELECT 1) AS one
LEFT JOIN pg_namespace n ON n.nspname = 'performance_monitoring'
