-- title: Invalid index
-- severity: warning
-- category: indexes
-- why: An index whose concurrent build failed is not used by any query, yet most are still written by every insert; a unique one
--   does not keep values unique.
-- remedy: Build it again without blocking.
SELECT format('%I.%I', n.nspname, x.relname) AS subject,
       format('%I.%I on %I.%I is not valid%s', n.nspname, x.relname, tn.nspname, t.relname,
              CASE WHEN x.relkind = 'I' THEN ': it is not attached in every partition'
                   WHEN x.relname ~ '_ccnew[0-9]*$' THEN ': it is left over from a REINDEX CONCURRENTLY that failed'
                   WHEN x.relname ~ '_ccold[0-9]*$' THEN ': it is the old copy that a REINDEX CONCURRENTLY could not drop'
                   ELSE ': its concurrent build failed' END) AS summary,
       CASE WHEN x.relkind = 'I' THEN
                'Build the index on each partition that lacks it, CONCURRENTLY, and attach it with ALTER INDEX ... ATTACH PARTITION;'
                || ' the index becomes valid with the last one.'
            WHEN x.relname ~ '_ccnew[0-9]*$' THEN
                'Drop it without blocking; the index that it was to replace still serves. Then run REINDEX CONCURRENTLY again.'
            WHEN x.relname ~ '_ccold[0-9]*$' THEN 'Drop it without blocking; its new copy is in use.'
            WHEN i.indisunique THEN
                'Look for the duplicate values that made the build fail, then build it again without blocking.' END AS remedy,
       CASE WHEN x.relkind = 'i' AND x.relname !~ '_cc(new|old)[0-9]*$'
            THEN ARRAY[format('REINDEX INDEX CONCURRENTLY %I.%I', n.nspname, x.relname)] END AS sql,
       CASE WHEN x.relkind = 'i' AND x.relname ~ '_cc(new|old)[0-9]*$' THEN jsonb_build_object(
           'type', 'drop_index', 'schema', n.nspname, 'name', x.relname,
           'definition', pg_get_indexdef(i.indexrelid)) END AS change,
       format('%I.%I', tn.nspname, t.relname) AS table,
       i.indisready AS written_by_inserts,
       i.indisunique AS is_unique,
       CASE WHEN x.relkind = 'i' THEN x.relpages::bigint * current_setting('block_size')::bigint END AS size_bytes,
       pg_get_indexdef(i.indexrelid) AS definition
FROM pg_index i
JOIN pg_class x ON x.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = x.relnamespace
JOIN pg_class t ON t.oid = i.indrelid AND t.relkind <> 't'
JOIN pg_namespace tn ON tn.oid = t.relnamespace
WHERE NOT i.indisvalid AND x.relpersistence <> 't'
  -- Not on a table where an index is being built right now. Who may not see of which table knows it by the lock.
  AND NOT EXISTS (
      SELECT FROM pg_stat_progress_create_index b
      WHERE b.relid = i.indrelid
         OR b.relid IS NULL AND b.datname = current_database() AND EXISTS (
                SELECT FROM pg_locks l
                WHERE l.pid = b.pid AND l.relation = i.indrelid AND l.mode = 'ShareUpdateExclusiveLock'))
ORDER BY 1
