-- What ALTER SYSTEM wrote; the last entry counts.
SELECT f.setting
FROM pg_file_settings f
WHERE f.sourcefile LIKE '%/postgresql.auto.conf' AND lower(f.name) = lower(:name)
ORDER BY f.seqno DESC
LIMIT 1
