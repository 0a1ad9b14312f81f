-- A live evening, as the application sends it: a page asks for its rows, then again for what belongs to each of them.

-- Somebody looks at their bets: the latest of a kind, how many there are, and for the first ones the fight and the event.
-- request: bets list
-- weight: 16
-- sample user_id, status, fight_1, event_1, fight_2, event_2, fight_3, event_3:
--     SELECT user_id, status, fight_id, event_id,
--            coalesce(lag(fight_id) OVER w, fight_id), coalesce(lag(event_id) OVER w, event_id),
--            coalesce(lag(fight_id, 2) OVER w, fight_id), coalesce(lag(event_id, 2) OVER w, event_id)
--     FROM (SELECT b.id, b.user_id, b.status, b.fight_id, f.event_id
--           FROM bets b JOIN fights f ON f.id = b.fight_id
--           WHERE b.id > (SELECT max(id) - 40000 FROM bets)) recent
--     WINDOW w AS (PARTITION BY user_id ORDER BY id)
--     ORDER BY random() LIMIT 2000
SELECT id, user_id, fight_id, side, amount, odds, potential_win, status, result, parent_bet_id, proposal_status,
       terms, created_at, updated_at
FROM bets
WHERE user_id = :user_id AND status = :status
ORDER BY created_at DESC
LIMIT 20;
SELECT count(*) FROM bets WHERE user_id = :user_id AND status = :status;
SELECT id, event_id, number, red_corner, blue_corner, status, result FROM fights WHERE id = :fight_1;
SELECT id, name, status, scheduled_date FROM events WHERE id = :event_1;
SELECT id, event_id, number, red_corner, blue_corner, status, result FROM fights WHERE id = :fight_2;
SELECT id, name, status, scheduled_date FROM events WHERE id = :event_2;
SELECT id, event_id, number, red_corner, blue_corner, status, result FROM fights WHERE id = :fight_3;
SELECT id, name, status, scheduled_date FROM events WHERE id = :event_3;

-- The front page: what is on, what comes, and for the first ones the venue, the number of fights and the crowd.
-- request: events list
-- weight: 20
-- sample now, event_1, venue_1, event_2, venue_2, event_3, venue_3:
--     SELECT now, id, venue_id, coalesce(lag(id) OVER w, id), coalesce(lag(venue_id) OVER w, venue_id),
--            coalesce(lag(id, 2) OVER w, id), coalesce(lag(venue_id, 2) OVER w, venue_id)
--     FROM events, (SELECT max(created_at) AS now FROM bets WHERE id > (SELECT max(id) - 1000 FROM bets)) last_bet
--     WHERE status IN ('in-progress', 'scheduled')
--     WINDOW w AS (ORDER BY scheduled_date DESC)
--     ORDER BY random() LIMIT 300
SELECT id, venue_id, operator_id, name, status, scheduled_date, stream_url, settings
FROM events
WHERE status = 'in-progress'
ORDER BY scheduled_date DESC;
SELECT id, venue_id, operator_id, name, status, scheduled_date, settings
FROM events
WHERE status = 'scheduled' AND scheduled_date >= :now
ORDER BY scheduled_date
LIMIT 10;
SELECT count(*) FROM events WHERE status = 'scheduled' AND scheduled_date >= :now;
SELECT id, name, city FROM venues WHERE id = :venue_1;
SELECT count(*) FROM fights WHERE event_id = :event_1;
SELECT count(*) FROM event_connections WHERE event_id = :event_1 AND disconnected_at IS NULL;
SELECT id, name, city FROM venues WHERE id = :venue_2;
SELECT count(*) FROM fights WHERE event_id = :event_2;
SELECT id, name, city FROM venues WHERE id = :venue_3;
SELECT count(*) FROM fights WHERE event_id = :event_3;

-- Somebody opens tonight's event: its fights in order, who watches, and the money that is open on two of the fights.
-- request: event detail
-- weight: 16
-- sample event_id, venue_id, operator_id, fight_1, fight_2:
--     SELECT e.id, e.venue_id, e.operator_id, f.id, coalesce(next_fight.id, f.id)
--     FROM (SELECT fight_id FROM bets WHERE id > (SELECT max(id) - 10000 FROM bets)
--           ORDER BY random() LIMIT 1000) recent
--     JOIN fights f ON f.id = recent.fight_id
--     JOIN events e ON e.id = f.event_id
--     LEFT JOIN fights next_fight ON next_fight.event_id = f.event_id AND next_fight.number = f.number + 1
SELECT id, venue_id, operator_id, name, description, status, scheduled_date, ended_at, stream_url, settings
FROM events
WHERE id = :event_id;
SELECT id, name, city, description, contact FROM venues WHERE id = :venue_id;
SELECT id, username, profile FROM users WHERE id = :operator_id;
SELECT id, number, red_corner, blue_corner, weight_grams, status, result, odds, betting_starts_at, betting_ends_at
FROM fights
WHERE event_id = :event_id
ORDER BY number;
SELECT id, number, status FROM fights WHERE event_id = :event_id AND status IN ('betting', 'live') ORDER BY number;
SELECT count(*) FROM event_connections WHERE event_id = :event_id AND disconnected_at IS NULL;
SELECT count(*), coalesce(sum(amount), 0) FROM bets WHERE fight_id = :fight_1 AND status = 'pending';
SELECT count(*), coalesce(sum(amount), 0) FROM bets WHERE fight_id = :fight_2 AND status = 'pending';

