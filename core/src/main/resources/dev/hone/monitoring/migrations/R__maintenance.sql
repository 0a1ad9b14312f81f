CREATE OR REPLACE FUNCTION performance_monitoring.maintenance_command(task performance_monitoring.maintenance_task)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT CASE task.kind
        WHEN 'analyze' THEN format('ANALYZE %s', c.oid::regclass)
        WHEN 'vacuum' THEN format('VACUUM (ANALYZE) %s', c.oid::regclass)
        WHEN 'reindex' THEN format('REINDEX %s CONCURRENTLY %s', CASE WHEN c.relkind IN ('i', 'I') THEN 'INDEX' ELSE 'TABLE' END, c.oid::regclass)
        WHEN 'refresh' THEN format('REFRESH MATERIALIZED VIEW %s%s', CASE WHEN concurrent.possible THEN 'CONCURRENTLY ' ELSE '' END, c.oid::regclass)
        WHEN 'create_partitions' THEN
            format('SELECT * FROM performance_monitoring.create_monthly_partitions(%L, %s)', c.oid::regclass, coalesce(task.months_ahead, 3))
        WHEN 'drop_partitions' THEN
            format('SELECT * FROM performance_monitoring.drop_old_partitions(%L, %L, false)', c.oid::regclass, task.keep)
    END
    FROM pg_class c
    CROSS JOIN LATERAL (
        SELECT c.relispopulated AND EXISTS (
            SELECT FROM pg_index i
            WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL) AS possible
    ) AS concurrent
    WHERE c.oid = task.target
$function$;
COMMENT ON FUNCTION performance_monitoring.maintenance_command(performance_monitoring.maintenance_task) IS
    'The statement that a task of maintenance runs; null if its target is gone';

CREATE OR REPLACE VIEW performance_monitoring.maintenance_due AS
SELECT t.id AS task, t.kind, t.target::text AS target, t.next_at AS due_since,
       -- The rest cannot run inside a function.
       t.kind NOT IN ('vacuum', 'reindex') AS by_function,
       coalesce(pg_has_role(c.relowner, 'USAGE'), true) AS own,
       performance_monitoring.maintenance_command(t) AS command
FROM performance_monitoring.maintenance_task t LEFT JOIN pg_class c ON c.oid = t.target
WHERE t.cron_job IS NULL AND t.next_at <= clock_timestamp()
ORDER BY t.next_at, t.id;
COMMENT ON VIEW performance_monitoring.maintenance_due IS
    'What is due now, with its statement: run_maintenance() runs those that are by_function, hone refresh all of them';

