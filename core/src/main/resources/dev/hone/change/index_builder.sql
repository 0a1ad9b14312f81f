SELECT p.pid FROM pg_stat_progress_create_index p
WHERE p.index_relid = :oid::oid AND p.pid <> pg_backend_pid()
LIMIT 1
