SELECT pg_size_pretty(pg_database_size(current_database())) AS database,
       pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')) AS wal_written_so_far
