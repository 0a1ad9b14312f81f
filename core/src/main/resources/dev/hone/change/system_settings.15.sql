-- What is missing to alter the server's settings; no row if nothing is.
SELECT missing.advice
FROM (SELECT r.rolsuper AS super, quote_ident(r.rolname) AS name FROM pg_roles r WHERE r.rolname = current_user) AS me
CROSS JOIN LATERAL (VALUES
    (1, has_parameter_privilege(:name, 'ALTER SYSTEM'),
        format('Have a superuser run: GRANT ALTER SYSTEM ON PARAMETER %I TO %s; where the service has none, set it in the service''s own console.', :name, me.name)),
    (2, has_function_privilege('pg_reload_conf()', 'EXECUTE'),
        format('Have a superuser run: GRANT EXECUTE ON FUNCTION pg_reload_conf() TO %s;', me.name)),
    (3, has_table_privilege('pg_file_settings', 'SELECT') AND has_function_privilege('pg_show_all_file_settings()', 'EXECUTE'),
        format('Have a superuser run: GRANT SELECT ON pg_file_settings TO %1$s; GRANT EXECUTE ON FUNCTION pg_show_all_file_settings() TO %1$s; so that the value before is known.', me.name)),
    (4, coalesce(current_setting('allow_alter_system', true), 'on') = 'on',
        'ALTER SYSTEM is switched off here (allow_alter_system): set it where the server''s configuration is kept.')
) AS missing(number, there, advice)
WHERE NOT missing.there
ORDER BY missing.number
LIMIT 1
