-- Indexes of a partitioned table that a table has nothing like, so that attaching it would build them.
WITH told AS (
    SELECT i.indrelid, i.indisunique, i.indisvalid, x.relname,
           -- What follows the names.
           substr(pg_get_indexdef(i.indexrelid),
                  length(format('CREATE %sINDEX %I ON %s%I.%I', CASE WHEN i.indisunique THEN 'UNIQUE ' END, x.relname,
                                CASE WHEN t.relkind = 'p' THEN 'ONLY ' END, n.nspname, t.relname)) + 1) AS shape,
           (SELECT k.contype FROM pg_constraint k
            WHERE k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')) AS contype
    FROM pg_index i
    JOIN pg_class x ON x.oid = i.indexrelid
    JOIN pg_class t ON t.oid = i.indrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace
    WHERE i.indrelid IN (to_regclass(:parent), to_regclass(:child))
)
SELECT p.relname
FROM told p
WHERE p.indrelid = to_regclass(:parent)
  AND NOT EXISTS (SELECT FROM told c
                  WHERE c.indrelid = to_regclass(:child) AND c.indisvalid AND c.indisunique = p.indisunique
                    AND c.shape = p.shape AND (p.contype IS NULL OR c.contype = p.contype))
ORDER BY p.relname
