-- The journal of deployments. `hone apply` runs this when it first needs it, and `hone install` as its first migration: there is
-- one definition only, and it may be run again over what an earlier Hone made.
CREATE TABLE IF NOT EXISTS performance_monitoring.optimization_log (
    deployment     text        NOT NULL,
    step           integer     NOT NULL,
    changes_digest text        NOT NULL,
    change_title   text        NOT NULL,
    change         jsonb       NOT NULL,
    sql            text[]      NOT NULL,
    undo_sql       text[]      NOT NULL,
    state          text        NOT NULL,
    indexes        jsonb       NOT NULL DEFAULT '[]',
    index_oid      oid,
    before         jsonb,
    guard          jsonb,
    details        text,
    error          text,
    created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at     timestamptz,
    finished_at    timestamptz,
    undone_at      timestamptz,
    applied_by     text        NOT NULL DEFAULT session_user,
    hone_version   text        NOT NULL,
    PRIMARY KEY (deployment, step)
);

ALTER TABLE performance_monitoring.optimization_log ADD COLUMN IF NOT EXISTS before jsonb;
ALTER TABLE performance_monitoring.optimization_log ADD COLUMN IF NOT EXISTS guard jsonb;

COMMENT ON TABLE performance_monitoring.optimization_log IS
    'What Hone changed in this database, and what takes it back: one row a step';
