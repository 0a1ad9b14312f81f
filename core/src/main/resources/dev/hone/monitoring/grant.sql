GRANT USAGE ON SCHEMA performance_monitoring TO /*role*/;
GRANT EXECUTE ON FUNCTION
    performance_monitoring.read_only_plans(text, integer, boolean, text),
    performance_monitoring.benchmark_query_detailed(text, integer, text, double precision, text),
    performance_monitoring.analyze_query_performance(text, boolean, text),
    performance_monitoring.get_slow_queries(double precision, integer),
    performance_monitoring.check_index_usage(text, bigint),
    performance_monitoring.time_partitions(regclass, text),
    performance_monitoring.create_monthly_partitions(regclass, integer, text),
    performance_monitoring.drop_old_partitions(regclass, interval, boolean, text),
    performance_monitoring.maintenance_command(performance_monitoring.maintenance_task),
    performance_monitoring.maintenance_done(bigint, text, timestamptz, text),
    performance_monitoring.run_maintenance(integer),
    performance_monitoring.cron_schedule(interval, timestamptz),
    performance_monitoring.cron_unschedule(text, regclass, bigint),
    performance_monitoring.schedule_maintenance(text, regclass, interval, timestamptz, interval, integer),
    performance_monitoring.unschedule_maintenance(text, regclass),
    performance_monitoring.refresh_pending(performance_monitoring.refresh_target, bigint),
    performance_monitoring.refresh_due(),
    performance_monitoring.is_trusted(oid, text[]),
    performance_monitoring.refresh_strangers(performance_monitoring.refresh_target, text[]),
    performance_monitoring.refresh_now(text, text[])
    TO /*role*/;
GRANT SELECT ON
    performance_monitoring.change_summary,
    performance_monitoring.test_run_summary,
    performance_monitoring.deployment_effect,
    performance_monitoring.maintenance_due,
    performance_monitoring.maintenance_log,
    performance_monitoring.trigger_time_summary,
    performance_monitoring.refresh_target,
    performance_monitoring.refresh_status
    TO /*role*/;
GRANT SELECT, INSERT ON performance_monitoring.test_run, performance_monitoring.benchmark_result TO /*role*/;
GRANT INSERT ON performance_monitoring.maintenance_log TO /*role*/;
GRANT SELECT, INSERT, UPDATE, DELETE ON performance_monitoring.maintenance_task TO /*role*/;
