SELECT p.phase, p.blocks_total, p.blocks_done, p.tuples_total, p.tuples_done
FROM pg_stat_progress_create_index p
WHERE p.pid = :pid
UNION ALL
SELECT v.phase, v.heap_blks_total,
       CASE WHEN v.phase = 'vacuuming heap' THEN v.heap_blks_vacuumed ELSE v.heap_blks_scanned END, 0, 0
FROM pg_stat_progress_vacuum v
WHERE v.pid = :pid
UNION ALL
SELECT a.phase, a.sample_blks_total, a.sample_blks_scanned, 0, 0
FROM pg_stat_progress_analyze a
WHERE a.pid = :pid
LIMIT 1
