-- Code of a role may run with the caller's rights if that role could take them anyway. To be a member of a role is not enough to run its
-- code: others are, too. SET ROLE would protect nobody, since what is called may take it back.
CREATE OR REPLACE FUNCTION performance_monitoring.is_trusted(role oid, trusted text[])
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT pg_has_role(o.owner, current_user, CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END)
           OR pg_get_userbyid(o.owner)::text = ANY (trusted)
           -- Who owns the database is trusted with all of it, but not with the cluster.
           OR o.owner = d.datdba AND NOT (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user)
    FROM pg_database d
    CROSS JOIN LATERAL (SELECT CASE WHEN pg_get_userbyid($1) = 'pg_database_owner' THEN d.datdba ELSE $1 END AS owner) AS o
    WHERE d.datname = current_database()
$function$;
COMMENT ON FUNCTION performance_monitoring.is_trusted(oid, text[]) IS
    'Whether code that a role can change may run with the rights of whoever asks';

-- The statements are parsed and not planned, which runs nothing and locks what they name: so nobody can put a view in a table's place, or
-- hang a trigger on it, until the transaction is over. What cannot be looked at is not run.
CREATE OR REPLACE FUNCTION performance_monitoring.refresh_strangers(target performance_monitoring.refresh_target, trusted text[])
RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
    functions_in oid := (SELECT n.oid FROM pg_namespace n WHERE n.nspname = target.function_schema);
    functions    name[] := target.function_name || target.calls::name[];
    statement    text;
    looked       refcursor;
    strangers    text;
BEGIN
    SELECT string_agg(format('%s belongs to role %I', o.what, pg_get_userbyid(o.owner)), ', ' ORDER BY o.what) INTO strangers
    FROM (
        SELECT 'schema ' || quote_ident(n.nspname) AS what, n.nspowner AS owner FROM pg_namespace n WHERE n.oid = functions_in
        UNION ALL
        SELECT 'function ' || p.oid::regprocedure, p.proowner FROM pg_proc p
        WHERE p.proname = ANY (functions) AND p.pronamespace = functions_in
        UNION ALL
        SELECT 'queue ' || c.oid::regclass, c.relowner FROM pg_class c WHERE c.oid = target.queue
    ) AS o
    WHERE NOT performance_monitoring.is_trusted(o.owner, trusted);
    IF strangers IS NOT NULL THEN
        RETURN strangers;
    END IF;
    IF coalesce(cardinality(target.statements), 0) = 0 THEN
        RETURN 'nobody noted what it runs: take it back and register it again';
    END IF;
    FOREACH statement IN ARRAY target.statements LOOP
        IF NOT EXISTS (SELECT FROM pg_proc p
                       WHERE p.pronamespace = functions_in AND p.proname = ANY (functions)
                         AND p.pronargs = 1 AND p.proargtypes[0] = 'integer'::regtype AND strpos(p.prosrc, statement) > 0) THEN
            RETURN format('what was noted of it is not what function %I.%I runs: take it back and register it again',
                          target.function_schema, target.function_name);
        END IF;
    END LOOP;
    PERFORM set_config('search_path', substr(c.setting, length('search_path=') + 1), true)
    FROM pg_proc p CROSS JOIN LATERAL unnest(p.proconfig) AS c(setting)
    WHERE p.proname = target.function_name AND p.pronamespace = functions_in
      AND p.pronargs = 1 AND p.proargtypes[0] = 'integer'::regtype AND c.setting LIKE 'search_path=%';
    FOREACH statement IN ARRAY target.statements LOOP
        -- EXECUTE would run what stands behind a semicolon. A cursor takes one statement only, and refuses others before it plans or
        -- runs any; as nothing is fetched from it, it explains nothing either.
        BEGIN
            OPEN looked FOR EXECUTE 'EXPLAIN ' || statement USING 0;
            CLOSE looked;
        EXCEPTION WHEN invalid_cursor_definition THEN
            RETURN 'what was noted of it is more than one statement: take it back and register it again';
        END;
        EXECUTE 'PREPARE hone_looks_at (integer) AS ' || statement;
        EXECUTE 'DEALLOCATE hone_looks_at';
    END LOOP;
    PERFORM set_config('search_path', 'pg_catalog, pg_temp', true);
    WITH RECURSIVE touched (oid) AS (
        SELECT l.relation FROM pg_locks l
        WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation'
          AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
        UNION
        SELECT i.inhrelid FROM touched t JOIN pg_inherits i ON i.inhparent = t.oid
    ),
    named AS (
        SELECT c.oid, c.relowner, CASE c.relkind WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialized view ' WHEN 'i' THEN 'index ' ELSE 'table ' END
                                  || c.oid::regclass AS what
        FROM touched t JOIN pg_class c ON c.oid = t.oid
        WHERE c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'performance_monitoring'::regnamespace)
    ),
    -- What is a part of it, of those that may call a function: what merely reads it, a view or a foreign key, is not.
    parts (oid, classid, objid) AS (
        SELECT n.oid, d.classid, d.objid
        FROM named n JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = n.oid AND d.deptype IN ('a', 'i')
        WHERE d.classid IN ('pg_trigger'::regclass, 'pg_attrdef'::regclass, 'pg_constraint'::regclass, 'pg_policy'::regclass,
                            'pg_rewrite'::regclass, 'pg_statistic_ext'::regclass)
        UNION
        SELECT n.oid, 'pg_class'::regclass, i.indexrelid FROM named n JOIN pg_index i ON i.indrelid = n.oid
        UNION
        -- Keys of partitions, and generated columns before 15.
        SELECT n.oid, 'pg_class'::regclass, n.oid FROM named n
    )
    SELECT string_agg(format('%s belongs to role %I', o.what, pg_get_userbyid(o.owner)), ', ' ORDER BY o.what) INTO strangers
    FROM (
        SELECT n.what, n.relowner AS owner FROM named n
        UNION
        SELECT format('function %s of %s', p.oid::regproc, n.what), p.proowner
        FROM parts t
        JOIN named n ON n.oid = t.oid
        JOIN pg_depend d ON d.classid = t.classid AND d.objid = t.objid
        LEFT JOIN pg_operator o ON d.refclassid = 'pg_operator'::regclass AND o.oid = d.refobjid
        JOIN pg_proc p ON p.oid = coalesce(o.oprcode, CASE WHEN d.refclassid = 'pg_proc'::regclass THEN d.refobjid END)
    ) AS o
    WHERE NOT performance_monitoring.is_trusted(o.owner, trusted);
    RETURN strangers;
