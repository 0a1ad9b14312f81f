-- One that is not connected at the moment has a slot, if it is one that counts on coming back. Subscribers of changes are no standbys.
SELECT greatest((SELECT count(*) FROM pg_stat_replication r
        WHERE r.application_name NOT IN ('pg_basebackup', 'pg_receivewal')
          AND NOT EXISTS (SELECT FROM pg_replication_slots s WHERE s.active_pid = r.pid AND s.slot_type = 'logical')),
       (SELECT count(*) FROM pg_replication_slots WHERE slot_type = 'physical'))::int + pg_is_in_recovery()::int
