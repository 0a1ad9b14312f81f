SELECT i.indexrelid::regclass AS invalid_index, i.indrelid::regclass AS on_table FROM pg_index i WHERE NOT i.indisvalid
