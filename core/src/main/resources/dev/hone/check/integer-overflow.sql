-- title: Integer key that runs out of values
-- severity: warning
-- category: limits
-- why: When a sequence reaches the largest value of its column every insert fails. Changing the type of a big table takes hours
--   and blocks it, unless it is prepared in time.
-- remedy: Move the column, and every column that refers to it, to bigint in good time: a new column filled in the background, or
--   logical replication; ALTER COLUMN TYPE rewrites the table under ACCESS EXCLUSIVE.
WITH widths(type, largest) AS (
    VALUES ('int2'::regtype::oid, 32767::bigint), ('int4'::regtype, 2147483647), ('int8'::regtype, 9223372036854775807)
), sequences AS (
    SELECT s.seqrelid, s.seqmax, s.seqcycle, c.relname, n.nspname,
           has_sequence_privilege(s.seqrelid, 'USAGE, SELECT') AS readable,
           CASE WHEN has_sequence_privilege(s.seqrelid, 'USAGE, SELECT') THEN pg_sequence_last_value(s.seqrelid) END AS last_value
    FROM pg_sequence s
    JOIN pg_class c ON c.oid = s.seqrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE s.seqincrement > 0 AND s.seqrelid >= 16384 AND c.relpersistence <> 't'
), used AS (
    -- Owned by the column (serial, identity) ...
    SELECT d.objid AS sequence, d.refobjid AS relation, d.refobjsubid AS number
    FROM pg_depend d
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
      AND d.refobjsubid > 0
    UNION
    -- ... or called by its default.
    SELECT d.refobjid, f.adrelid, f.adnum
    FROM pg_depend d JOIN pg_attrdef f ON f.oid = d.objid
    WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'n'
), links AS (
    SELECT c.oid, c.conname, c.conrelid, u.number AS number, c.confrelid, u.referenced, w.largest, rw.largest AS key_largest,
           a.attname, rel.relname, n.nspname
    FROM pg_constraint c
    CROSS JOIN LATERAL unnest(c.conkey, c.confkey) u(number, referenced)
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = u.number
    JOIN pg_attribute r ON r.attrelid = c.confrelid AND r.attnum = u.referenced
    JOIN widths w ON w.type = a.atttypid
    JOIN widths rw ON rw.type = r.atttypid
    JOIN pg_class rel ON rel.oid = c.conrelid
    JOIN pg_namespace n ON n.oid = rel.relnamespace
    WHERE c.contype = 'f' AND c.conparentid = 0 AND w.largest < rw.largest
), filled AS (
    SELECT s.*, u.relation, u.number, a.attname, rel.relname AS table_name, n.nspname AS table_schema,
           w.largest AS column_largest,
           narrow.largest AS narrow_largest, narrow.words AS narrow_words,
           least(s.seqmax, w.largest, narrow.largest) AS limit_value
    FROM sequences s
    LEFT JOIN used u ON u.sequence = s.seqrelid
    LEFT JOIN pg_attribute a ON a.attrelid = u.relation AND a.attnum = u.number
    LEFT JOIN pg_class rel ON rel.oid = u.relation
    LEFT JOIN pg_namespace n ON n.oid = rel.relnamespace
    LEFT JOIN widths w ON w.type = a.atttypid
    LEFT JOIN LATERAL (
        SELECT l.largest, format('%I.%I.%I', l.nspname, l.relname, l.attname) AS words
        FROM links l WHERE l.confrelid = u.relation AND l.referenced = u.number
        ORDER BY l.largest, l.oid LIMIT 1) narrow ON true
    WHERE s.readable AND NOT coalesce(rel.relispartition, false)
)
SELECT CASE WHEN f.attname IS NULL THEN format('%I.%I', f.nspname, f.relname)
            ELSE format('%I.%I.%I', f.table_schema, f.table_name, f.attname) END AS subject,
       CASE WHEN f.last_value >= 0.9 * f.limit_value THEN 'critical' ELSE 'warning' END AS severity,
       format('%s %% of its values are used: %s of %s%s', trunc(100.0 * f.last_value / f.limit_value),
              to_char(f.last_value, 'FM999,999,999,999,999,999,999'), to_char(f.limit_value, 'FM999,999,999,999,999,999,999'),
              CASE WHEN f.narrow_largest = f.limit_value AND f.narrow_largest < coalesce(f.column_largest, f.seqmax)
                   THEN format(', which is all that %s, which refers to it, can hold', f.narrow_words)
                   WHEN f.seqmax = f.limit_value AND f.seqmax < f.column_largest
                   THEN ', the maximum of the sequence, not of the column' ELSE '' END) AS summary,
       CASE WHEN f.seqmax = f.limit_value AND f.seqmax < coalesce(f.column_largest, 0) THEN
           'Raise the maximum of the sequence: the column can hold more.' END AS remedy,
       CASE WHEN f.seqmax = f.limit_value AND f.seqmax < coalesce(f.column_largest, 0)
            THEN ARRAY[format('ALTER SEQUENCE %I.%I AS bigint MAXVALUE %s', f.nspname, f.relname,
                              coalesce(least(f.column_largest, f.narrow_largest), f.column_largest))] END AS sql,
       format('%I.%I', f.nspname, f.relname) AS sequence,
       f.last_value,
       f.limit_value,
       round(f.last_value::numeric / f.limit_value, 4) AS share_used,
       NULL AS blind
FROM filled f
WHERE f.last_value >= 0.7 * f.limit_value
  -- A sequence that starts again at its end does no harm by reaching it.
  AND NOT (f.seqcycle AND f.limit_value = f.seqmax)
UNION ALL
SELECT format('%I.%I.%I', l.nspname, l.relname, l.attname), 'info',
       format('Its type holds values up to %s, less than the key that it refers to by %I',
              to_char(l.largest, 'FM999,999,999,999,999,999,999'), l.conname),
       'Give it the type of the key that it refers to, before the key outgrows it.',
       NULL, NULL, NULL, l.largest, NULL, NULL
FROM links l
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       format('%s sequence(s) that this role may not read, such as %s: GRANT SELECT ON ALL SEQUENCES IN SCHEMA %I TO %I',
              count(*), min(format('%I.%I', s.nspname, s.relname)), min(s.nspname), current_user)
FROM sequences s WHERE NOT s.readable
HAVING count(*) > 0
ORDER BY 9 DESC NULLS LAST, 1
