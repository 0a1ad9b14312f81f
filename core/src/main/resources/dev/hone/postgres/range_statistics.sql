SELECT n.nspname AS schema, c.relname AS relation, a.attname AS column, s.stainherit AS inherited,
       CASE 6 WHEN stakind1 THEN stavalues1 WHEN stakind2 THEN stavalues2 WHEN stakind3 THEN stavalues3
              WHEN stakind4 THEN stavalues4 WHEN stakind5 THEN stavalues5 END::text AS length_histogram,
       (CASE 6 WHEN stakind1 THEN stanumbers1 WHEN stakind2 THEN stanumbers2 WHEN stakind3 THEN stanumbers3
               WHEN stakind4 THEN stanumbers4 WHEN stakind5 THEN stanumbers5 END)[1] AS empty_fraction,
       CASE 7 WHEN stakind1 THEN stavalues1 WHEN stakind2 THEN stavalues2 WHEN stakind3 THEN stavalues3
              WHEN stakind4 THEN stavalues4 WHEN stakind5 THEN stavalues5 END::text AS bounds_histogram
FROM pg_statistic s
JOIN pg_class c ON c.oid = s.starelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = s.starelid AND a.attnum = s.staattnum
WHERE (6 IN (stakind1, stakind2, stakind3, stakind4, stakind5) OR 7 IN (stakind1, stakind2, stakind3, stakind4, stakind5))
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
