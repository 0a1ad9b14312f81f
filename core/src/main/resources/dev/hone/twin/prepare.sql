CREATE SCHEMA hone_twin_private;
-- An empty file, to which a table points while an index is built over no rows.
CREATE TABLE hone_twin_private.no_rows ();
-- As pg_stats, but found by oid: its security barrier would have the whole of it read every time.
CREATE VIEW hone_twin_private.stats AS
SELECT starelid, staattnum,
       stanullfrac AS null_fraction, stawidth AS average_width, stadistinct AS distinct,
       CASE 1 WHEN stakind1 THEN stavalues1 WHEN stakind2 THEN stavalues2 WHEN stakind3 THEN stavalues3
              WHEN stakind4 THEN stavalues4 WHEN stakind5 THEN stavalues5 END::text AS common_values,
       CASE 1 WHEN stakind1 THEN stanumbers1 WHEN stakind2 THEN stanumbers2 WHEN stakind3 THEN stanumbers3
              WHEN stakind4 THEN stanumbers4 WHEN stakind5 THEN stanumbers5 END::text AS frequencies,
       CASE 2 WHEN stakind1 THEN stavalues1 WHEN stakind2 THEN stavalues2 WHEN stakind3 THEN stavalues3
              WHEN stakind4 THEN stavalues4 WHEN stakind5 THEN stavalues5 END::text AS bounds,
       CASE 3 WHEN stakind1 THEN stanumbers1 WHEN stakind2 THEN stanumbers2 WHEN stakind3 THEN stanumbers3
              WHEN stakind4 THEN stanumbers4 WHEN stakind5 THEN stanumbers5 END::text AS correlation,
       CASE 4 WHEN stakind1 THEN stavalues1 WHEN stakind2 THEN stavalues2 WHEN stakind3 THEN stavalues3
              WHEN stakind4 THEN stavalues4 WHEN stakind5 THEN stavalues5 END::text AS elements,
       CASE 4 WHEN stakind1 THEN stanumbers1 WHEN stakind2 THEN stanumbers2 WHEN stakind3 THEN stanumbers3
              WHEN stakind4 THEN stanumbers4 WHEN stakind5 THEN stanumbers5 END::text AS element_frequencies,
       CASE 5 WHEN stakind1 THEN stanumbers1 WHEN stakind2 THEN stanumbers2 WHEN stakind3 THEN stanumbers3
              WHEN stakind4 THEN stanumbers4 WHEN stakind5 THEN stanumbers5 END::text AS element_counts
FROM pg_statistic
WHERE NOT stainherit;

-- Rows on their way into pg_statistic: what the source's values become is not for a superuser to work out.
CREATE TABLE hone_twin_private.statistics (LIKE pg_catalog.pg_statistic);
