SELECT d.datname AS name,
       current_setting('server_version_num')::int AS version,
       pg_encoding_to_char(d.encoding) AS encoding,
       coalesce(to_jsonb(d)->>'datlocprovider', 'c') AS locale_provider,
       d.datcollate AS collate,
       d.datctype AS ctype,
       coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale') AS locale,
       current_setting('block_size')::int AS block_bytes,
       CASE WHEN has_database_privilege(d.oid, 'CONNECT') OR pg_has_role('pg_read_all_stats', 'USAGE')
            THEN pg_database_size(d.oid) ELSE -1 END AS size_bytes,
       pg_is_in_recovery() AS standby,
       current_user::text AS role,
       current_setting('is_superuser') = 'on' AS superuser
FROM pg_database d
WHERE d.datname = current_database()
