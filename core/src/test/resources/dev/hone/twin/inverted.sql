-- Tables for inverted indexes, filled in other ways than those of fresh.sql: words made of syllables, some far more often than others, keys that
-- come and go with time, documents of many shapes. @rows@ rows in the largest.
SELECT setseed(0.75);
CREATE SCHEMA inverted;
SET search_path = inverted, public;
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
CREATE EXTENSION IF NOT EXISTS btree_gin SCHEMA public;

-- The n-th word of a language with 90 syllables.
CREATE FUNCTION inverted.syllable(n int) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT substr('bcdfghklmnprstvwxz', 1 + n % 90 / 5, 1) || substr('aeiou', 1 + n % 5, 1) $$;
CREATE FUNCTION inverted.word(n int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT inverted.syllable(n) || CASE WHEN n < 90 THEN '' ELSE inverted.syllable(n / 90) END || CASE WHEN n < 8100 THEN '' ELSE inverted.syllable(n / 8100) END $$;
-- A number below n; each is as rare as it is large.
CREATE FUNCTION inverted.often(n int) RETURNS int LANGUAGE sql VOLATILE AS $$ SELECT floor(power(n, random()))::int - 1 $$;

CREATE TABLE message (
  id bigint PRIMARY KEY, sent timestamptz NOT NULL, body text NOT NULL, subject text, mail text NOT NULL, recipients int[] NOT NULL, labels text[],
  room int NOT NULL, attributes jsonb, archived boolean NOT NULL,
  lexemes tsvector GENERATED ALWAYS AS (setweight(to_tsvector('simple', coalesce(subject, '')), 'A') || to_tsvector('simple', body)) STORED);
INSERT INTO message
SELECT g, timestamptz '2023-01-01' + g * interval '37 s',
       (SELECT string_agg(inverted.word(n), ' ') FROM (SELECT inverted.often(40000) AS n FROM generate_series(1, 4 + (random() ^ 3 * 90 + g * 0)::int) OFFSET 0) q),
       CASE WHEN g % 7 > 1 THEN initcap(inverted.word(inverted.often(3000))) || ' ' || inverted.word((g * 31) % 40000) END,
       inverted.word((random() * 8000)::int) || '.' || inverted.word((g * 7) % 30000) || '@' || inverted.word(inverted.often(60)) || '.example.net',
       ARRAY(SELECT inverted.often(60000) FROM generate_series(1, 1 + (random() ^ 4 * 25 + g * 0)::int)),
       CASE WHEN random() < 0.75 THEN ARRAY(SELECT (ARRAY['inbox', 'sent', 'urgent', 'later', 'private', 'invoice', 'travel', 'family', 'spam', 'draft'])[1 + inverted.often(11)]
         FROM generate_series(1, (g % 4)::int)) END,
       inverted.often(500),
       CASE WHEN random() < 0.9 THEN jsonb_strip_nulls(jsonb_build_object('client', (ARRAY['web', 'ios', 'android'])[1 + g % 3], 'build', 1000 + g / 400,
         'size', CASE WHEN random() < 0.5 THEN floor(random() * 200000) END, 'read', CASE WHEN random() < 0.3 THEN true END,
         'files', CASE WHEN random() < 0.25 THEN jsonb_build_array(jsonb_build_object('name', inverted.word((random() * 39999)::int) || '.pdf', 'bytes', floor(random() * 1e6)),
           jsonb_build_object('name', 'scan.png', 'bytes', floor(random() * 5000))) END)) END,
       random() < 0.12
FROM generate_series(1, @rows@) g;

CREATE TABLE good (
  id int PRIMARY KEY, sku text NOT NULL, description text NOT NULL, path text NOT NULL, colours text[] NOT NULL, related int[] NOT NULL, shape smallint[] NOT NULL,
  days date[], properties jsonb NOT NULL, kind int NOT NULL, active boolean NOT NULL);
INSERT INTO good
SELECT g, upper(substr(inverted.word(8100 + g % 5000), 1, 3)) || '-' || lpad((g * 7907 % 100000)::text, 5, '0') || '-' || chr(65 + g % 20),
       initcap(inverted.word(inverted.often(2500))) || ' ' || inverted.word(inverted.often(2500)) || ' ' || (g % 48) || ' cm' || CASE g % 3 WHEN 0 THEN ' für ' || inverted.word(inverted.often(800)) ELSE '' END,
       '/' || inverted.word(g / 900) || '/' || inverted.word(g / 30) || '/' || inverted.word(g % 1900) || '.jpeg',
       ARRAY(SELECT inverted.word(90 + inverted.often(45)) FROM generate_series(1, 1 + g % 5)),
       ARRAY(SELECT floor(random() * @rows@)::int FROM generate_series(1, 6 + g % 5)),
       ARRAY(SELECT (random() * 255)::smallint FROM generate_series(1, 12 + g * 0)),
       CASE WHEN g % 3 = 0 THEN ARRAY(SELECT date '2023-01-01' + (g * 700 / @rows@)::int + i * 7 FROM generate_series(0, g % 6) i) END,
       (SELECT jsonb_object_agg(inverted.word(k % 29 * 13 + 90 + (k + i) * 0 + i * 61), CASE i % 3 WHEN 0 THEN to_jsonb(inverted.word(inverted.often(6000))) WHEN 1 THEN to_jsonb(round((random() * 90)::numeric, 1))
           ELSE to_jsonb(ARRAY[random() < 0.5]) END) FROM generate_series(0, 2 + g % 5) i),
       k % 29, random() < 0.6
FROM (SELECT g, inverted.often(400) AS k FROM generate_series(1, @rows@ / 2) g) q;

-- Rows of one time have keys of their own.
CREATE TABLE line (at timestamptz NOT NULL, hosts text[] NOT NULL, traces uuid[] NOT NULL, text text NOT NULL, payload jsonb NOT NULL, codes bigint[], level int NOT NULL);
INSERT INTO line
SELECT timestamptz '2024-05-01' + g * interval '0.8 s',
       ARRAY(SELECT 'node-' || (g * 40 / @rows@) || '-' || floor(random() * 12)::int || '.internal' FROM generate_series(1, 1 + g % 3)),
       ARRAY[md5((g / 3)::text)::uuid] || CASE WHEN g % 4 = 0 THEN ARRAY[md5('p' || g / 50)::uuid] ELSE '{}' END,
       (ARRAY['connection from 10.', 'GET /api/v2/', 'timeout after ', 'slow query took '])[1 + inverted.often(5)] || (random() * 250)::int || '.' || (random() * 250)::int || ' '
         || inverted.word(inverted.often(700)) || ' id=' || to_hex((random() * 4e9)::bigint),
       jsonb_build_object('request', md5(g::text)::uuid, 'status', (ARRAY[200, 200, 200, 301, 404, 500])[1 + floor(random() * 6)::int], 'took', round((random() ^ 3 * 2000)::numeric, 2),
         'user', jsonb_build_object('id', inverted.often(20000), 'roles', to_jsonb(ARRAY(SELECT inverted.word(inverted.often(9)) FROM generate_series(1, (g % 3)::int))))),
       CASE WHEN random() < 0.4 THEN ARRAY[g / 10, 9000000000 + inverted.often(300)] END,
       inverted.often(5)
FROM generate_series(1, @rows@) g;
RESET search_path;