END
$function$;
COMMENT ON FUNCTION performance_monitoring.refresh_strangers(performance_monitoring.refresh_target, text[]) IS
    'Part of refresh_now(): what a refresh would run or write to though a role can change it that the caller does not trust; null if nothing';

CREATE OR REPLACE FUNCTION performance_monitoring.refresh_pending(
    target performance_monitoring.refresh_target, most bigint, OUT pending bigint, OUT oldest timestamptz, OUT newest timestamptz, OUT is_full boolean)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    -- Whoever looks lends his rights to what the queue's owner has hung on it, so there must be nothing; or the owner is trusted.
    EXECUTE format('LOCK TABLE ONLY %s IN ACCESS SHARE MODE', target.queue);
    IF NOT EXISTS (
        SELECT FROM pg_class c
        WHERE c.oid = target.queue
          AND (performance_monitoring.is_trusted(c.relowner, '{}')
               OR c.relkind = 'r' AND NOT c.relhasrules AND NOT c.relrowsecurity AND NOT c.relhassubclass AND c.relchecks = 0
                  AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL))
                  AND NOT EXISTS (SELECT FROM pg_statistic_ext e WHERE e.stxrelid = c.oid)
                  AND 2 = (SELECT count(*) FROM pg_attribute a
                           WHERE a.attrelid = c.oid AND a.attgenerated = ''
                             AND (a.attname, a.atttypid) IN (('at', 'timestamptz'::regtype), ('spent_ms', 'real'::regtype))))) THEN
        RAISE EXCEPTION 'not a plain table';
    END IF;
    EXECUTE format('SELECT count(*), min(at), max(at) FROM (SELECT at FROM ONLY %s WHERE spent_ms IS NULL LIMIT %s) AS waiting',
                   target.queue, coalesce(most::text, 'ALL'))
    INTO pending, oldest, newest;
    -- Times of triggers too: they are to be taken away even where nothing changes.
    EXECUTE format('SELECT count(*) >= %2$s FROM (SELECT FROM ONLY %1$s LIMIT %2$s) AS waiting', target.queue, target.batch_rows)
    INTO is_full;
EXCEPTION WHEN OTHERS THEN
    -- One queue that is gone or not to be read must not stop the rest: refresh_now() will meet the same and write it down.
    pending := NULL;
    oldest := NULL;
    newest := NULL;
    is_full := true;
END
$function$;
COMMENT ON FUNCTION performance_monitoring.refresh_pending(performance_monitoring.refresh_target, bigint) IS
    'How many changes wait for a target, counted up to so many (null for all), and since when; and whether batch_rows entries of any kind do. Pending is null where the queue cannot be read';

