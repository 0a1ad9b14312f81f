-- An extended statistics object, its definition without its own name and its table's.
SELECT n.nspname AS schema, s.stxname AS name, c.relname AS table_name,
       n.oid = pg_my_temp_schema() AS temporary,
       pg_has_role(s.stxowner, 'USAGE') AS owned,
       substr(d.text, length(d.head) + 1, length(d.text) - length(d.head) - length(d.tail)) AS definition
FROM pg_statistic_ext s
JOIN pg_namespace n ON n.oid = s.stxnamespace
JOIN pg_class c ON c.oid = s.stxrelid
CROSS JOIN LATERAL (SELECT pg_get_statisticsobjdef(s.oid) AS text,
                           -- Some versions call the temporary schema by its short name.
                           format('CREATE STATISTICS %I.%I',
                                  CASE WHEN n.oid = pg_my_temp_schema()
                                            AND pg_get_statisticsobjdef(s.oid) LIKE 'CREATE STATISTICS pg\_temp.%'
                                       THEN 'pg_temp' ELSE n.nspname END, s.stxname) AS head,
                           ' FROM ' || s.stxrelid::regclass::text AS tail) AS d