-- Writes down that a task has run, and when it is to run next: at its own hour again, however late it was.
CREATE OR REPLACE FUNCTION performance_monitoring.maintenance_done(
    task bigint, command text, started_at timestamptz, error text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_variable
DECLARE
    took_ms double precision := extract(epoch FROM clock_timestamp() - started_at) * 1000;
BEGIN
    INSERT INTO performance_monitoring.maintenance_log (task, command, started_at, took_ms, error)
    VALUES (task, coalesce(command, ''), started_at, took_ms, error);
    UPDATE performance_monitoring.maintenance_task t
    SET last_at = started_at, last_ms = took_ms, last_error = error,
        -- Months are not all equally long: no number of seconds says how many of them have passed.
        next_at = CASE WHEN t.every >= interval '28 days'
            THEN (SELECT min(at.at) FROM (SELECT t.next_at + t.every * n AS at FROM generate_series(1, 10000) n) AS at WHERE at.at > clock_timestamp())
            ELSE t.next_at + t.every * (floor(greatest(extract(epoch FROM clock_timestamp() - t.next_at), 0) / extract(epoch FROM t.every)) + 1)
        END
    WHERE t.id = task;
    -- Nor are days.
    UPDATE performance_monitoring.maintenance_task t SET next_at = t.next_at + t.every
    WHERE t.id = task AND t.next_at <= clock_timestamp();
END
$function$;
COMMENT ON FUNCTION performance_monitoring.maintenance_done(bigint, text, timestamptz, text) IS
    'Part of run_maintenance() and hone refresh';

CREATE OR REPLACE FUNCTION performance_monitoring.run_maintenance(max_tasks integer DEFAULT 100)
RETURNS TABLE (task bigint, command text, took_ms double precision, error text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_variable
DECLARE
    due        performance_monitoring.maintenance_task;
    started_at timestamptz;
BEGIN
    FOR due IN
        SELECT t.* FROM performance_monitoring.maintenance_task t
        LEFT JOIN pg_class c ON c.oid = t.target
        WHERE t.cron_job IS NULL AND t.next_at <= clock_timestamp() AND t.kind NOT IN ('vacuum', 'reindex')
          -- What belongs to others is theirs to run.
          AND (c.oid IS NULL OR pg_has_role(c.relowner, 'USAGE'))
        ORDER BY t.next_at, t.id
        LIMIT max_tasks
        -- Another one at the same work takes other tasks.
        FOR UPDATE OF t SKIP LOCKED
    LOOP
        task := due.id;
        error := NULL;
        started_at := clock_timestamp();
        command := performance_monitoring.maintenance_command(due);
        BEGIN
            IF command IS NULL THEN
                RAISE EXCEPTION 'The target of this task is gone: %', due.target USING HINT = 'unschedule_maintenance() forgets it.';
            END IF;
            EXECUTE command;
        EXCEPTION WHEN OTHERS THEN
            error := SQLERRM;
        END;
        took_ms := extract(epoch FROM clock_timestamp() - started_at) * 1000;
        PERFORM performance_monitoring.maintenance_done(task, command, started_at, error);
        RETURN NEXT;
    END LOOP;
END
$function$;
COMMENT ON FUNCTION performance_monitoring.run_maintenance(integer) IS
    'Runs what is due and can run inside a function, each task for itself: one that fails is written down and stops no other';

-- How pg_cron writes a time to repeat; null for one that it cannot. Its hours are those of cron.timezone.
CREATE OR REPLACE FUNCTION performance_monitoring.cron_schedule(every interval, first_at timestamptz)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT CASE
        WHEN every = interval '1 month' AND extract(day FROM at) <= 28 THEN to_char(at, 'FMMI FMHH24 FMDD') || ' * *'
        WHEN every = interval '7 days' THEN to_char(at, 'FMMI FMHH24') || ' * * ' || extract(dow FROM at)
        WHEN every = interval '1 day' THEN to_char(at, 'FMMI FMHH24') || ' * * *'
        WHEN seconds >= 3600 AND mod(86400, seconds::bigint) = 0 AND mod(seconds::bigint, 3600) = 0
            THEN to_char(at, 'FMMI') || CASE seconds WHEN 3600 THEN ' *' ELSE ' */' || seconds::bigint / 3600 END || ' * * *'
        WHEN seconds >= 60 AND mod(3600, seconds::bigint) = 0 AND mod(seconds::bigint, 60) = 0
            THEN '*/' || seconds::bigint / 60 || ' * * * *'
    END
    FROM (SELECT first_at AT TIME ZONE coalesce(nullif(current_setting('cron.timezone', true), ''), 'GMT') AS at,
                 extract(epoch FROM every)::numeric AS seconds) AS parts
$function$;
COMMENT ON FUNCTION performance_monitoring.cron_schedule(interval, timestamptz) IS 'Part of schedule_maintenance()';

-- By number, unless that is another job's by now, or by name. A job that cannot be ended would go on with what it was made for.
CREATE OR REPLACE FUNCTION performance_monitoring.cron_unschedule(kind text, target regclass, job bigint)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_variable
DECLARE
    ended bigint := 0;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron') THEN
        RETURN;
    END IF;
    IF has_schema_privilege('cron', 'USAGE') THEN
        EXECUTE 'SELECT count(*) FILTER (WHERE cron.unschedule(j.jobid)) FROM cron.job j
                 WHERE j.database = current_database()
                   AND (j.jobid = $1 AND starts_with(j.jobname, $2) OR j.jobname = $2 || $3)'
        INTO ended USING job, format('hone %s ', kind), target::text;
    END IF;
    IF job IS NOT NULL AND ended = 0 THEN
        RAISE EXCEPTION 'Job % of pg_cron, which does this task, was not found among those of role %.', job, current_user
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'Do it as the role in scheduled_by. If the job is gone: UPDATE performance_monitoring.maintenance_task SET cron_job = NULL';
    END IF;
END
$function$;
COMMENT ON FUNCTION performance_monitoring.cron_unschedule(text, regclass, bigint) IS
    'Part of schedule_maintenance() and unschedule_maintenance()';

CREATE OR REPLACE FUNCTION performance_monitoring.schedule_maintenance(
    kind         text,
    target       regclass,
    every        interval,
    first_at     timestamptz DEFAULT now(),
    keep         interval    DEFAULT NULL,
    months_ahead integer     DEFAULT NULL)
RETURNS performance_monitoring.maintenance_task
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_variable
DECLARE
    relation record;
    wanted   text[];
    task     performance_monitoring.maintenance_task;
    schedule text;
BEGIN
    SELECT c.relkind, pg_has_role(c.relowner, 'USAGE') AS ours INTO relation FROM pg_class c WHERE c.oid = target;
    IF relation IS NULL THEN
        RAISE EXCEPTION 'There is no relation %.', target USING ERRCODE = 'undefined_table';
    END IF;
    wanted := CASE kind
        WHEN 'analyze' THEN '{r,p,m,f}'
        WHEN 'vacuum' THEN '{r,p,m}'
        WHEN 'reindex' THEN '{r,m,i,p,I}'
        WHEN 'refresh' THEN '{m}'
        WHEN 'create_partitions' THEN '{p}'
        WHEN 'drop_partitions' THEN '{p}'
    END;
    IF wanted IS NULL THEN
        RAISE EXCEPTION 'There is no maintenance of the kind %.', kind
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Kinds: analyze, vacuum, reindex, refresh, create_partitions, drop_partitions.';
    END IF;
    IF NOT relation.relkind::text = ANY (wanted) THEN
        RAISE EXCEPTION '% cannot be maintained by %.', target, kind USING ERRCODE = 'wrong_object_type';
    END IF;
    IF NOT relation.ours THEN
        RAISE EXCEPTION 'Role % does not own %.', current_user, target USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF kind = 'drop_partitions' AND keep IS NULL THEN
        RAISE EXCEPTION 'drop_partitions needs keep, the time to keep rows for.' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- What pg_cron has of it was written for other times, and other rows to keep.
    PERFORM performance_monitoring.cron_unschedule(
        kind, target, (SELECT t.cron_job FROM performance_monitoring.maintenance_task t WHERE t.kind = kind AND t.target = target));
    INSERT INTO performance_monitoring.maintenance_task AS t (kind, target, every, keep, months_ahead, next_at)
    VALUES (kind, target, every, keep, months_ahead, first_at)
    ON CONFLICT ON CONSTRAINT maintenance_task_kind_target_key DO UPDATE
    SET every = excluded.every, keep = excluded.keep, months_ahead = excluded.months_ahead, next_at = excluded.next_at,
        cron_job = NULL, scheduled_by = excluded.scheduled_by
    RETURNING * INTO task;
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron') THEN
        schedule := performance_monitoring.cron_schedule(every, first_at);
        IF schedule IS NULL THEN
            RAISE NOTICE 'pg_cron knows no schedule for every %: run_maintenance() or hone refresh has to run this task.', every;
        ELSIF NOT has_schema_privilege('cron', 'USAGE') THEN
            RAISE NOTICE 'Role % may not use pg_cron: run_maintenance() or hone refresh has to run this task.', current_user
                USING HINT = 'GRANT USAGE ON SCHEMA cron';
        ELSE
            EXECUTE 'SELECT cron.schedule($1, $2, $3)' INTO task.cron_job
            USING format('hone %s %s', kind, target), schedule, performance_monitoring.maintenance_command(task);
        END IF;
    END IF;
    UPDATE performance_monitoring.maintenance_task t SET cron_job = task.cron_job WHERE t.id = task.id;
    RETURN task;
END
$function$;
COMMENT ON FUNCTION performance_monitoring.schedule_maintenance(text, regclass, interval, timestamptz, interval, integer) IS
    'Has a table, index or view maintained again and again: by pg_cron where it is installed, else by run_maintenance() or hone refresh';

CREATE OR REPLACE FUNCTION performance_monitoring.unschedule_maintenance(kind text, target regclass)
RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_variable
DECLARE
    job bigint;
BEGIN
    DELETE FROM performance_monitoring.maintenance_task t WHERE t.kind = kind AND t.target = target RETURNING t.cron_job INTO job;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM performance_monitoring.cron_unschedule(kind, target, job);
    RETURN true;
END
$function$;
COMMENT ON FUNCTION performance_monitoring.unschedule_maintenance(text, regclass) IS
    'Ends what schedule_maintenance() began; false if there was nothing';
