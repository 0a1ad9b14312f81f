-- request: reading comes in
-- weight: 40
-- sample sensor: SELECT sensor FROM reading TABLESAMPLE BERNOULLI (1) REPEATABLE (1)
INSERT INTO reading (sensor, at, value, tags) VALUES (:sensor, now(), 17, ARRAY[3, 5]);

-- request: stock is counted
-- weight: 25
-- sample id: SELECT id FROM stock TABLESAMPLE BERNOULLI (5) REPEATABLE (1)
UPDATE stock SET quantity = quantity - 1, touched = now() WHERE id = :id;

-- request: job is made
-- weight: 10
INSERT INTO job (queue, state, due, payload) VALUES (7, 'ready', now(), 'x');

-- request: job is done
-- weight: 10
-- sample id: SELECT id FROM job TABLESAMPLE BERNOULLI (5) REPEATABLE (1)
UPDATE job SET state = 'done' WHERE id = :id;

-- request: last readings of a sensor
-- weight: 8
-- sample sensor: SELECT sensor FROM reading TABLESAMPLE BERNOULLI (1) REPEATABLE (1)
SELECT at, value FROM reading WHERE sensor = :sensor ORDER BY at DESC LIMIT 10;

-- request: next jobs
-- weight: 5
-- sample queue: SELECT DISTINCT queue FROM job
SELECT id, payload FROM job WHERE queue = :queue AND state = 'ready' ORDER BY due LIMIT 5;

-- request: place
-- weight: 2
-- sample place: SELECT DISTINCT place FROM stock
SELECT sku, quantity FROM stock WHERE place = :place;
