SELECT n.oid IS NOT NULL AS schema_there,
       CASE WHEN n.oid IS NULL THEN has_database_privilege(current_database(), 'CREATE')
            ELSE has_schema_privilege(n.oid, 'CREATE') END AS may_create,
       c.oid IS NOT NULL AS table_there,
       CASE WHEN c.oid IS NULL THEN false
            ELSE has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') END AS may_read,
       CASE WHEN c.oid IS NULL THEN false
            ELSE has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
                 AND has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE') END AS may_write,
       -- A table of this name that lacks a column of ours is somebody else's.
       c.relkind = 'r' AND NOT EXISTS (
           SELECT FROM unnest('{deployment,step,changes_digest,change_title,change,sql,undo_sql,state,indexes,index_oid,details,error,created_at,started_at,finished_at,undone_at,applied_by,hone_version}'::text[]) AS needed(name)
           WHERE NOT EXISTS (SELECT FROM pg_attribute a
                             WHERE a.attrelid = c.oid AND a.attname = needed.name AND a.attnum > 0 AND NOT a.attisdropped)
       ) AS ours,
       c.oid IS NOT NULL AND (
           SELECT count(*) FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attname IN ('before', 'guard', 'alone') AND NOT a.attisdropped
       ) < 3 AS of_earlier_hone,
       coalesce(pg_has_role(c.relowner, 'USAGE'), false) AS may_alter,
       -- Its triggers run as whoever writes to it, and what it says is run when a deployment is taken back.
       (SELECT string_agg(DISTINCT quote_ident(o.rolname), ', ') FROM pg_roles o
         WHERE o.oid IN (n.nspowner, c.relowner) AND NOT o.rolsuper AND o.rolname <> current_user
           AND o.oid <> (SELECT d.datdba FROM pg_database d WHERE d.datname = current_database())
           AND o.rolname <> 'pg_database_owner') AS strangers,
       current_database()::text AS database,
       current_user::text AS role
FROM (SELECT 1) AS one
LEFT JOIN pg_namespace n ON n.nspname = 'performance_monitoring'
LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = 'optimization_log'
