-- The journal's own: `hone apply` and `hone undo` add it, too, where it is missing.
ALTER TABLE performance_monitoring.optimization_log ADD COLUMN IF NOT EXISTS alone boolean;
