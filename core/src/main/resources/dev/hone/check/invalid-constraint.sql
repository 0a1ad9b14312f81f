-- title: Constraint that was never validated
-- severity: info
-- category: schema
-- why: New rows are checked, old ones never were: they may break the rule, and the planner does not rely on it.
-- remedy: Validate it; that reads the table once and blocks neither reads nor writes. If it fails, the message names a row to mend.
SELECT format('%I.%I', n.nspname, t.relname) AS subject,
       format('Its %s %I is NOT VALID: rows that were there before it were never checked',
              CASE c.contype WHEN 'f' THEN 'foreign key' WHEN 'c' THEN 'check constraint' ELSE 'constraint' END,
              c.conname) AS summary,
       ARRAY[format('ALTER TABLE %I.%I VALIDATE CONSTRAINT %I', n.nspname, t.relname, c.conname)] AS sql,
       c.conname AS constraint_name,
       pg_get_constraintdef(c.oid) AS definition,
       greatest(t.reltuples, 0)::bigint AS row_count
FROM pg_constraint c
JOIN pg_class t ON t.oid = c.conrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE NOT c.convalidated AND c.contype IN ('f', 'c', 'n')
  AND c.conparentid = 0 AND c.conislocal AND t.relkind IN ('r', 'p')
  -- A constraint declared NOT ENFORCED (18 and later) is not meant to be checked.
  AND coalesce((to_jsonb(c) ->> 'conenforced')::boolean, true)
ORDER BY 1, c.conname
