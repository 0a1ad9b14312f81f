SELECT statistics_schemaname AS schema,
       statistics_name AS name,
       inherited AS inherited,
       coalesce(attnames::text[], '{}') AS columns,
       coalesce(exprs, '{}') AS expressions,
       encode(n_distinct::bytea, 'hex') AS distinct,
       encode(dependencies::bytea, 'hex') AS dependencies,
       to_jsonb(most_common_vals)::text AS most_common_values,
       to_jsonb(most_common_val_nulls)::text AS most_common_nulls,
       to_jsonb(most_common_freqs)::text AS most_common_frequencies,
       to_jsonb(most_common_base_freqs)::text AS most_common_base_frequencies
FROM pg_stats_ext
