CREATE TABLE performance_monitoring.maintenance_task (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text        NOT NULL CHECK (kind IN ('analyze', 'vacuum', 'reindex', 'refresh', 'create_partitions', 'drop_partitions')),
    target       regclass    NOT NULL,
    every        interval    NOT NULL CHECK (every > interval '0'),
    keep         interval    CHECK (keep > interval '0'),
    months_ahead integer     CHECK (months_ahead BETWEEN 0 AND 120),
    next_at      timestamptz NOT NULL,
    cron_job     bigint,
    last_at      timestamptz,
    last_ms      double precision,
    last_error   text,
    scheduled_by text        NOT NULL DEFAULT current_user,
    UNIQUE (kind, target),
    CHECK ((kind = 'drop_partitions') = (keep IS NOT NULL))
);
COMMENT ON TABLE performance_monitoring.maintenance_task IS
    'What is to be done again and again; cron_job is set where pg_cron does it';

CREATE TABLE performance_monitoring.maintenance_log (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    task       bigint           NOT NULL,
    command    text             NOT NULL,
    started_at timestamptz      NOT NULL,
    took_ms    double precision NOT NULL,
    error      text,
    run_by     text             NOT NULL DEFAULT current_user
);
CREATE INDEX ON performance_monitoring.maintenance_log (started_at);
COMMENT ON TABLE performance_monitoring.maintenance_log IS
    'Maintenance that was run by run_maintenance() or hone refresh; what pg_cron runs is in cron.job_run_details';

-- Everybody who may use it sees all tasks, and touches those of relations that are their own: others run them with their rights.
ALTER TABLE performance_monitoring.maintenance_task ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON performance_monitoring.maintenance_task FOR SELECT USING (true);
CREATE POLICY own ON performance_monitoring.maintenance_task
    USING (EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = target AND pg_catalog.pg_has_role(c.relowner, 'USAGE')))
    WITH CHECK (EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = target AND pg_catalog.pg_has_role(c.relowner, 'USAGE')));
