-- The partitions of a table that is partitioned by range of one date or timestamp, as points in time. A bound without time zone is
-- taken as a time in the given zone; MINVALUE and MAXVALUE are infinite. The default partition is not among them.
CREATE OR REPLACE FUNCTION performance_monitoring.time_partitions(parent regclass, zone text)
RETURNS TABLE (partition regclass, range_from timestamptz, range_to timestamptz)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET datestyle = 'ISO, YMD'
SET timezone = 'UTC'
AS $function$
DECLARE
    strategy "char";
    keys     smallint;
    key_type oid;
BEGIN
    SELECT p.partstrat, p.partnatts,
           (SELECT a.atttypid FROM pg_attribute a WHERE a.attrelid = p.partrelid AND a.attnum = p.partattrs[0])
    INTO strategy, keys, key_type
    FROM pg_partitioned_table p WHERE p.partrelid = parent;
    IF strategy IS NULL THEN
        RAISE EXCEPTION 'Table % is not partitioned.', parent USING ERRCODE = 'wrong_object_type';
    END IF;
    IF strategy <> 'r' OR keys <> 1 OR key_type IS NULL
       OR key_type NOT IN ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype) THEN
        RAISE EXCEPTION 'Table % is not partitioned by range of one date or timestamp.', parent
            USING ERRCODE = 'wrong_object_type', DETAIL = 'Its key: ' || pg_get_partkeydef(parent);
    END IF;
    -- Bounds are printed, and read again, in the zone of the session.
    PERFORM set_config('timezone', zone, true);
    RETURN QUERY
    SELECT c.oid::regclass,
           CASE WHEN bound[1] = 'MINVALUE' THEN '-infinity' ELSE btrim(bound[1], '''') END::timestamptz,
           CASE WHEN bound[2] = 'MAXVALUE' THEN 'infinity' ELSE btrim(bound[2], '''') END::timestamptz
    FROM pg_inherits i
    JOIN pg_class c ON c.oid = i.inhrelid
    CROSS JOIN LATERAL regexp_match(pg_get_expr(c.relpartbound, c.oid), '^FOR VALUES FROM \((.*)\) TO \((.*)\)$') AS bound
    WHERE i.inhparent = parent AND bound IS NOT NULL
    ORDER BY 2;
END
$function$;
COMMENT ON FUNCTION performance_monitoring.time_partitions(regclass, text) IS
    'Part of create_monthly_partitions() and drop_old_partitions()';

CREATE OR REPLACE FUNCTION performance_monitoring.create_monthly_partitions(
    parent       regclass,
    months_ahead integer DEFAULT 3,
    zone         text    DEFAULT 'UTC')
RETURNS TABLE (partition text, range_from timestamptz, range_to timestamptz)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '2s'
AS $function$
#variable_conflict use_variable
DECLARE
    month    timestamp;
    point    timestamptz;
    last     timestamptz;
    existing record;
    gaps     timestamptz[] := '{}';
    place    text;
    base     text;
    owner    name;
    label    text;
    number   integer;
    key_type regtype;
BEGIN
    IF months_ahead IS NULL OR months_ahead NOT BETWEEN 0 AND 120 THEN
        RAISE EXCEPTION 'months_ahead must be from 0 to 120, not %', months_ahead USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT n.nspname, c.relname, pg_get_userbyid(c.relowner) INTO place, base, owner
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = parent;
    SELECT a.atttypid::regtype INTO key_type
    FROM pg_partitioned_table p JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
    WHERE p.partrelid = parent;
    FOR ahead IN 0..months_ahead LOOP
        month := date_trunc('month', now() AT TIME ZONE zone) + make_interval(months => ahead);
        point := month AT TIME ZONE zone;
        last := (month + interval '1 month') AT TIME ZONE zone;
        -- What of this month has no partition yet; usually all of it, or nothing.
        gaps := '{}';
        FOR existing IN
            SELECT t.range_from AS low, t.range_to AS high
            FROM performance_monitoring.time_partitions(parent, zone) t
            WHERE t.range_to > point AND t.range_from < last
            ORDER BY t.range_from
        LOOP
            IF existing.low > point THEN
                gaps := gaps || point || existing.low;
            END IF;
            point := greatest(point, existing.high);
        END LOOP;
        IF point < last THEN
            gaps := gaps || point || last;
        END IF;
        FOR gap IN 0..cardinality(gaps) / 2 - 1 LOOP
            range_from := gaps[2 * gap + 1];
            range_to := gaps[2 * gap + 2];
            number := 1;
            LOOP
                -- 63 bytes are the most that a name may have; characters may have several.
                label := to_char(month, '"_"YYYY"_"MM') || CASE WHEN number > 1 THEN '_' || number ELSE '' END;
                FOR kept IN REVERSE length(base)..1 LOOP
                    IF octet_length(left(base, kept) || label) <= 63 THEN
                        label := left(base, kept) || label;
                        EXIT;
                    END IF;
                END LOOP;
                EXIT WHEN to_regclass(format('%I.%I', place, label)) IS NULL;
                number := number + 1;
            END LOOP;
            -- Made apart and attached, which locks out nobody; made as a partition it would lock the whole table.
            EXECUTE format('CREATE TABLE %I.%I (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE)',
                           place, label, parent);
            IF owner <> current_user THEN
                EXECUTE format('ALTER TABLE %I.%I OWNER TO %I', place, label, owner);
            END IF;
            BEGIN
                EXECUTE format('ALTER TABLE %s ATTACH PARTITION %I.%I FOR VALUES FROM (%L) TO (%L)', parent, place, label,
                    CASE WHEN key_type = 'timestamptz'::regtype THEN to_char(range_from AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US"+00"')
                         ELSE (range_from AT TIME ZONE zone)::text END,
                    CASE WHEN key_type = 'timestamptz'::regtype THEN to_char(range_to AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US"+00"')
                         ELSE (range_to AT TIME ZONE zone)::text END);
            EXCEPTION WHEN check_violation THEN
                RAISE EXCEPTION 'The default partition of % holds rows between % and %.', parent, range_from, range_to
                    USING ERRCODE = 'check_violation',
                          HINT = 'Move them out first: in one transaction detach the default partition, create this partition, move its rows, and attach the default partition again. Nothing was created.';
            END;
            partition := format('%I.%I', place, label);
            RETURN NEXT;
        END LOOP;
    END LOOP;
END
$function$;
COMMENT ON FUNCTION performance_monitoring.create_monthly_partitions(regclass, integer, text) IS
    'Creates the partitions that are missing for this month and the months to come; returns those it created';

CREATE OR REPLACE FUNCTION performance_monitoring.drop_old_partitions(
    parent  regclass,
    keep    interval,
    dry_run boolean DEFAULT true,
    zone    text    DEFAULT 'UTC')
RETURNS TABLE (partition text, range_from timestamptz, range_to timestamptz, row_estimate bigint, bytes bigint, dropped boolean)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '2s'
AS $function$
DECLARE
    old record;
BEGIN
    IF keep IS NULL OR now() - keep >= now() THEN
        RAISE EXCEPTION 'keep must be a time to keep rows for, such as interval ''12 months'', not %', keep
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF dry_run IS NULL THEN
        RAISE EXCEPTION 'dry_run must be true or false' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR old IN
        SELECT t.partition AS oid, t.range_from AS low, t.range_to AS high
        FROM performance_monitoring.time_partitions(parent, zone) t
        WHERE t.range_to <= now() - keep
        ORDER BY t.range_from
    LOOP
        partition := old.oid::text;
        range_from := old.low;
        range_to := old.high;
        SELECT sum(greatest(c.reltuples, 0))::bigint, sum(pg_total_relation_size(c.oid))::bigint INTO row_estimate, bytes
        FROM pg_partition_tree(old.oid) AS part JOIN pg_class c ON c.oid = part.relid WHERE part.isleaf;
        dropped := NOT dry_run;
        IF NOT dry_run THEN
            EXECUTE format('DROP TABLE %s', old.oid);
        END IF;
        RETURN NEXT;
    END LOOP;
END
$function$;
COMMENT ON FUNCTION performance_monitoring.drop_old_partitions(regclass, interval, boolean, text) IS
    'Lists the partitions that end before now() - keep, and drops them with their rows if dry_run is false';
