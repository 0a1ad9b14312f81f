SELECT k.contype::text AS kind,
       ARRAY(SELECT a.attname::text
             FROM unnest(k.conkey) WITH ORDINALITY u(number, place)
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number
             ORDER BY u.place) AS columns,
       -- Its columns are compared for equality, so that their order within the index does not matter.
       (SELECT min(format('%I.%I', s.nspname, x.relname))
        FROM pg_index i
        JOIN pg_class x ON x.oid = i.indexrelid
        JOIN pg_namespace s ON s.oid = x.relnamespace
        JOIN pg_am m ON m.oid = x.relam
        WHERE i.indrelid = k.conrelid
          AND i.indisvalid AND i.indisready AND i.indislive
          AND (m.amname = 'btree' OR m.amname = 'hash' AND cardinality(k.conkey) = 1)
          AND i.indnkeyatts >= cardinality(k.conkey)
          AND (i.indkey::int2[])[0 : cardinality(k.conkey) - 1] @> k.conkey
          AND (i.indkey::int2[])[0 : cardinality(k.conkey) - 1] <@ k.conkey
          AND (i.indpred IS NULL
               OR pg_get_expr(i.indpred, i.indrelid) IN (
                   SELECT format('(%I IS NOT NULL)', a.attname)
                   FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)))) AS served_by
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = :schema AND c.relname = :table AND k.conname = :name
