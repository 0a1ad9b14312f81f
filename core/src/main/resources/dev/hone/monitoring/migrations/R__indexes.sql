CREATE OR REPLACE FUNCTION performance_monitoring.check_index_usage(
    in_schema text   DEFAULT NULL,
    rarely    bigint DEFAULT 50)
RETURNS TABLE (
    table_name text, index_name text, state text, scans bigint, bytes bigint, last_scan timestamptz, counted_since timestamptz,
    definition text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text,
           CASE
               WHEN NOT i.indisvalid THEN 'invalid: an index build did not come to its end'
               WHEN twin.name IS NOT NULL AND owned.by IS NULL THEN 'duplicate of ' || twin.name
               WHEN owned.by IS NOT NULL THEN 'needed by ' || owned.by || CASE WHEN s.idx_scan = 0 THEN ', never scanned' ELSE '' END
               WHEN s.idx_scan = 0 THEN CASE WHEN i.indisunique THEN 'never scanned, but keeps values unique' ELSE 'never scanned' END
               WHEN s.idx_scan < check_index_usage.rarely THEN 'rarely scanned'
               ELSE 'in use'
           END,
           s.idx_scan, pg_relation_size(i.indexrelid),
           -- Since version 16.
           (to_jsonb(s) ->> 'last_idx_scan')::timestamptz,
           d.stats_reset, pg_get_indexdef(i.indexrelid)
    FROM pg_index i
    JOIN pg_stat_all_indexes s ON s.indexrelid = i.indexrelid
    JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_class t ON t.oid = i.indrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace
    JOIN pg_stat_database d ON d.datname = current_database()
    LEFT JOIN LATERAL (
        SELECT string_agg(CASE k.contype WHEN 'p' THEN 'primary key ' WHEN 'u' THEN 'unique constraint ' WHEN 'x' THEN 'exclusion constraint '
                          ELSE 'foreign key ' END || quote_ident(k.conname)
                          || CASE WHEN k.conrelid <> i.indrelid THEN ' of ' || k.conrelid::regclass ELSE '' END, ', ' ORDER BY k.contype, k.oid)
               || CASE WHEN i.indisreplident THEN ', replica identity' ELSE '' END AS by
        FROM pg_constraint k
        WHERE k.conindid = i.indexrelid
    ) AS backing ON true
    LEFT JOIN LATERAL (
        SELECT coalesce(backing.by,
                        CASE WHEN i.indisreplident THEN 'replica identity'
                             WHEN i.indisclustered THEN 'CLUSTER'
                             WHEN c.relispartition THEN 'the index on its partitioned table' END) AS by
    ) AS owned ON true
    LEFT JOIN LATERAL (
        -- Of equal indexes the one that backs something stays, and else the oldest.
        SELECT o.indexrelid::regclass::text AS name
        FROM pg_index o
        JOIN pg_class oc ON oc.oid = o.indexrelid
        WHERE o.indrelid = i.indrelid AND o.indexrelid <> i.indexrelid AND o.indisvalid
          AND oc.relam = c.relam AND o.indkey::text = i.indkey::text AND o.indclass::text = i.indclass::text
          AND o.indcollation::text = i.indcollation::text AND o.indoption::text = i.indoption::text
          AND o.indnkeyatts = i.indnkeyatts AND (o.indisunique OR NOT i.indisunique)
          -- Since version 15: one that lets in a single null is no duplicate of one that lets in many.
          AND (NOT i.indisunique
               OR to_jsonb(o) ->> 'indnullsnotdistinct' IS NOT DISTINCT FROM to_jsonb(i) ->> 'indnullsnotdistinct')
          AND pg_get_expr(o.indexprs, o.indrelid) IS NOT DISTINCT FROM pg_get_expr(i.indexprs, i.indrelid)
          AND pg_get_expr(o.indpred, o.indrelid) IS NOT DISTINCT FROM pg_get_expr(i.indpred, i.indrelid)
          AND (EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = o.indexrelid)
               OR (o.indisunique AND NOT i.indisunique)
               OR (o.indexrelid < i.indexrelid AND o.indisunique = i.indisunique))
        ORDER BY o.indexrelid LIMIT 1
    ) AS twin ON true
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
      AND (check_index_usage.in_schema IS NULL OR n.nspname = check_index_usage.in_schema)
    ORDER BY pg_relation_size(i.indexrelid) DESC, 1, 2
$function$;
COMMENT ON FUNCTION performance_monitoring.check_index_usage(text, bigint) IS
    'Every index with its size and how often this server scanned it; scans on replicas are not counted here';
