SELECT pg_is_in_recovery() AS standby,
       current_setting('transaction_read_only') = 'on' AND NOT pg_is_in_recovery() AS read_only,
       pg_has_role('pg_read_all_stats', 'USAGE') AS sees_others,
       current_user::text AS role
