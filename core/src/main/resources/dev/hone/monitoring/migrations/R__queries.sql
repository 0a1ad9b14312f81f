CREATE OR REPLACE FUNCTION performance_monitoring.get_slow_queries(
    min_mean_ms double precision DEFAULT 100,
    max_rows    integer          DEFAULT 20)
RETURNS TABLE (
    queryid bigint, query text, calls bigint, mean_ms double precision, max_ms double precision, stddev_ms double precision,
    total_ms double precision, percent_of_time double precision, rows_per_call double precision,
    shared_hit bigint, shared_read bigint, read_ms double precision, temp_written bigint, role text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    place  text;
    newer  boolean;
BEGIN
    SELECT n.nspname INTO place
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname = 'pg_stat_statements';
    IF place IS NULL THEN
        RAISE EXCEPTION 'The extension pg_stat_statements is not in this database.'
            USING ERRCODE = 'undefined_object',
                  HINT = 'Add pg_stat_statements to shared_preload_libraries, restart, and CREATE EXTENSION pg_stat_statements; managed services have it loaded already.';
    END IF;
    -- Since version 1.11 of the extension the times of reading are told apart by what was read.
    SELECT count(*) > 0 INTO newer
    FROM pg_attribute a
    WHERE a.attrelid = format('%I.pg_stat_statements', place)::regclass AND a.attname = 'shared_blk_read_time';
    RETURN QUERY EXECUTE format($query$
        SELECT * FROM (
            SELECT s.queryid, s.query, s.calls, s.mean_exec_time, s.max_exec_time, s.stddev_exec_time, s.total_exec_time,
                   round((100 * s.total_exec_time / nullif(sum(s.total_exec_time) OVER (), 0))::numeric, 1)::double precision,
                   s.rows::double precision / greatest(s.calls, 1), s.shared_blks_hit, s.shared_blks_read, s.%I, s.temp_blks_written,
                   r.rolname::text
            FROM %I.pg_stat_statements s LEFT JOIN pg_roles r ON r.oid = s.userid
            WHERE s.dbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
        ) AS every
        WHERE mean_exec_time >= $1
        ORDER BY total_exec_time DESC
        LIMIT $2
        $query$, CASE WHEN newer THEN 'shared_blk_read_time' ELSE 'blk_read_time' END, place)
    USING min_mean_ms, max_rows;
END
$function$;
COMMENT ON FUNCTION performance_monitoring.get_slow_queries(double precision, integer) IS
    'The queries of this database whose calls take at least so many milliseconds on average, the one with the largest total first; from pg_stat_statements';
