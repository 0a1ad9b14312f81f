-- Statistics on expressions came with version 14.
SELECT NULL::text AS schema, NULL::text AS name, false AS inherited, NULL::text AS expression, NULL::real AS null_fraction,
       NULL::int AS average_width, NULL::real AS distinct, NULL::text AS most_common_values,
       NULL::text AS most_common_frequencies, NULL::text AS histogram_bounds, NULL::real AS correlation,
       NULL::text AS most_common_elements, NULL::text AS most_common_element_frequencies,
       NULL::text AS element_count_histogram
WHERE false
