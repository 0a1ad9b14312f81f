-- A trigger's definition without its table's name; some versions call the temporary schema by its short name.
SELECT replace(replace(pg_get_triggerdef(t.oid), format(' ON %I.%I ', n.nspname, c.relname), ' ON … '),
               format(' ON pg_temp.%I ', c.relname), ' ON … ')
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal
