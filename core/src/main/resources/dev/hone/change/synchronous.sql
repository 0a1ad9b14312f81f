-- Whether commits wait for a replica that is not there.
SELECT current_setting('synchronous_standby_names') <> ''
         AND current_setting('synchronous_commit') <> 'local'
         AND NOT EXISTS (SELECT FROM pg_stat_replication r WHERE r.sync_state IN ('sync', 'quorum')) AS hangs,
       current_setting('synchronous_standby_names') AS names
