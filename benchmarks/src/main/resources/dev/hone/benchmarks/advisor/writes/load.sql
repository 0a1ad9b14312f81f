-- A warehouse: readings come in all the time, stock is counted up and down in place, jobs change their state.
CREATE TABLE stock (id int PRIMARY KEY, place int NOT NULL, sku text NOT NULL, quantity int NOT NULL, touched timestamptz NOT NULL)
  WITH (fillfactor = 80);
INSERT INTO stock SELECT i, i % 400, 'sku' || i, 100, timestamptz '2026-01-01Z' + i * interval '1 minute'
FROM generate_series(1, 100000) i;
CREATE TABLE reading (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, sensor int NOT NULL, at timestamptz NOT NULL,
  value int NOT NULL, tags int[] NOT NULL);
INSERT INTO reading (sensor, at, value, tags)
SELECT abs(hashint4(i)) % 2000, timestamptz '2026-01-01Z' + i * interval '1 s', abs(hashint4(i + 1)) % 10000, ARRAY[i % 50, i % 700]
FROM generate_series(1, 500000) i;
CREATE TABLE job (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, queue int NOT NULL, state text NOT NULL,
  due timestamptz NOT NULL, payload text NOT NULL);
INSERT INTO job (queue, state, due, payload)
SELECT i % 20, CASE WHEN i % 500 = 0 THEN 'ready' ELSE 'done' END, timestamptz '2026-01-01Z' + i * interval '1 s', repeat('p', 100)
FROM generate_series(1, 100000) i;
-- What people add once and never look at again.
CREATE INDEX reading_value ON reading (value);
CREATE INDEX reading_sensor ON reading (sensor);
CREATE INDEX stock_touched ON stock (touched);
