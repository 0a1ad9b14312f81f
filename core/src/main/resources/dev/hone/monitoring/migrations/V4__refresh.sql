CREATE TABLE performance_monitoring.refresh_target (
    name            text             PRIMARY KEY,
    function_schema name             NOT NULL,
    function_name   name             NOT NULL,
    queue           regclass         NOT NULL,
    min_interval    interval         NOT NULL CHECK (min_interval >= interval '0'),
    max_staleness   interval         NOT NULL CHECK (max_staleness >= min_interval),
    batch_rows      integer          NOT NULL CHECK (batch_rows > 0),
    alert_ms        double precision NOT NULL CHECK (alert_ms > 0),
    last_at         timestamptz,
    last_ms         double precision,
    last_rows       bigint,
    refreshes       bigint           NOT NULL DEFAULT 0,
    failures        integer          NOT NULL DEFAULT 0,
    last_error      text
);
COMMENT ON TABLE performance_monitoring.refresh_target IS
    'What triggers of hone trigger and hone leaderboard keep up to date: function_name takes up to batch_rows from queue and acts on them; failures are those since the last success';

CREATE TABLE performance_monitoring.trigger_time (
    target     text             NOT NULL REFERENCES performance_monitoring.refresh_target ON UPDATE CASCADE ON DELETE CASCADE,
    hour       timestamptz      NOT NULL,
    statements bigint           NOT NULL,
    total_ms   double precision NOT NULL,
    max_ms     double precision NOT NULL,
    slow       bigint           NOT NULL,
    PRIMARY KEY (target, hour)
);
COMMENT ON TABLE performance_monitoring.trigger_time IS
    'Time that the triggers of a target took, by the hour; slow are the statements in which they took alert_ms or more';
