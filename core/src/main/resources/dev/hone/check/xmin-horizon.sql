-- title: Something old holds vacuum back
-- severity: warning
-- category: vacuum
-- needs: pg_read_all_stats
-- why: Vacuum may remove only rows that no snapshot can still see. One forgotten session, slot, prepared transaction or standby
--   keeps every dead row of every table, and the age of the transaction ids grows with it.
-- remedy: End what holds it; vacuum then catches up by itself.
WITH holders AS (
    SELECT format('session %s', a.pid) AS subject,
           'session' AS kind,
           greatest(age(a.backend_xmin), age(a.backend_xid)) AS age,
           format('Session %s of %s (%s), %s since %s, holds back vacuum by', a.pid, coalesce(a.usename, '?'),
                  coalesce(nullif(a.application_name, ''), 'no application name'), coalesce(a.state, a.backend_type),
                  to_char(a.state_change, 'YYYY-MM-DD HH24:MI:SS TZ')) AS words,
           'End the transaction in the application; if nobody can, end the session.' AS remedy,
           ARRAY[format('SELECT pg_terminate_backend(%s)', a.pid)] AS sql,
           extract(epoch FROM now() - a.xact_start)::bigint AS age_seconds
    FROM pg_stat_activity a
    WHERE a.pid <> pg_backend_pid()
      AND a.datname = current_database()
      AND a.backend_type NOT IN ('autovacuum worker', 'walsender')
      AND a.pid NOT IN (SELECT v.pid FROM pg_stat_progress_vacuum v)
    UNION ALL
    SELECT format('replication slot %I', s.slot_name), 'replication slot', greatest(age(s.xmin), age(s.catalog_xmin)),
           format('Replication slot %I (%s, %s) holds back vacuum%s by', s.slot_name, s.slot_type,
                  CASE WHEN s.active THEN 'in use' ELSE 'nobody reads it' END,
                  CASE WHEN s.xmin IS NULL THEN ' of the system catalogs' ELSE '' END),
           CASE WHEN s.active THEN 'Find out why its consumer lags.'
                ELSE 'Start its consumer again; if it is gone for good, drop the slot.' END,
           CASE WHEN NOT s.active THEN ARRAY[format('SELECT pg_drop_replication_slot(%L)', s.slot_name)] END,
           NULL
    FROM pg_replication_slots s
    UNION ALL
    SELECT format('prepared transaction %L', p.gid), 'prepared transaction', age(p.transaction),
           format('Prepared transaction %L of %s, prepared %s, holds back vacuum by', p.gid, p.owner,
                  to_char(p.prepared, 'YYYY-MM-DD HH24:MI:SS TZ')),
           'Its coordinator forgot it: commit it or roll it back, as the other side did.',
           CASE WHEN p.database = current_database() THEN ARRAY[format('ROLLBACK PREPARED %L', p.gid)] END,
           extract(epoch FROM now() - p.prepared)::bigint
    FROM pg_prepared_xacts p
    WHERE p.database = current_database()
    UNION ALL
    SELECT format('standby %s', r.pid), 'standby', age(r.backend_xmin),
           format('Standby %s (%s) holds back vacuum by', coalesce(nullif(r.application_name, ''), '?'),
                  coalesce(host(r.client_addr), 'local')),
           'A long query runs there under hot_standby_feedback: end it there.',
           NULL, NULL
    FROM pg_stat_replication r
)
SELECT h.subject,
       CASE WHEN h.age >= 200000000 THEN 'critical' ELSE 'warning' END AS severity,
       format('%s %s transactions', h.words, to_char(h.age, 'FM999,999,999,999')) AS summary,
       h.remedy,
       h.sql,
       h.kind,
       h.age AS age_transactions,
       h.age_seconds
FROM holders h
WHERE h.age >= 1000000
ORDER BY h.age DESC, 1
