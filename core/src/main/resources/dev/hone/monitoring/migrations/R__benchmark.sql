-- Plans of executions that change nothing: read-only, in a subtransaction that is taken back. A loop over a dynamic query takes
-- one statement only, so that nothing can hide behind a semicolon.
CREATE OR REPLACE FUNCTION performance_monitoring.read_only_plans(query text, times integer, execute boolean, path text)
RETURNS jsonb[]
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    plans  jsonb[] := '{}';
    plan   text;
    prefix text := CASE WHEN execute THEN 'EXPLAIN (ANALYZE, BUFFERS, VERBOSE, TIMING OFF, FORMAT JSON) '
                        ELSE 'EXPLAIN (VERBOSE, FORMAT JSON) ' END;
BEGIN
    IF query IS NULL OR btrim(query, E' \t\r\n;') = '' THEN
        RAISE EXCEPTION 'There is no query.' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    BEGIN
        PERFORM set_config('transaction_read_only', 'on', true), set_config('search_path', path, true);
        FOR i IN 1..times LOOP
            FOR plan IN EXECUTE prefix || query LOOP
                plans := plans || plan::jsonb;
            END LOOP;
        END LOOP;
        RAISE EXCEPTION USING ERRCODE = 'HONE1', MESSAGE = 'taken back';
    EXCEPTION
        WHEN SQLSTATE 'HONE1' THEN
            NULL;
        WHEN invalid_cursor_definition THEN
            RAISE EXCEPTION 'This is not one query: %', left(query, 200)
                USING ERRCODE = 'invalid_cursor_definition', HINT = 'Give one statement. Nothing was run.';
        WHEN read_only_sql_transaction THEN
            RAISE EXCEPTION 'This query writes (%): %', SQLERRM, left(query, 200)
                USING ERRCODE = 'read_only_sql_transaction', HINT = 'Only queries that read are run here. Nothing was changed.';
    END;
    RETURN plans;
END
$function$;
COMMENT ON FUNCTION performance_monitoring.read_only_plans(text, integer, boolean, text) IS
    'Part of benchmark_query_detailed() and analyze_query_performance()';

CREATE OR REPLACE FUNCTION performance_monitoring.benchmark_query_detailed(
    query         text,
    iterations    integer          DEFAULT 10,
    test_run      text             DEFAULT NULL,
    target_p95_ms double precision DEFAULT NULL,
    -- A default is worked out where the function is called: names in the query mean what they mean to the caller.
    path          text             DEFAULT current_setting('search_path'))
RETURNS performance_monitoring.benchmark_result
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
    plans  jsonb[];
    run    text := coalesce(test_run, 'at ' || to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'));
    result performance_monitoring.benchmark_result;
BEGIN
    IF iterations IS NULL OR iterations NOT BETWEEN 1 AND 10000 THEN
        RAISE EXCEPTION 'iterations must be from 1 to 10000, not %', iterations USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- The first execution fills caches and is not counted.
    plans := performance_monitoring.read_only_plans(
        benchmark_query_detailed.query, iterations + 1, true, benchmark_query_detailed.path);
    INSERT INTO performance_monitoring.test_run (name) VALUES (run) ON CONFLICT (name) DO NOTHING;
    INSERT INTO performance_monitoring.benchmark_result (
        test_run, query, iterations, min_ms, median_ms, mean_ms, p95_ms, max_ms, stddev_ms, planning_ms,
        rows, shared_hit, shared_read, temp_written, top_node, target_p95_ms, plan)
    SELECT run, benchmark_query_detailed.query, benchmark_query_detailed.iterations,
           min(ms), percentile_cont(0.5) WITHIN GROUP (ORDER BY ms), avg(ms),
           percentile_cont(0.95) WITHIN GROUP (ORDER BY ms), max(ms), coalesce(stddev_samp(ms), 0),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY planning),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY returned),
           percentile_disc(0.5) WITHIN GROUP (ORDER BY hit), percentile_disc(0.5) WITHIN GROUP (ORDER BY read),
           percentile_disc(0.5) WITHIN GROUP (ORDER BY temp),
           plans[cardinality(plans)] -> 0 -> 'Plan' ->> 'Node Type',
           benchmark_query_detailed.target_p95_ms, plans[cardinality(plans)]
    FROM (
        SELECT (one -> 0 ->> 'Execution Time')::double precision AS ms,
               (one -> 0 ->> 'Planning Time')::double precision AS planning,
               (one -> 0 -> 'Plan' ->> 'Actual Rows')::double precision AS returned,
               (one -> 0 -> 'Plan' ->> 'Shared Hit Blocks')::bigint AS hit,
               (one -> 0 -> 'Plan' ->> 'Shared Read Blocks')::bigint AS read,
               (one -> 0 -> 'Plan' ->> 'Temp Written Blocks')::bigint AS temp
        FROM unnest(plans) WITH ORDINALITY AS each(one, number)
        WHERE number > 1
    ) AS executions
    RETURNING * INTO result;
    RETURN result;