-- Somebody opens a fight: its event, the money that is open on either side, and the offers one could still take, with the
-- names of those who made them.
-- request: fight detail
-- weight: 14
-- sample fight_id, event_id, user_1, user_2, user_3:
--     SELECT f.id, f.event_id, recent.user_id, recent.before, recent.long_before
--     FROM (SELECT fight_id, user_id, coalesce(lag(user_id) OVER w, user_id) AS before,
--                  coalesce(lag(user_id, 2) OVER w, user_id) AS long_before
--           FROM bets WHERE id > (SELECT max(id) - 10000 FROM bets)
--           WINDOW w AS (PARTITION BY fight_id ORDER BY id)
--           ORDER BY random() LIMIT 1000) recent
--     JOIN fights f ON f.id = recent.fight_id
SELECT id, event_id, number, red_corner, blue_corner, weight_grams, status, result, odds, notes, betting_starts_at,
       betting_ends_at
FROM fights
WHERE id = :fight_id;
SELECT id, name, status, scheduled_date, stream_url FROM events WHERE id = :event_id;
SELECT side, count(*) AS bets, sum(amount) AS money
FROM bets
WHERE fight_id = :fight_id AND status = 'pending'
GROUP BY side;
SELECT id, user_id, side, amount, odds, potential_win, terms, created_at
FROM bets
WHERE fight_id = :fight_id AND status = 'pending' AND parent_bet_id IS NULL
ORDER BY amount DESC
LIMIT 20;
SELECT id, username, profile FROM users WHERE id = :user_1;
SELECT id, username, profile FROM users WHERE id = :user_2;
SELECT id, username, profile FROM users WHERE id = :user_3;

-- request: open bets of a user
-- weight: 6
-- sample user_id:
--     SELECT user_id FROM bets WHERE id > (SELECT max(id) - 40000 FROM bets) ORDER BY random() LIMIT 2000
SELECT b.id, b.fight_id, b.side, b.amount, b.odds, b.potential_win, b.status, b.proposal_status, b.created_at,
       f.event_id, f.number, f.status AS fight_status
FROM bets b
JOIN fights f ON f.id = b.fight_id
WHERE b.user_id = :user_id AND b.status IN ('pending', 'active')
ORDER BY b.created_at DESC;

-- request: wallet history
-- weight: 9
-- sample user_id, wallet_id, type, status:
--     SELECT w.user_id, t.wallet_id, t.type, t.status
--     FROM (SELECT wallet_id, type, status FROM transactions WHERE id > (SELECT max(id) - 40000 FROM transactions)
--           ORDER BY random() LIMIT 2000) t
--     JOIN wallets w ON w.id = t.wallet_id
SELECT id, user_id, balance, frozen_amount, currency FROM wallets WHERE user_id = :user_id;
SELECT id, type, status, amount, reference, description, metadata, created_at
FROM transactions
WHERE wallet_id = :wallet_id AND type = :type AND status = :status
ORDER BY created_at DESC
LIMIT 20;

-- request: counter-proposals to a bet
-- weight: 5
-- sample bet_id:
--     SELECT parent_bet_id
--     FROM bets
--     WHERE id > (SELECT max(id) - 20000 FROM bets) AND parent_bet_id IS NOT NULL
--     ORDER BY random() LIMIT 1000
SELECT id, user_id, fight_id, side, amount, odds, status FROM bets WHERE id = :bet_id;
SELECT p.id, p.user_id, u.username, p.amount, p.odds, p.potential_win, p.terms, p.created_at
FROM bets p
JOIN users u ON u.id = p.user_id
WHERE p.parent_bet_id = :bet_id AND p.proposal_status = 'pending'
ORDER BY p.created_at;

