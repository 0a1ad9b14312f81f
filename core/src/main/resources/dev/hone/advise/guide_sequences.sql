SELECT format('SELECT setval(%L, %s);', format('%I.%I', s.schemaname, s.sequencename), s.last_value) AS run_on_green
FROM pg_sequences s
WHERE s.last_value IS NOT NULL
ORDER BY s.schemaname, s.sequencename
