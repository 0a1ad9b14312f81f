-- title: Settings that do not fit
-- severity: info
-- category: settings
-- why: PostgreSQL's defaults are for a small machine, and a few settings are safe in one position only.
-- remedy: `hone settings` works the values out for this machine and its workload.
WITH data AS (
    SELECT (SELECT sum(relpages)::bigint FROM pg_class WHERE relkind IN ('r', 'm', 'i', 't'))
               * current_setting('block_size')::bigint AS bytes,
           (SELECT temp_files FROM pg_stat_database WHERE datname = current_database()) AS temp_files
), rules(name, severity, applies, words, remedy, wanted) AS (
    SELECT r.*
    FROM data d CROSS JOIN LATERAL (VALUES
        ('fsync', 'critical', current_setting('fsync') = 'off',
         'A crash of the machine can destroy the whole cluster', 'Switch it on.', 'on'),
        ('full_page_writes', 'critical', current_setting('full_page_writes') = 'off',
         'A page half written when the machine crashes stays broken', 'Switch it on.', 'on'),
        ('autovacuum', 'warning', current_setting('autovacuum') = 'off',
         'Dead rows pile up and statistics go stale; the server still starts it when transaction ids run out, all at once',
         'Switch it on; tune single tables instead.', 'on'),
        ('track_counts', 'warning', current_setting('track_counts') = 'off',
         'Autovacuum does not work without the counters, nor does most of this diagnosis', 'Switch it on.', 'on'),
        ('shared_buffers', 'warning',
         pg_size_bytes(current_setting('shared_buffers')) <= 134217728 AND d.bytes > 536870912,
         'It is at its default, and the data is more than four times as large',
         'A quarter of the memory is a good start; needs a restart.', NULL),
        ('effective_cache_size', 'info', current_setting('effective_cache_size') = '4GB' AND d.bytes > 4294967296,
         'It is at its default: the planner believes that 4 GB are cached in all',
         'Three quarters of the memory; it reserves nothing.', NULL),
        ('work_mem', 'info', current_setting('work_mem') = '4MB' AND d.bytes > 1073741824 AND d.temp_files > 0,
         'It is at its default, and sorts have spilled to disk', 'See temp-files; raise it where it is needed.', NULL),
        ('maintenance_work_mem', 'info', current_setting('maintenance_work_mem') = '64MB' AND d.bytes > 10737418240,
         'It is at its default: index builds and vacuum of big tables take longer than they need',
         'A sixteenth of the memory, at most some GB.', NULL),
        ('max_wal_size', 'info', current_setting('max_wal_size') = '1GB' AND d.bytes > 10737418240,
         'It is at its default: heavy writing forces checkpoints early', 'Some GB, by the free disk space.', '4GB'),
        ('random_page_cost', 'info', current_setting('random_page_cost') = '4' AND d.bytes > 1073741824,
         'It is at its default, which is meant for spinning disks: the planner avoids indexes that would help',
         'About 1.1 for SSDs and for what is cached.', '1.1'),
        ('track_io_timing', 'info', current_setting('track_io_timing') = 'off',
         'Nobody can tell how long queries wait for the disk',
         'Switch it on, unless pg_test_timing shows a slow clock.', 'on')
    ) r(name, severity, applies, words, remedy, wanted)
    UNION ALL
    SELECT s.name, 'warning', true, 'The planner may not use this kind of plan, in any query',
           'Reset it; if one query needs it, set it for that query''s role or transaction only.', NULL
    FROM pg_settings s
    WHERE s.name LIKE 'enable\_%' AND s.boot_val = 'on' AND s.reset_val = 'off' AND s.source NOT IN ('session', 'default')
)
SELECT r.name AS subject,
       r.severity,
       format('%s = %s: %s', r.name, current_setting(r.name),
              lower(left(r.words, 1)) || substr(r.words, 2)) AS summary,
       r.remedy,
       CASE WHEN r.wanted IS NOT NULL
            THEN ARRAY[format('ALTER SYSTEM SET %I = %L', r.name, r.wanted), 'SELECT pg_reload_conf()'] END AS sql,
       current_setting(r.name) AS setting,
       s.source,
       d.bytes AS data_bytes
FROM rules r JOIN pg_settings s ON s.name = r.name CROSS JOIN data d
WHERE r.applies
ORDER BY 1
