-- The statements of this database, merged over roles and over top level and nested calls.
SELECT s.queryid::text AS id,
       min(s.query) AS sql,
       sum(s.calls)::float8 AS calls,
       sum(s.{time})::float8 AS total_ms,
       sum(s.rows)::bigint AS rows,
       s.queryid IS NULL OR min(s.query) = '<insufficient privilege>' AS hidden,
       count(*) AS entries
  FROM {schema}.pg_stat_statements AS s
 WHERE s.dbid = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())
   AND s.query IS NOT NULL
   AND s.query NOT LIKE '%/* hone:%'
 GROUP BY s.queryid, s.query = '<insufficient privilege>'
 ORDER BY total_ms DESC
