CREATE OR REPLACE FUNCTION performance_monitoring.refresh_pending(
    target performance_monitoring.refresh_target, OUT pending bigint, OUT oldest timestamptz, OUT newest timestamptz, OUT is_full boolean)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    -- A batch is as many as anybody needs to know of.
    EXECUTE format('SELECT count(*), min(at), max(at) FROM (SELECT at FROM %s WHERE spent_ms IS NULL LIMIT %s) AS waiting',
                   target.queue, target.batch_rows)
    INTO pending, oldest, newest;
    -- Times of triggers too: they are to be taken away even where nothing changes.
    EXECUTE format('SELECT count(*) >= %2$s FROM (SELECT FROM %1$s LIMIT %2$s) AS waiting', target.queue, target.batch_rows)
    INTO is_full;
EXCEPTION WHEN OTHERS THEN
    -- One queue that is gone or not to be read must not stop the rest: refresh_now() will meet the same and write it down.
    pending := NULL;
    oldest := NULL;
    newest := NULL;
    is_full := true;
END
$function$;
COMMENT ON FUNCTION performance_monitoring.refresh_pending(performance_monitoring.refresh_target) IS
    'How many changes wait for a target, up to its batch_rows, and since when; and whether as many entries of any kind do. Pending is null where the queue cannot be read';

-- Not before the least interval is over, longer after failures; then in a lull of that length, or when the oldest change has waited
-- as long as it may, or a batch is full.
CREATE OR REPLACE FUNCTION performance_monitoring.refresh_due()
RETURNS TABLE (name text, pending bigint, oldest timestamptz)
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT t.name, p.pending, p.oldest
    FROM performance_monitoring.refresh_target t
    CROSS JOIN LATERAL performance_monitoring.refresh_pending(t) AS p
    WHERE (p.pending > 0 OR p.is_full)
      AND clock_timestamp() >= coalesce(t.last_at, '-infinity') + greatest(t.min_interval, CASE WHEN t.failures > 0 THEN interval '1 s' END)
                                                                  * (2 ^ least(t.failures, 8))
      AND (clock_timestamp() >= p.newest + t.min_interval
           OR clock_timestamp() >= p.oldest + t.max_staleness
           OR p.is_full)
    ORDER BY p.oldest
$function$;
COMMENT ON FUNCTION performance_monitoring.refresh_due() IS 'The targets that refresh_now() would refresh now, the longest waiting first';

-- One transaction: what is taken from the queue and what is made of it happen together or not at all, and whoever is killed loses
-- nothing. The lock keeps two from the same target; it ends with the transaction.
CREATE OR REPLACE FUNCTION performance_monitoring.refresh_now(
    target text, OUT outcome text, OUT changed bigint, OUT took_ms double precision, OUT error text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_variable
DECLARE
    it      performance_monitoring.refresh_target;
    began   timestamptz := clock_timestamp();
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
COMMENT ON FUNCTION performance_monitoring.refresh_now(text) IS
    'Takes what waits for a target from its queue and refreshes it, at once; outcome is refreshed, failed (nothing was taken), or busy (another session is at it)';

CREATE OR REPLACE VIEW performance_monitoring.refresh_status AS
SELECT t.name, p.pending, p.oldest, p.pending IS NULL OR coalesce(p.oldest < clock_timestamp() - t.max_staleness, false) AS stale,
       t.last_at, t.last_ms, t.last_rows, t.refreshes, t.failures, t.last_error, t.min_interval, t.max_staleness
FROM performance_monitoring.refresh_target t
CROSS JOIN LATERAL performance_monitoring.refresh_pending(t) AS p;
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
