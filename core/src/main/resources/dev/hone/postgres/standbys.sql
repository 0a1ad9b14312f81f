-- One that is not connected at the moment has a slot, if it is one that counts on coming back.
SELECT greatest((SELECT count(*) FROM pg_stat_replication), (SELECT count(*) FROM pg_replication_slots WHERE slot_type = 'physical'))::int
       + pg_is_in_recovery()::int
