ALTER TABLE performance_monitoring.refresh_target ADD COLUMN statements text[], ADD COLUMN calls text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN performance_monitoring.refresh_target.statements IS
    'What the functions run, word for word: whose code that may be is looked at before they run. Null where it was not noted: then they do not run';
COMMENT ON COLUMN performance_monitoring.refresh_target.calls IS
    'Names of the functions that function_name calls, in its schema and with one integer as it has itself';
-- It takes an argument more; R__refresh makes it anew.
DROP FUNCTION IF EXISTS performance_monitoring.refresh_now(text);
