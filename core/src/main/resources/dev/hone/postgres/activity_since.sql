-- A reset time of null does not mean never: a crash wipes the counters. The oldest instant that they still remember is a lower bound
-- of their age.
SELECT coalesce(d.stats_reset, (
           SELECT min(least(s.last_vacuum, s.last_autovacuum, s.last_analyze, s.last_autoanalyze))
           FROM pg_stat_all_tables s))
FROM pg_stat_database d WHERE d.datname = current_database()
