-- request: review of an item by id
-- sample i: SELECT i_id FROM review WHERE a_id % 40009 = 7 ORDER BY a_id
SELECT * FROM review r, item i WHERE i.i_id = r.i_id AND r.i_id = :i ORDER BY rating DESC, r.creation_date DESC LIMIT 10;
-- request: reviews by a user
-- sample u: SELECT u_id FROM useracct WHERE u_id % 4001 = 7 ORDER BY u_id
SELECT * FROM review r, useracct u WHERE u.u_id = r.u_id AND r.u_id = :u ORDER BY rating DESC, r.creation_date DESC LIMIT 10;
-- request: average rating by trusted users
-- sample i, u: SELECT i_id, u_id FROM review WHERE a_id % 40009 = 11 ORDER BY a_id
SELECT avg(rating) FROM review r, trust t WHERE r.u_id = t.target_u_id AND r.i_id = :i AND t.source_u_id = :u;
-- request: average rating of an item
-- sample i: SELECT i_id FROM review WHERE a_id % 40009 = 13 ORDER BY a_id
SELECT avg(rating) FROM review r WHERE r.i_id = :i;
-- request: reviews of an item
-- sample i: SELECT i_id FROM review WHERE a_id % 40009 = 17 ORDER BY a_id
SELECT * FROM review r WHERE r.i_id = :i ORDER BY creation_date DESC;
-- request: whom a user trusts
-- sample u: SELECT u_id FROM useracct WHERE u_id % 4001 = 11 ORDER BY u_id
SELECT * FROM trust t WHERE t.source_u_id = :u;
-- request: user is renamed
-- sample u: SELECT u_id FROM useracct WHERE u_id % 4001 = 13 ORDER BY u_id
UPDATE useracct SET name = 'other' WHERE u_id = :u;
-- request: item is renamed
-- sample i: SELECT i_id FROM item WHERE i_id % 4001 = 13 ORDER BY i_id
UPDATE item SET title = 'other' WHERE i_id = :i;
-- request: review is rated anew
-- sample i, u: SELECT i_id, u_id FROM review WHERE a_id % 40009 = 19 ORDER BY a_id
UPDATE review SET rating = 4 WHERE i_id = :i AND u_id = :u;
-- request: trust is changed
-- sample s, t: SELECT source_u_id, target_u_id FROM trust WHERE extract(epoch FROM creation_date)::bigint / 60 % 40009 = 7 ORDER BY 1, 2
UPDATE trust SET trust = 1 WHERE source_u_id = :s AND target_u_id = :t;
