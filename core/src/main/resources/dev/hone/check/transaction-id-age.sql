-- title: Old transaction ids: freezing lags behind
-- severity: warning
-- category: limits
-- why: Transaction ids are numbers of 32 bits that vacuum must free for use again. When none are left the server accepts no more
--   writes until vacuum has caught up.
-- remedy: Remove what holds vacuum back (see xmin-horizon), then let VACUUM (FREEZE) run on the oldest tables, largest age first.
WITH ages AS (
    SELECT d.oid, d.datname, 'transaction ids' AS kind, age(d.datfrozenxid)::bigint AS age,
           current_setting('autovacuum_freeze_max_age')::bigint AS freeze_max_age
    FROM pg_database d
    UNION ALL
    SELECT d.oid, d.datname, 'multixact ids', mxid_age(d.datminmxid)::bigint,
           current_setting('autovacuum_multixact_freeze_max_age')::bigint
    FROM pg_database d
), limits AS (
    -- The server stops giving out ids 3 million before the end of the space; before version 14, 1 million.
    SELECT 2147483647 - CASE WHEN current_setting('server_version_num')::int >= 140000 THEN 3000000 ELSE 1000000 END
               AS stop_age
)
SELECT format('%I', a.datname) AS subject,
       CASE WHEN a.age >= 1500000000 THEN 'critical' ELSE 'warning' END AS severity,
       format('Its oldest %s are %s old; the server stops writing at %s', a.kind,
              to_char(a.age, 'FM999,999,999,999'), to_char(l.stop_age, 'FM999,999,999,999')) AS summary,
       w.statements AS sql,
       a.kind,
       a.age AS age_ids,
       l.stop_age - a.age AS left_ids,
       a.freeze_max_age AS autovacuum_freeze_max_age_ids,
       w.tables AS oldest_tables,
       CASE WHEN a.datname <> current_database()
            THEN 'the oldest tables are known only to a connection to that database' END AS note
FROM ages a
CROSS JOIN limits l
LEFT JOIN LATERAL (
    SELECT array_agg(format('VACUUM (FREEZE) %I.%I', t.nspname, t.relname) ORDER BY t.age DESC) AS statements,
           array_agg(format('%I.%I (%s)', t.nspname, t.relname, t.age) ORDER BY t.age DESC) AS tables
    FROM (
        SELECT n.nspname, c.relname,
               CASE a.kind WHEN 'transaction ids' THEN age(c.relfrozenxid) ELSE mxid_age(c.relminmxid) END AS age
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'm', 't') AND c.relpersistence <> 't'
        ORDER BY 3 DESC, 1, 2 LIMIT 5) t
) w ON a.datname = current_database()
WHERE a.age >= least(a.freeze_max_age * 1.25, 1000000000)
ORDER BY a.age DESC, 1
