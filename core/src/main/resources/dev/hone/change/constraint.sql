SELECT k.contype::text AS kind, pg_get_constraintdef(k.oid) AS definition, k.convalidated AS validated,
       k.coninhcount > 0 AS inherited,
       CASE WHEN k.contype IN ('p', 'u', 'x') THEN i.relname END AS index_name,
       obj_description(k.oid, 'pg_constraint') AS comment
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_class i ON i.oid = k.conindid
WHERE n.nspname = :schema AND c.relname = :table AND k.conname = :name