END
$function$;
COMMENT ON FUNCTION performance_monitoring.benchmark_query_detailed(text, integer, text, double precision, text) IS
    'Runs a query that only reads a number of times, after one run that is not counted, and writes its times down under a test run';

CREATE OR REPLACE FUNCTION performance_monitoring.analyze_query_performance(
    query   text,
    execute boolean DEFAULT true,
    path    text    DEFAULT current_setting('search_path'))
RETURNS TABLE (severity text, node text, finding text, hint text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
    whole jsonb;
BEGIN
    whole := (performance_monitoring.read_only_plans(
        analyze_query_performance.query, 1, analyze_query_performance.execute, analyze_query_performance.path))[1] -> 0;
    RETURN QUERY
    WITH RECURSIVE tree AS (
        SELECT ARRAY[1] AS place, whole -> 'Plan' AS step
        UNION ALL
        SELECT tree.place || child.number::integer, child.step
        FROM tree, jsonb_array_elements(tree.step -> 'Plans') WITH ORDINALITY AS child(step, number)
    ), nodes AS (
        SELECT place, step,
               (step ->> 'Node Type')
                   || coalesce(' on ' || quote_ident(step ->> 'Schema') || '.' || quote_ident(step ->> 'Relation Name'),
                               ' on ' || quote_ident(step ->> 'Relation Name'), '')
                   || coalesce(' using ' || quote_ident(step ->> 'Index Name'), '') AS name,
               coalesce((step ->> 'Actual Loops')::double precision, 0) AS loops,
               (step ->> 'Actual Rows')::double precision AS actual,
               (step ->> 'Plan Rows')::double precision AS planned,
               coalesce((step ->> 'Rows Removed by Filter')::double precision, 0) AS removed,
               (step ->> 'Sort Space Used')::bigint AS sort_kb,
               (step ->> 'Temp Written Blocks')::bigint AS temp
        FROM tree
    ), misses AS (
        SELECT nodes.*, greatest(actual, 1) / greatest(planned, 1) AS ratio
        FROM nodes
        WHERE loops > 0
    ), found AS (
        SELECT 0 AS rank, place, 'info' AS severity, name AS node,
               CASE WHEN whole ? 'Execution Time'
                    THEN format('took %s ms, and %s ms to plan; %s rows', round((whole ->> 'Execution Time')::numeric, 3),
                                round((whole ->> 'Planning Time')::numeric, 3), step ->> 'Actual Rows')
                    ELSE format('cost %s, %s rows expected', step ->> 'Total Cost', step ->> 'Plan Rows') END AS finding,
               NULL AS hint
        FROM nodes WHERE place = ARRAY[1]
        UNION ALL
        -- The worst estimate only: those above it follow from it.
        (SELECT 1, place, 'warning', name,
                format('%s rows expected, %s came%s: %s times too %s', planned, actual, CASE WHEN loops > 1 THEN ' each of ' || loops || ' times' ELSE '' END,
                       round(greatest(ratio, 1 / ratio)::numeric), CASE WHEN ratio > 1 THEN 'few' ELSE 'many' END),
                'ANALYZE the tables; if it stays, CREATE STATISTICS on the columns that belong together, or a higher statistics target.'
         FROM misses WHERE ratio >= 10 OR ratio <= 0.1
         ORDER BY greatest(ratio, 1 / ratio) DESC, place DESC LIMIT 1)
        UNION ALL
        SELECT 2, place, 'warning', name,
               format('read the whole table and left out %s of %s rows', removed * loops, (removed + actual) * loops),
               'An index for: ' || coalesce(step ->> 'Filter', '')
        FROM nodes
        WHERE step ->> 'Node Type' = 'Seq Scan' AND (removed + actual) * loops >= 10000 AND removed >= 9 * actual
        UNION ALL
        SELECT 2, place, 'warning', name, format('will read the whole table, of some %s rows', big.reltuples),
               'An index for: ' || coalesce(step ->> 'Filter', '')
        FROM nodes
        CROSS JOIN LATERAL (
            SELECT max(c.reltuples) AS reltuples FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relname = step ->> 'Relation Name' AND n.nspname = step ->> 'Schema') AS big
        WHERE NOT whole ? 'Execution Time' AND step ->> 'Node Type' = 'Seq Scan' AND step ? 'Filter'
          AND big.reltuples >= 10000 AND planned <= big.reltuples / 10
        UNION ALL
        SELECT 3, place, 'warning', name, format('left out %s rows that its index had found; %s stayed', removed * loops, actual * loops),
               'Add the columns of this condition to the index: ' || coalesce(step ->> 'Filter', '')
        FROM nodes
        WHERE step ->> 'Node Type' IN ('Index Scan', 'Index Only Scan', 'Bitmap Heap Scan') AND removed * loops >= 1000 AND removed >= 9 * actual
        UNION ALL
        SELECT 4, place, 'warning', name, format('sorted %s kB on disk', sort_kb),
               format('SET work_mem above %s MB for this query, or an index in the order of: %s',
                      ceil(sort_kb * 2 / 1024.0), (SELECT string_agg(key, ', ') FROM jsonb_array_elements_text(step -> 'Sort Key') AS key))
        FROM nodes WHERE step ->> 'Sort Space Type' = 'Disk'
        UNION ALL
        SELECT 4, place, 'warning', name, format('hashed in %s parts, on disk', step ->> 'Hash Batches'),
               'SET work_mem (or hash_mem_multiplier) higher for this query.'
        FROM nodes WHERE (step ->> 'Hash Batches')::integer > 1
        UNION ALL
        SELECT 4, place, 'warning', name, format('grouped in %s parts, %s kB on disk', step ->> 'HashAgg Batches', step ->> 'Disk Usage'),
               'SET work_mem higher for this query.'
        FROM nodes WHERE (step ->> 'HashAgg Batches')::integer > 1
        UNION ALL
        SELECT 5, place, 'info', name, format('looked into the table for %s rows that the index alone should have answered', step ->> 'Heap Fetches'),
               'VACUUM the table more often.'
        FROM nodes WHERE (step ->> 'Heap Fetches')::double precision >= 1000 AND (step ->> 'Heap Fetches')::double precision >= 0.1 * actual * loops
        UNION ALL
        SELECT 5, place, 'info', name, format('kept %s blocks without their rows', step ->> 'Lossy Heap Blocks'),
               'SET work_mem higher for this query.'
        FROM nodes WHERE (step ->> 'Lossy Heap Blocks')::bigint > 0
        UNION ALL
        SELECT 5, place, 'info', name, format('read %s of %s blocks from outside shared_buffers', step ->> 'Shared Read Blocks',
               (step ->> 'Shared Read Blocks')::bigint + (step ->> 'Shared Hit Blocks')::bigint),
               'Run it again: if it stays so, its data does not fit in shared_buffers.'
        FROM nodes
        WHERE place = ARRAY[1] AND (step ->> 'Shared Read Blocks')::bigint >= 1000
          AND (step ->> 'Shared Read Blocks')::bigint > (step ->> 'Shared Hit Blocks')::bigint
        UNION ALL
        SELECT 6, place, 'info', name, format('just-in-time compilation took %s of %s ms', whole #>> '{JIT,Timing,Total}', whole ->> 'Execution Time'),
               'SET jit = off for this query.'
        FROM nodes
        WHERE place = ARRAY[1] AND (whole #>> '{JIT,Timing,Total}')::double precision > 0.25 * (whole ->> 'Execution Time')::double precision
        UNION ALL
        SELECT 6, place, 'info', name, 'took longer to plan than to run', 'A prepared statement, fewer joins, or fewer partitions.'
        FROM nodes
        WHERE place = ARRAY[1] AND (whole ->> 'Planning Time')::double precision > greatest(10, (whole ->> 'Execution Time')::double precision)
    )
    SELECT found.severity, found.node, found.finding, found.hint
    FROM found
    ORDER BY found.rank, found.place;
END
$function$;
COMMENT ON FUNCTION performance_monitoring.analyze_query_performance(text, boolean, text) IS
    'Runs a query that only reads (or plans it, where execute is false) and says what in its plan costs time, with hints';
