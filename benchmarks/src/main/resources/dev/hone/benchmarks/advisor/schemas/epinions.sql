-- The site of consumers' reviews, as the benchmark Epinions (OLTP-Bench, VLDB 2013) has it, without any key: who is trusted by
-- many and what is reviewed by many follows a power of the rank.
CREATE TABLE useracct (u_id int NOT NULL, name varchar(128) NOT NULL, email varchar(128) NOT NULL, creation_date timestamp);
INSERT INTO useracct
SELECT i, 'user ' || md5(i::text), md5((-i)::text) || '@example.org', timestamp '2020-01-01' + i * interval '1 hour'
FROM generate_series(1, 40000) AS i;
CREATE TABLE item (i_id int NOT NULL, title varchar(128) NOT NULL, description varchar(512), creation_date timestamp);
INSERT INTO item
SELECT i, 'title ' || md5(i::text), repeat(md5(i::text), 8), timestamp '2020-01-01' + i * interval '1 hour'
FROM generate_series(1, 20000) AS i;
CREATE TABLE review (a_id int NOT NULL, u_id int NOT NULL, i_id int NOT NULL, rating int, rank int, comment varchar(256),
    creation_date timestamp);
INSERT INTO review
SELECT i, 1 + (hashint4(i)::bigint + 2147483648) % 40000,
       (20000 * power((hashint4(i + 1)::bigint + 2147483649) / 4294967297.0, 2.5))::int + 1,
       (hashint4(i + 2)::bigint + 2147483648) % 5, 0, repeat(md5(i::text), 3), timestamp '2021-01-01' + i * interval '1 minute'
FROM generate_series(1, 800000) AS i;
CREATE TABLE trust (source_u_id int NOT NULL, target_u_id int NOT NULL, trust int NOT NULL, creation_date timestamp);
INSERT INTO trust
SELECT 1 + (hashint4(i)::bigint + 2147483648) % 40000,
       (40000 * power((hashint4(i + 1)::bigint + 2147483649) / 4294967297.0, 2))::int + 1,
       (hashint4(i + 2)::bigint + 2147483648) % 2, timestamp '2021-01-01' + i * interval '1 minute'
FROM generate_series(1, 1000000) AS i;
