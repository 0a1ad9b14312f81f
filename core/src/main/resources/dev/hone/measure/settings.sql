SELECT name, current_setting(name) AS value
  FROM pg_settings
 WHERE name IN ('autovacuum', 'checkpoint_timeout', 'default_statistics_target', 'effective_cache_size',
                'effective_io_concurrency', 'fsync', 'full_page_writes', 'huge_pages', 'io_method', 'jit',
                'maintenance_work_mem', 'max_connections', 'max_parallel_workers_per_gather', 'max_wal_size',
                'plan_cache_mode', 'random_page_cost', 'seq_page_cost', 'server_version', 'shared_buffers',
                'synchronous_commit', 'wal_level', 'work_mem')
 ORDER BY name