-- request: people at an event
-- weight: 4
-- sample event_id, user_1, user_2, user_3:
--     SELECT event_id, user_id, coalesce(lag(user_id) OVER w, user_id), coalesce(lag(user_id, 2) OVER w, user_id)
--     FROM event_connections WHERE id > (SELECT max(id) - 5000 FROM event_connections)
--     WINDOW w AS (PARTITION BY event_id ORDER BY id)
--     ORDER BY random() LIMIT 1000
SELECT id, user_id, session_id, connected_at
FROM event_connections
WHERE event_id = :event_id AND disconnected_at IS NULL
ORDER BY connected_at DESC
LIMIT 50;
SELECT id, username, profile FROM users WHERE id = :user_1;
SELECT id, username, profile FROM users WHERE id = :user_2;
SELECT id, username, profile FROM users WHERE id = :user_3;

-- The judge has called a fight; the operator's page asks what there is to settle.
-- request: pending bets of a fight
-- weight: 2
-- sample fight_id:
--     SELECT fight_id FROM bets
--     WHERE id > (SELECT max(id) - 10000 FROM bets) AND status = 'pending'
--     ORDER BY random() LIMIT 500
SELECT id, user_id, side, amount, odds, potential_win, parent_bet_id, proposal_status
FROM bets
WHERE fight_id = :fight_id AND status = 'pending'
ORDER BY id;

-- request: place a bet
-- weight: 4
-- sample user_id, fight_id, wallet_id, side, amount, odds, potential_win, terms, reference:
--     SELECT b.user_id, b.fight_id, w.id, b.side, b.amount, b.odds, b.potential_win, b.terms, 'TX-' || md5(b.id::text)
--     FROM (SELECT * FROM bets WHERE id > (SELECT max(id) - 10000 FROM bets)
--           ORDER BY random() LIMIT 1000) b
--     JOIN wallets w ON w.user_id = b.user_id
BEGIN;
SELECT id, balance, frozen_amount FROM wallets WHERE user_id = :user_id FOR UPDATE;
SELECT id, status, betting_ends_at FROM fights WHERE id = :fight_id;
INSERT INTO bets (user_id, fight_id, side, amount, odds, potential_win, status, terms)
VALUES (:user_id, :fight_id, :side, :amount, :odds, :potential_win, 'pending', :terms)
RETURNING id;
INSERT INTO transactions (wallet_id, type, status, amount, reference, description)
VALUES (:wallet_id, 'bet-lock', 'completed', :amount, :reference, 'Fight of an evening, placed on the site');
UPDATE wallets
SET balance = balance - 1, frozen_amount = frozen_amount + 1, updated_at = now()
WHERE user_id = :user_id;
COMMIT;

-- request: settle a bet
-- weight: 1
-- sample bet_id, user_id:
--     SELECT id, user_id FROM bets
--     WHERE id > (SELECT max(id) - 20000 FROM bets) AND status = 'active'
--     ORDER BY random() LIMIT 1000
BEGIN;
SELECT id, balance, frozen_amount FROM wallets WHERE user_id = :user_id FOR UPDATE;
UPDATE bets
SET status = 'completed', result = 'win', settled_at = now(), updated_at = now()
WHERE id = :bet_id AND status = 'active';
UPDATE wallets SET balance = balance + 1, updated_at = now() WHERE user_id = :user_id;
COMMIT;

-- request: cancel a bet
-- weight: 0.5
-- sample bet_id, user_id:
--     SELECT id, user_id FROM bets
--     WHERE id > (SELECT max(id) - 20000 FROM bets) AND status = 'pending'
--     ORDER BY random() LIMIT 1000
UPDATE bets
SET status = 'cancelled', result = 'cancelled', updated_at = now()
WHERE id = :bet_id AND user_id = :user_id AND status = 'pending';

-- request: join an event
-- weight: 1.5
-- sample event_id, user_id, session_id, client_ip, user_agent:
--     SELECT event_id, user_id, md5(session_id), client_ip, user_agent
--     FROM event_connections
--     WHERE id > (SELECT max(id) - 5000 FROM event_connections)
--     ORDER BY random() LIMIT 1000
INSERT INTO event_connections (event_id, user_id, session_id, client_ip, user_agent)
VALUES (:event_id, :user_id, :session_id, :client_ip, :user_agent)
RETURNING id;

-- request: leave an event
-- weight: 1
-- sample event_id, user_id:
--     SELECT event_id, user_id
--     FROM event_connections
--     WHERE id > (SELECT max(id) - 8000 FROM event_connections) AND disconnected_at IS NULL
--     ORDER BY random() LIMIT 1000
UPDATE event_connections
SET disconnected_at = now()
WHERE event_id = :event_id AND user_id = :user_id AND disconnected_at IS NULL;
