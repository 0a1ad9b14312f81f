DELETE FROM pg_statistic s USING hone_twin_private.statistics t
WHERE s.starelid = t.starelid AND s.staattnum = t.staattnum AND s.stainherit = t.stainherit;
INSERT INTO pg_statistic
SELECT DISTINCT ON (starelid, staattnum, stainherit) * FROM hone_twin_private.statistics
