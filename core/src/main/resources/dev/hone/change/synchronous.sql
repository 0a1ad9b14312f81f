-- Whether commits wait for a replica that is not there. Who may not read all statistics sees of a replica only that it is there.
SELECT current_setting('synchronous_standby_names') <> ''
         AND current_setting('synchronous_commit') <> 'local'
         AND NOT EXISTS (SELECT FROM pg_stat_replication r WHERE r.sync_state IN ('sync', 'quorum')) AS unseen,
       EXISTS (SELECT FROM pg_stat_replication r WHERE r.sync_state IS NULL) AS hidden,
       current_setting('synchronous_standby_names') AS names,
       current_user AS role
