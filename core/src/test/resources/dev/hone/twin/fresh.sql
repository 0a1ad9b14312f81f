-- Tables whose columns are distributed in many ways, to compare estimated with real sizes of indexes. @rows@ rows each.
SELECT setseed(0.25);
CREATE SCHEMA fresh;
SET search_path = fresh, public;
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
CREATE TYPE fresh.grade AS ENUM ('poor', 'fair', 'good', 'splendid');
CREATE FUNCTION fresh.zipf(n int, s float8) RETURNS int LANGUAGE sql VOLATILE AS
  $$ SELECT least(n::float8, power(1 - random(), -1.0 / s))::int $$;

CREATE TABLE visit (
  id bigint PRIMARY KEY, user_id int NOT NULL, url text NOT NULL, referrer text, agent text NOT NULL, ms int NOT NULL, day date NOT NULL,
  at timestamp NOT NULL, seen timestamptz NOT NULL, session uuid NOT NULL, price numeric, country char(2) NOT NULL, flag boolean NOT NULL,
  latitude float8 NOT NULL, code varchar(12) NOT NULL, big bigint NOT NULL, note text, small smallint NOT NULL, grade grade, ip inet);
INSERT INTO visit
SELECT g, zipf(50000, 1.1), '/shop/' || zipf(5000, 0.8) || '/item-' || (g % 97),
       CASE WHEN random() < 0.6 THEN 'https://www.example.com/search?q=' || md5((random() * 2000)::int::text) END,
       repeat('Mozilla ', 1 + (random() * 12)::int), exp(5 + random() * 3)::int, date '2024-01-01' + (g * 300 / @rows@)::int,
       timestamp '2024-01-01' + ((g * 28)::int + (random() * 600)::int) * interval '1 s', timestamptz '2020-01-01' + random() * interval '5 years',
       md5((g / 8)::text)::uuid, CASE WHEN random() < 0.5 THEN (random() * 100)::int ELSE round((random() * 100000)::numeric, 3) END,
       (ARRAY['us', 'de', 'in', 'br'])[zipf(4, 1.0)], random() < 0.01, random() * 180 - 90, lpad((random() * 99999)::int::text, 5, '0'),
       (g::bigint * 7919) % 1000003, CASE WHEN random() < 0.1 THEN md5(g::text) || md5((g + 1)::text) || md5((g + 2)::text) END,
       (random() * random() * 50)::int, CASE WHEN random() < 0.7 THEN (ARRAY['poor', 'fair', 'good', 'splendid']::grade[])[zipf(4, 0.7)] END,
       ('10.' || (random() * 255)::int || '.' || (random() * random() * 255)::int || '.' || (random() * 20)::int)::inet
FROM generate_series(1, @rows@) g;

CREATE TABLE bay (depot int, bay int, PRIMARY KEY (depot, bay));
INSERT INTO bay SELECT d, b FROM generate_series(1, 40) d, generate_series(1, 25) b;
CREATE TABLE parcel (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, depot int NOT NULL, bay int NOT NULL, tracking text NOT NULL UNIQUE, weight numeric(8,2), sent date NOT NULL,
  arrived date, sender text NOT NULL, receiver text NOT NULL, window_of tstzrange, spot point NOT NULL,
  FOREIGN KEY (depot, bay) REFERENCES bay);
INSERT INTO parcel (depot, bay, tracking, weight, sent, arrived, sender, receiver, window_of, spot)
SELECT 1 + b / 25, 1 + b % 25, 'TR' || upper(substr(md5(g::text), 1, 14)), (random() ^ 4 * 3000)::numeric(8,2), date '2023-06-01' + g * 500 / @rows@,
       CASE WHEN random() < 0.8 THEN date '2023-06-03' + g * 500 / @rows@ + (random() * 9)::int END,
       (ARRAY['Anna', 'Bela', 'Carlos', 'Dora', 'Émile'])[1 + (random() * 4)::int] || ' ' || (ARRAY['Müller', 'Smith', 'Nagy', 'García', 'Sato', 'Li'])[1 + (random() * 5)::int],
       'Customer ' || zipf(30000, 0.9),
       CASE WHEN random() < 0.5 THEN tstzrange(timestamptz '2023-06-01' + g * interval '10 minutes', timestamptz '2023-06-01' + g * interval '10 minutes' + (1 + random() * 5) * interval '1 hour') END,
       point(random() * 100, random() * random() * 50)
