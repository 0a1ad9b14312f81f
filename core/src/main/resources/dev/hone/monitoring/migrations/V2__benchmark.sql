CREATE TABLE performance_monitoring.test_run (
    name       text        PRIMARY KEY,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_by text        NOT NULL DEFAULT current_user,
    note       text
);
COMMENT ON TABLE performance_monitoring.test_run IS 'Results that belong together: a test run, one row each';

CREATE TABLE performance_monitoring.benchmark_result (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    test_run      text             NOT NULL REFERENCES performance_monitoring.test_run ON UPDATE CASCADE ON DELETE CASCADE,
    query         text             NOT NULL,
    iterations    integer          NOT NULL,
    min_ms        double precision NOT NULL,
    median_ms     double precision NOT NULL,
    mean_ms       double precision NOT NULL,
    p95_ms        double precision NOT NULL,
    max_ms        double precision NOT NULL,
    stddev_ms     double precision NOT NULL,
    planning_ms   double precision NOT NULL,
    rows          double precision NOT NULL,
    shared_hit    bigint           NOT NULL,
    shared_read   bigint           NOT NULL,
    temp_written  bigint           NOT NULL,
    top_node      text             NOT NULL,
    target_p95_ms double precision,
    met           boolean GENERATED ALWAYS AS (p95_ms <= target_p95_ms) STORED,
    plan          jsonb            NOT NULL,
    measured_at   timestamptz      NOT NULL DEFAULT clock_timestamp(),
    measured_by   text             NOT NULL DEFAULT current_user
);
CREATE INDEX ON performance_monitoring.benchmark_result (test_run);
COMMENT ON TABLE performance_monitoring.benchmark_result IS
    'What benchmark_query_detailed() measured: times in milliseconds, blocks and rows of an execution';
