-- Indexes as parts of a CREATE INDEX; which, the caller adds.
SELECT n.nspname AS schema, t.relname AS table_name, c.relname AS name, i.indisunique AS is_unique, m.amname AS method,
       (SELECT array_agg(
                 pg_get_indexdef(i.indexrelid, k, false)
                 || CASE WHEN a.attcollation <> 0 AND a.attcollation <> coalesce(ta.attcollation, 100)
                         THEN (SELECT format(' COLLATE %I.%I', cn.nspname, co.collname) FROM pg_collation co
                               JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = a.attcollation) ELSE '' END
                 || CASE WHEN NOT o.opcdefault OR a.attoptions IS NOT NULL
                         THEN (SELECT format(' %I.%I', pn.nspname, o.opcname) FROM pg_namespace pn WHERE pn.oid = o.opcnamespace)
                         ELSE '' END
                 || coalesce((SELECT ' (' || string_agg(format('%I = %L', option_name, option_value), ', ') || ')'
                              FROM pg_options_to_table(a.attoptions)), '')
                 || CASE WHEN i.indoption[k - 1] & 1 = 1 THEN ' DESC' ELSE '' END
                 || CASE i.indoption[k - 1] & 3 WHEN 1 THEN ' NULLS LAST' WHEN 2 THEN ' NULLS FIRST' ELSE '' END
                 ORDER BY k)
        FROM generate_series(1, i.indnkeyatts) k
        JOIN pg_attribute a ON a.attrelid = i.indexrelid AND a.attnum = k
        JOIN pg_opclass o ON o.oid = i.indclass[k - 1]
        LEFT JOIN pg_attribute ta ON ta.attrelid = i.indrelid AND ta.attnum = i.indkey[k - 1] AND ta.attnum > 0) AS keys,
       (SELECT array_agg(pg_get_indexdef(i.indexrelid, k, false) ORDER BY k)
        FROM generate_series(i.indnkeyatts + 1, i.indnatts) k) AS included,
       pg_get_expr(i.indpred, i.indrelid) AS predicate,
       array_remove(ARRAY[
         'WITH (' || array_to_string(c.reloptions, ', ') || ')',
         CASE WHEN (to_jsonb(i) ->> 'indnullsnotdistinct')::boolean THEN 'NULLS NOT DISTINCT' END], NULL) AS ignored
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_am m ON m.oid = c.relam
WHERE 