FROM (SELECT g, (random() * random() * 999)::int AS b FROM generate_series(1, @rows@) g) q;

CREATE TABLE article (
  id int PRIMARY KEY, title text NOT NULL, body text NOT NULL, tags text[] NOT NULL, sizes int[], meta jsonb NOT NULL, author text NOT NULL,
  words tsvector GENERATED ALWAYS AS (to_tsvector('english', title || ' ' || body)) STORED, published timestamptz);
INSERT INTO article (id, title, body, tags, sizes, meta, author, published)
SELECT g, 'On ' || (ARRAY['rivers', 'tables', 'queues', 'bridges', 'engines', 'gardens'])[1 + (random() * 5)::int] || ' ' || zipf(3000, 0.7),
       (SELECT string_agg((ARRAY['river', 'stone', 'cloud', 'engine', 'market', 'window', 'copper', 'silver', 'winter', 'summer', 'ladder', 'candle', 'bridge', 'garden', 'thunder', 'whisper',
                                 'basket', 'marble', 'planet', 'saddle'])[1 + floor(power(random(), 2) * 20)::int] || CASE WHEN random() < 0.1 THEN (random() * 900)::int::text ELSE '' END, ' ')
        FROM generate_series(1, 12 + g % 15)),
       ARRAY(SELECT 'topic' || floor(power(random(), 2) * 400)::int FROM generate_series(1, 1 + g % 4)),
       CASE WHEN g % 5 > 0 THEN ARRAY(SELECT (random() * 3000)::int FROM generate_series(1, 1 + g % 3)) END,
       jsonb_build_object('lang', (ARRAY['en', 'de', 'fr', 'pl'])[zipf(4, 0.9)], 'score', floor(random() * 5000), 'draft', random() < 0.03,
                          'editor', jsonb_build_object('id', floor(random() * 60)::int, 'name', 'editor ' || floor(random() * 60)::int),
                          'links', to_jsonb(ARRAY(SELECT '/p/' || zipf(4000, 0.6) FROM generate_series(1, g % 3)))),
       'author ' || zipf(2000, 0.8), CASE WHEN random() < 0.9 THEN timestamptz '2022-01-01' + g * interval '20 minutes' + random() * interval '3 days' END
FROM generate_series(1, @rows@ / 2) g;

CREATE TABLE reading (sensor int NOT NULL, at timestamptz NOT NULL, value float8 NOT NULL, ok boolean NOT NULL, detail jsonb) PARTITION BY RANGE (at);
CREATE TABLE reading_1 PARTITION OF reading FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE TABLE reading_2 PARTITION OF reading FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
CREATE TABLE reading_3 PARTITION OF reading DEFAULT;
INSERT INTO reading SELECT floor(random() * 800)::int, timestamptz '2024-01-01' + g * interval '75 days' / @rows@, random() * 100, random() < 0.98,
       CASE WHEN random() < 0.2 THEN jsonb_build_object('code', (random() * 30)::int, 'unit', (ARRAY['C', 'F', 'K'])[1 + (random() * 2)::int]) END
FROM generate_series(1, @rows@) g;
CREATE TABLE tiny (id int, name text);
INSERT INTO tiny SELECT g, 'name ' || g FROM generate_series(1, 2000) g;
CREATE STATISTICS fresh.parcel_route (ndistinct) ON sent, arrived FROM parcel;
RESET search_path;
