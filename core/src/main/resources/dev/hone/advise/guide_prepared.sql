SELECT p.gid, p.owner, p.database, p.prepared FROM pg_prepared_xacts p ORDER BY p.prepared
