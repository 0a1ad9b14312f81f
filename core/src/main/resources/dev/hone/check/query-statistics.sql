-- title: No statistics of queries
-- severity: info
-- category: settings
-- why: Without pg_stat_statements nobody knows which queries cost the most, and advice has to be given on queries named by hand.
-- remedy: Load the library (shared_preload_libraries, a restart) and create the extension.
SELECT 'pg_stat_statements' AS subject,
       CASE WHEN s.loaded THEN 'pg_stat_statements is loaded, but its extension is not created in this database'
            WHEN s.created THEN 'The extension pg_stat_statements is there, but its library is not loaded'
            ELSE 'pg_stat_statements is neither loaded nor created' END AS summary,
       CASE WHEN s.loaded THEN 'Create the extension.' END AS remedy,
       CASE WHEN s.loaded THEN ARRAY['CREATE EXTENSION pg_stat_statements'] END AS sql,
       s.loaded AS library_loaded,
       s.created AS extension_created
FROM (SELECT current_setting('pg_stat_statements.max', true) IS NOT NULL AS loaded,
             EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_stat_statements') AS created) s
WHERE NOT (s.loaded AND s.created)
