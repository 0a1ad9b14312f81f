-- It takes an argument more; R__refresh makes both anew.
DROP VIEW IF EXISTS performance_monitoring.refresh_status;
DROP FUNCTION IF EXISTS performance_monitoring.refresh_pending(performance_monitoring.refresh_target);
