SELECT schemaname AS schema,
       tablename AS relation,
       attname AS column,
       inherited,
       null_frac AS null_fraction,
       avg_width AS average_width,
       n_distinct AS distinct,
       most_common_vals::text AS most_common_values,
       most_common_freqs::text AS most_common_frequencies,
       histogram_bounds::text AS histogram_bounds,
       correlation,
       most_common_elems::text AS most_common_elements,
       most_common_elem_freqs::text AS most_common_element_frequencies,
       elem_count_histogram::text AS element_count_histogram,
       range_length_histogram::text AS range_length_histogram,
       range_empty_frac AS range_empty_fraction,
       range_bounds_histogram::text AS range_bounds_histogram
FROM pg_stats
WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
  AND schemaname !~ '^pg_(toast|temp)'
