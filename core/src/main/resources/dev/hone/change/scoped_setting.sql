SELECT substr(one.entry, strpos(one.entry, '=') + 1)
FROM pg_db_role_setting s, unnest(s.setconfig) AS one(entry)
WHERE s.setdatabase = CASE WHEN CAST(:database AS text) IS NULL THEN 0
                           ELSE (SELECT d.oid FROM pg_database d WHERE d.datname = :database) END
  AND s.setrole = CASE WHEN CAST(:role AS text) IS NULL THEN 0
                       ELSE (SELECT r.oid FROM pg_roles r WHERE r.rolname = :role) END
  AND lower(left(one.entry, strpos(one.entry, '=') - 1)) = lower(:name)
