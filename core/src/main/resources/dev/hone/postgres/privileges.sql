SELECT pg_has_role('pg_read_all_stats', 'USAGE') AS all_stats,
       pg_has_role('pg_read_all_settings', 'USAGE') AS all_settings,
       current_user::text AS role,
       (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
          AND NOT has_table_privilege(c.oid, 'SELECT') AND NOT has_any_column_privilege(c.oid, 'SELECT')) AS hidden_tables,
       (SELECT coalesce(array_agg(DISTINCT n.nspname::text), '{}') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
          AND NOT has_table_privilege(c.oid, 'SELECT') AND NOT has_any_column_privilege(c.oid, 'SELECT')) AS hidden_schemas,
       (SELECT coalesce(array_agg(format('%I.%I', n.nspname, c.relname)), '{}') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND c.relrowsecurity AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)' AND row_security_active(c.oid)) AS row_security_tables,
       (SELECT coalesce(array_agg(format('%I.%I', n.nspname, s.stxname)), '{}')
        FROM pg_statistic_ext s JOIN pg_class c ON c.oid = s.stxrelid JOIN pg_namespace n ON n.oid = s.stxnamespace
        WHERE NOT pg_has_role(c.relowner, 'USAGE')) AS hidden_statistics,
       (SELECT n.nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname = 'pg_stat_statements') AS statements_schema,
       EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements') AS statements_available,
       -- Custom settings of a module exist only where the module is loaded.
       EXISTS (SELECT FROM pg_settings WHERE name = 'pg_stat_statements.max') AS statements_loaded
