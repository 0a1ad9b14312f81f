-- A source with what a schema may hold: names that need quotes, several schemas, types of its own, skew, partitions.
SELECT setseed(0.5);
CREATE SCHEMA "Sales Dept";
CREATE SCHEMA log;
CREATE EXTENSION pg_trgm;
CREATE TYPE public.order_state AS ENUM ('new', 'paid', 'shipped', 'it''s lost');
CREATE DOMAIN public.positive AS int CHECK (VALUE > 0);
CREATE TYPE public.span AS RANGE (SUBTYPE = int);
CREATE TYPE public.point3 AS (x int, y int, z text);
CREATE COLLATION public.german (PROVIDER = icu, LOCALE = 'de-DE');
CREATE FUNCTION public.initial(name text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT left(name, 1) $$;

CREATE TABLE "Sales Dept"."Customer" (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "E-Mail" text NOT NULL,
  "Größe" positive,
  country char(2) NOT NULL,
  name varchar(80) COLLATE public.german,
  profile jsonb,
  spot public.point3,
  valid public.span,
  created timestamptz NOT NULL,
  CONSTRAINT "Customer ""mail""" UNIQUE ("E-Mail"));
INSERT INTO "Sales Dept"."Customer" ("E-Mail", "Größe", country, name, profile, spot, valid, created)
SELECT 'user' || i || '@' || md5((i % 700)::text) || '.example', 1 + (random() ^ 3 * 400)::int,
       (ARRAY['DE','AT','CH','FR','PL'])[1 + (random() ^ 3 * 4.4)::int], 'Name ' || (i * 7919 % 4000),
       jsonb_build_object('plan', (ARRAY['free','pro','team'])[1 + (random() ^ 4 * 2.4)::int], 'n', i % 100),
       ROW(i % 10, i % 20, 'z')::public.point3, public.span(i % 50, i % 50 + 10),
       timestamptz '2024-01-01' + i * interval '3 minutes'
FROM generate_series(1, 20000) i;

CREATE TABLE public.product (id int PRIMARY KEY, sku text NOT NULL, price numeric(10,2) NOT NULL, tags text[], weight real,
  gross numeric GENERATED ALWAYS AS (price * 1.19) STORED);
INSERT INTO public.product (id, sku, price, tags, weight)
SELECT i, 'SKU-' || lpad(i::text, 8, '0'), round((random() ^ 2 * 500)::numeric, 2), ARRAY['t' || i % 17, 't' || i % 5],
       CASE WHEN i % 4 = 0 THEN NULL ELSE (random() * 30)::real END
FROM generate_series(1, 3000) i;

CREATE TABLE public.orders (
  id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES "Sales Dept"."Customer", state public.order_state NOT NULL,
  region int NOT NULL, city int NOT NULL, note text, ref uuid, placed timestamp NOT NULL, amount numeric(12,2), shipped date);
INSERT INTO public.orders
SELECT i, 1 + (random() ^ 2 * 19999)::bigint,
       (CASE WHEN random() < 0.9 THEN 'shipped' WHEN random() < 0.5 THEN 'paid' WHEN random() < 0.9 THEN 'new' ELSE 'it''s lost' END)::public.order_state,
       c / 10, c, CASE WHEN i % 10 = 0 THEN repeat('note ', i % 13) END, md5(i::text)::uuid,
       timestamp '2024-01-01' + i * interval '5 minutes' + random() * interval '1 day', (random() ^ 3 * 1000)::numeric(12,2),
       CASE WHEN i % 3 > 0 THEN date '2024-01-01' + (i / 300)::int END
FROM (SELECT i, (random() ^ 2 * 199)::int AS c FROM generate_series(1, 80000) i) s;

CREATE TABLE public.item (
  order_id bigint NOT NULL REFERENCES public.orders, line int NOT NULL, product_id int NOT NULL REFERENCES public.product,
  quantity int NOT NULL, PRIMARY KEY (order_id, line));
INSERT INTO public.item SELECT 1 + i / 2, i % 2, 1 + (random() ^ 3 * 2999)::int, 1 + (random() ^ 4 * 20)::int FROM generate_series(0, 119999) i;

CREATE TABLE log.event (at timestamptz NOT NULL, kind int NOT NULL, actor bigint, message text) PARTITION BY RANGE (at);
CREATE TABLE log."event 2024-01" PARTITION OF log.event FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE TABLE log."event 2024-02" PARTITION OF log.event FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
CREATE TABLE log.event_rest PARTITION OF log.event DEFAULT;
INSERT INTO log.event SELECT timestamptz '2024-01-01' + i * interval '2 minutes', (random() ^ 3 * 30)::int, (random() * 20000)::bigint,
  'message ' || md5(i::text) FROM generate_series(1, 40000) i;

CREATE VIEW public.open_orders AS SELECT o.id, o.customer_id, o.placed, c."E-Mail" AS mail
  FROM public.orders o JOIN "Sales Dept"."Customer" c ON c.id = o.customer_id WHERE o.state IN ('new', 'paid');
CREATE VIEW public.big_open AS SELECT * FROM public.open_orders WHERE id > 1000;
CREATE MATERIALIZED VIEW public.by_city AS SELECT city, count(*) AS n, sum(amount) AS total FROM public.orders GROUP BY city;
CREATE STATISTICS public.orders_place (ndistinct, dependencies, mcv) ON region, city FROM public.orders;
