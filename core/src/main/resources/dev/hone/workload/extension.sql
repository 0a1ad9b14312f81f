SELECT (SELECT n.nspname
          FROM pg_catalog.pg_extension AS e
          JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
         WHERE e.extname = 'pg_stat_statements') AS schema,
       -- The library defines its settings only when it is preloaded.
       EXISTS (SELECT 1 FROM pg_catalog.pg_settings WHERE name = 'pg_stat_statements.max') AS preloaded,
       EXISTS (SELECT 1 FROM pg_catalog.pg_available_extensions WHERE name = 'pg_stat_statements') AS available,
       -- An extension never updated since version 12 still has the older name.
       CASE WHEN EXISTS (SELECT 1
                           FROM pg_catalog.pg_extension AS e
                           JOIN pg_catalog.pg_class AS c
                             ON c.relnamespace = e.extnamespace AND c.relname = 'pg_stat_statements'
                           JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid
                          WHERE e.extname = 'pg_stat_statements' AND a.attname = 'total_exec_time')
            THEN 'total_exec_time' ELSE 'total_time' END AS time,
       EXISTS (SELECT 1
                 FROM pg_catalog.pg_extension AS e
                 JOIN pg_catalog.pg_class AS c
                   ON c.relnamespace = e.extnamespace AND c.relname = 'pg_stat_statements_info'
                WHERE e.extname = 'pg_stat_statements') AS has_info,
       current_user::text AS role
