SELECT r.rolname AS role,
       pg_has_role(current_user, r.oid, 'USAGE') AS held,
       current_user AS grantee
FROM pg_roles r
WHERE r.rolname IN ('pg_read_all_stats', 'pg_read_all_settings', 'pg_monitor')
ORDER BY 1
