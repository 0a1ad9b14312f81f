-- Where the database and its log lie, and what bounds the log. The directory is shown to few roles only.
SELECT (SELECT s.setting FROM pg_settings s WHERE s.name = 'data_directory') AS data_directory,
       (SELECT c.system_identifier FROM pg_control_system() c) AS identifier,
       (SELECT pg_tablespace_location(t.oid)
          FROM pg_tablespace t
         WHERE t.spcname = coalesce(nullif(current_setting('default_tablespace'), ''),
                                    (SELECT dt.spcname FROM pg_database d JOIN pg_tablespace dt ON dt.oid = d.dattablespace
                                      WHERE d.datname = current_database()))) AS tablespace,
       pg_size_bytes(current_setting('maintenance_work_mem')) AS sort_memory,
       current_setting('wal_level') <> 'minimal' AS logged,
       greatest(pg_size_bytes(current_setting('max_wal_size')), pg_size_bytes(current_setting('wal_keep_size'))) AS log_kept,
       EXISTS (SELECT FROM pg_replication_slots s WHERE NOT s.active AND NOT s.temporary)
         OR coalesce((SELECT a.last_failed_time > a.last_archived_time OR a.last_archived_time IS NULL AND a.failed_count > 0
                        FROM pg_stat_archiver a WHERE current_setting('archive_mode') <> 'off'), false) AS log_stuck