-- Not before the least interval is over, longer after failures; then in a lull of that length, or when the oldest change has waited
-- as long as it may, or a batch is full.
CREATE OR REPLACE FUNCTION performance_monitoring.refresh_due()
RETURNS TABLE (name text, pending bigint, oldest timestamptz)
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT t.name, p.pending, p.oldest
    FROM performance_monitoring.refresh_target t
    -- Asked every second: a batch is as many as it needs to know of.
    CROSS JOIN LATERAL performance_monitoring.refresh_pending(t, t.batch_rows) AS p
    WHERE (p.pending > 0 OR p.is_full)
      AND clock_timestamp() >= coalesce(t.last_at, '-infinity') + greatest(t.min_interval, CASE WHEN t.failures > 0 THEN interval '1 s' END)
                                                                  * (2 ^ least(t.failures, 8))
      AND (clock_timestamp() >= p.newest + t.min_interval
           OR clock_timestamp() >= p.oldest + t.max_staleness
           OR p.is_full)
    ORDER BY p.oldest
$function$;
COMMENT ON FUNCTION performance_monitoring.refresh_due() IS 'The targets that refresh_now() would refresh now, the longest waiting first; pending is counted up to batch_rows';

-- One transaction: what is taken from the queue and what is made of it happen together or not at all, and whoever is killed loses
-- nothing. The lock keeps two from the same target; it ends with the transaction.
CREATE OR REPLACE FUNCTION performance_monitoring.refresh_now(
    target text, trusted text[] DEFAULT '{}', OUT outcome text, OUT changed bigint, OUT took_ms double precision, OUT error text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_variable
DECLARE
    it        performance_monitoring.refresh_target;
    began     timestamptz := clock_timestamp();
    strangers text;
BEGIN
    IF NOT pg_try_advisory_xact_lock(1752133222, hashtext(target)) THEN
        outcome := 'busy';
        RETURN;
    END IF;
    SELECT t.* INTO it FROM performance_monitoring.refresh_target t WHERE t.name = target;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'There is nothing of the name % to refresh.', target
            USING ERRCODE = 'undefined_object', HINT = 'SELECT name FROM performance_monitoring.refresh_target';
    END IF;
    BEGIN
        strangers := performance_monitoring.refresh_strangers(it, trusted);
        IF strangers IS NOT NULL THEN
            outcome := 'refused';
            error := format('it could be made to run anything with the rights of role %I, for %s', current_user, strangers);
            -- Others may refresh it: for them it has not failed.
            RETURN;
        END IF;
        EXECUTE format('SELECT %I.%I($1)', it.function_schema, it.function_name) INTO changed USING it.batch_rows;
        outcome := 'refreshed';
    EXCEPTION WHEN OTHERS THEN
        outcome := 'failed';
        changed := NULL;
        error := SQLERRM;
    END;
    took_ms := extract(epoch FROM clock_timestamp() - began) * 1000;
    UPDATE performance_monitoring.refresh_target t
    SET last_at = clock_timestamp(), last_ms = took_ms, last_rows = changed, last_error = error,
        refreshes = t.refreshes + (outcome = 'refreshed')::integer,
        failures = CASE WHEN outcome = 'refreshed' THEN 0 ELSE t.failures + 1 END
    WHERE t.name = target;
END
$function$;
COMMENT ON FUNCTION performance_monitoring.refresh_now(text, text[]) IS
    'Takes what waits for a target from its queue and refreshes it, at once; outcome is refreshed, failed (nothing was taken), busy (another session is at it), or refused: it would run code of a role that could not take the caller''s rights itself and is not among the trusted';

CREATE OR REPLACE VIEW performance_monitoring.refresh_status AS
SELECT t.name, p.pending, p.oldest, p.pending IS NULL OR coalesce(p.oldest < clock_timestamp() - t.max_staleness, false) AS stale,
       t.last_at, t.last_ms, t.last_rows, t.refreshes, t.failures, t.last_error, t.min_interval, t.max_staleness
FROM performance_monitoring.refresh_target t
CROSS JOIN LATERAL performance_monitoring.refresh_pending(t, NULL) AS p;
COMMENT ON VIEW performance_monitoring.refresh_status IS
    'What is kept up to date, what waits for it, and whether it waits longer than it may: then no worker runs, or it is too slow';

CREATE OR REPLACE VIEW performance_monitoring.trigger_time_summary AS
SELECT t.name AS target,
       coalesce(sum(h.statements), 0)::bigint AS statements,
       sum(h.total_ms) / nullif(sum(h.statements), 0) AS mean_ms,
       max(h.max_ms) AS max_ms,
       t.alert_ms,
       coalesce(sum(h.slow), 0)::bigint AS slow,
       coalesce(sum(h.slow), 0) > 0 AS alert
FROM performance_monitoring.refresh_target t
LEFT JOIN performance_monitoring.trigger_time h ON h.target = t.name AND h.hour >= clock_timestamp() - interval '25 hours'
GROUP BY t.name;
COMMENT ON VIEW performance_monitoring.trigger_time_summary IS
    'Time that the triggers of each target took of the statements that fired them, in the last day; alert if some took alert_ms or more';
