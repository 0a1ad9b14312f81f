-- Star Schema Benchmark (O'Neil, O'Neil, Chen 2009): its tables as far as its queries read them, without any key; 2 million
-- line orders with the value distributions of the specification.
CREATE TABLE date (d_datekey int NOT NULL, d_year int NOT NULL, d_yearmonthnum int NOT NULL, d_yearmonth text NOT NULL,
    d_weeknuminyear int NOT NULL);
INSERT INTO date
SELECT to_char(d, 'YYYYMMDD')::int, extract(year FROM d)::int, to_char(d, 'YYYYMM')::int, to_char(d, 'MonYYYY'),
       extract(week FROM d)::int
FROM generate_series(date '1992-01-01', date '1998-12-31', interval '1 day') AS d;

CREATE TABLE nation (n int NOT NULL, name text NOT NULL, region text NOT NULL);
INSERT INTO nation
SELECT row_number() OVER () - 1, split_part(x, ':', 1), split_part(x, ':', 2)
FROM unnest(string_to_array('ALGERIA:AFRICA,ETHIOPIA:AFRICA,KENYA:AFRICA,MOROCCO:AFRICA,MOZAMBIQUE:AFRICA,'
    'ARGENTINA:AMERICA,BRAZIL:AMERICA,CANADA:AMERICA,PERU:AMERICA,UNITED STATES:AMERICA,CHINA:ASIA,INDIA:ASIA,'
    'INDONESIA:ASIA,JAPAN:ASIA,VIETNAM:ASIA,FRANCE:EUROPE,GERMANY:EUROPE,ROMANIA:EUROPE,RUSSIA:EUROPE,'
    'UNITED KINGDOM:EUROPE,EGYPT:MIDDLE EAST,IRAN:MIDDLE EAST,IRAQ:MIDDLE EAST,JORDAN:MIDDLE EAST,'
    'SAUDI ARABIA:MIDDLE EAST', ',')) AS x;

CREATE TABLE customer (c_custkey int NOT NULL, c_name text NOT NULL, c_city text NOT NULL, c_nation text NOT NULL,
    c_region text NOT NULL);
INSERT INTO customer
SELECT i, 'Customer#' || i, rpad(left(name, 9), 9) || (hashint4(i)::bigint + 2147483648) % 10, name, region
FROM generate_series(1, 10000) AS i JOIN nation ON n = (hashint4(i + 17)::bigint + 2147483648) % 25;

CREATE TABLE supplier (s_suppkey int NOT NULL, s_name text NOT NULL, s_city text NOT NULL, s_nation text NOT NULL,
    s_region text NOT NULL);
INSERT INTO supplier
SELECT i, 'Supplier#' || i, rpad(left(name, 9), 9) || (hashint4(i)::bigint + 2147483648) % 10, name, region
FROM generate_series(1, 1000) AS i JOIN nation ON n = (hashint4(i + 29)::bigint + 2147483648) % 25;
DROP TABLE nation;

CREATE TABLE part (p_partkey int NOT NULL, p_name text NOT NULL, p_mfgr text NOT NULL, p_category text NOT NULL,
    p_brand1 text NOT NULL);
INSERT INTO part
SELECT i, 'Part#' || i, 'MFGR#' || m, 'MFGR#' || m || c, 'MFGR#' || m || c || b
FROM (SELECT i, 1 + (hashint4(i)::bigint + 2147483648) % 5 AS m, 1 + (hashint4(i + 1)::bigint + 2147483648) % 5 AS c,
             1 + (hashint4(i + 2)::bigint + 2147483648) % 40 AS b
      FROM generate_series(1, 100000) AS i) AS x;

CREATE TABLE lineorder (lo_orderkey int NOT NULL, lo_linenumber int NOT NULL, lo_custkey int NOT NULL, lo_partkey int NOT NULL,
    lo_suppkey int NOT NULL, lo_orderdate int NOT NULL, lo_orderpriority text NOT NULL, lo_quantity int NOT NULL,
    lo_extendedprice int NOT NULL, lo_discount int NOT NULL, lo_revenue int NOT NULL, lo_supplycost int NOT NULL,
    lo_shipmode text NOT NULL);
INSERT INTO lineorder
SELECT i / 4, 1 + i % 4, 1 + (hashint4(i / 4)::bigint + 2147483648) % 10000, 1 + (hashint4(i + 3)::bigint + 2147483648) % 100000,
       1 + (hashint4(i + 5)::bigint + 2147483648) % 1000,
       to_char(date '1992-01-01' + ((hashint4(i / 4 + 7)::bigint + 2147483648) % 2406)::int, 'YYYYMMDD')::int,
       (ARRAY['1-URGENT', '2-HIGH', '3-MEDIUM', '4-NOT SPECI', '5-LOW'])[1 + i / 4 % 5], q, p * q, d, p * q * (100 - d) / 100,
       p * 6 / 10, (ARRAY['RAIL', 'AIR', 'TRUCK', 'SHIP', 'MAIL'])[1 + i % 5]
FROM (SELECT i, (1 + (hashint4(i + 11)::bigint + 2147483648) % 50)::int AS q, (hashint4(i + 13)::bigint + 2147483648)::bigint % 11 AS d0,
             (90000 + (hashint4(i + 3)::bigint + 2147483648) % 110000)::int / 100 AS p
      FROM generate_series(4, 2000003) AS i) AS x, LATERAL (SELECT d0::int AS d) AS y;
