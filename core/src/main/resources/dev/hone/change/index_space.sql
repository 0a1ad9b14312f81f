-- What an index on columns that a text mentions would be made of. Widths that this role may not see count as 32 bytes.
SELECT coalesce(sum(pg_relation_size(p.relid)), 0)::float8 AS table_bytes,
       coalesce(sum(greatest(c.reltuples, 0)), 0)::float8 AS rows,
       coalesce(bool_or(c.reltuples <= 0 AND pg_relation_size(p.relid) > 0), false) AS unknown,
       (SELECT coalesce(sum(coalesce((SELECT max(s.avg_width) FROM pg_stats s
                                       WHERE s.schemaname = :schema AND s.tablename = :table AND s.attname = a.attname),
                                     CASE WHEN a.attlen > 0 THEN a.attlen ELSE 32 END)), 0)
          FROM pg_attribute a
         WHERE a.attrelid = top.oid AND a.attnum > 0 AND NOT a.attisdropped
           AND strpos(:text, a.attname) > 0)::float8 AS width
FROM pg_class top
JOIN pg_namespace n ON n.oid = top.relnamespace
CROSS JOIN LATERAL (SELECT t.relid::oid AS relid FROM pg_partition_tree(top.oid::regclass) AS t WHERE t.isleaf
                    UNION
                    SELECT top.oid WHERE top.relkind <> 'p') AS p
JOIN pg_class c ON c.oid = p.relid
WHERE n.nspname = :schema AND top.relname = :table
GROUP BY top.oid
