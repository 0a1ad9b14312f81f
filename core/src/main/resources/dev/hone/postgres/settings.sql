SELECT name, setting AS value, unit, category, vartype AS type, source, boot_val AS boot_value,
       reset_val AS reset_value, pending_restart
FROM pg_settings
-- These may hold a secret or a command line with one.
WHERE name NOT IN ('primary_conninfo', 'archive_command', 'restore_command', 'ssl_passphrase_command')
