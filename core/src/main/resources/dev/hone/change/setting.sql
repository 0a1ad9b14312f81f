SELECT s.name, s.vartype, s.unit, s.context, s.min_val, s.max_val, coalesce(s.enumvals, '{}') AS enumvals,
       coalesce(current_setting(s.name, true), '') AS shown, s.pending_restart
FROM pg_settings s
WHERE lower(s.name) = lower(:name)
