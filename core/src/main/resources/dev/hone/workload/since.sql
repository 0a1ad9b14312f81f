SELECT i.stats_reset AS since, i.dealloc AS evictions
  FROM {schema}.pg_stat_statements_info AS i
