-- What is missing to alter the server's settings; no row if nothing is.
SELECT 'Deploy as a superuser. Where the service gives none, set it in the service''s own console.'
FROM pg_settings s
WHERE s.name = :name AND NOT (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user)
