-- TPC-C (Transaction Processing Performance Council), five warehouses, without any key.
CREATE TABLE warehouse (w_id int NOT NULL, w_name text NOT NULL, w_tax numeric NOT NULL, w_ytd numeric NOT NULL);
INSERT INTO warehouse SELECT i, 'warehouse' || i, 0.1, 300000 FROM generate_series(1, 5) AS i;
CREATE TABLE district (d_w_id int NOT NULL, d_id int NOT NULL, d_name text NOT NULL, d_tax numeric NOT NULL, d_ytd numeric NOT NULL,
    d_next_o_id int NOT NULL);
INSERT INTO district SELECT w, d, 'district' || d, 0.1, 30000, 3001 FROM generate_series(1, 5) AS w, generate_series(1, 10) AS d;
CREATE TABLE customer (c_w_id int NOT NULL, c_d_id int NOT NULL, c_id int NOT NULL, c_first text NOT NULL, c_middle text NOT NULL,
    c_last text NOT NULL, c_credit text NOT NULL, c_discount numeric NOT NULL, c_balance numeric NOT NULL,
    c_ytd_payment numeric NOT NULL, c_payment_cnt int NOT NULL, c_delivery_cnt int NOT NULL, c_data text NOT NULL);
INSERT INTO customer
SELECT w, d, c, md5(c::text), 'OE', 'NAME' || (hashint4(c)::bigint + 2147483648) % 1000, CASE WHEN c % 10 = 0 THEN 'BC' ELSE 'GC' END,
       0.1, -10, 10, 1, 0, repeat(md5((w * 100 + d + c)::text), 10)
FROM generate_series(1, 5) AS w, generate_series(1, 10) AS d, generate_series(1, 3000) AS c;
CREATE TABLE history (h_c_id int NOT NULL, h_c_d_id int NOT NULL, h_c_w_id int NOT NULL, h_d_id int NOT NULL, h_w_id int NOT NULL,
    h_date timestamp NOT NULL, h_amount numeric NOT NULL, h_data text NOT NULL);
INSERT INTO history SELECT c_id, c_d_id, c_w_id, c_d_id, c_w_id, timestamp '2026-01-01', 10, 'first' FROM customer;
CREATE TABLE oorder (o_w_id int NOT NULL, o_d_id int NOT NULL, o_id int NOT NULL, o_c_id int NOT NULL, o_carrier_id int,
    o_ol_cnt int NOT NULL, o_entry_d timestamp NOT NULL);
INSERT INTO oorder
SELECT w, d, o, 1 + (hashint4(o + d)::bigint + 2147483648) % 3000, CASE WHEN o < 2101 THEN 1 + o % 10 END, 10,
       timestamp '2026-01-01' + o * interval '1 minute'
FROM generate_series(1, 5) AS w, generate_series(1, 10) AS d, generate_series(1, 3000) AS o;
CREATE TABLE new_order (no_w_id int NOT NULL, no_d_id int NOT NULL, no_o_id int NOT NULL);
INSERT INTO new_order SELECT o_w_id, o_d_id, o_id FROM oorder WHERE o_id > 2100;
CREATE TABLE item (i_id int NOT NULL, i_name text NOT NULL, i_price numeric NOT NULL, i_data text NOT NULL);
INSERT INTO item SELECT i, md5(i::text), 1 + i % 100, repeat('x', 40) FROM generate_series(1, 100000) AS i;
CREATE TABLE stock (s_w_id int NOT NULL, s_i_id int NOT NULL, s_quantity int NOT NULL, s_ytd numeric NOT NULL, s_order_cnt int NOT NULL,
    s_dist text NOT NULL, s_data text NOT NULL);
INSERT INTO stock
SELECT w, i, 10 + (hashint4(w * 100000 + i)::bigint + 2147483648) % 91, 0, 0, repeat('d', 24), repeat(md5(i::text), 6)
FROM generate_series(1, 5) AS w, generate_series(1, 100000) AS i;
CREATE TABLE order_line (ol_w_id int NOT NULL, ol_d_id int NOT NULL, ol_o_id int NOT NULL, ol_number int NOT NULL,
    ol_i_id int NOT NULL, ol_supply_w_id int NOT NULL, ol_delivery_d timestamp, ol_quantity int NOT NULL, ol_amount numeric NOT NULL,
    ol_dist_info text NOT NULL);
INSERT INTO order_line
SELECT o_w_id, o_d_id, o_id, n, 1 + (hashint4(o_w_id * 7919 + o_d_id * 104729 + o_id * 11 + n)::bigint + 2147483648) % 100000, o_w_id,
       CASE WHEN o_id < 2101 THEN o_entry_d END, 5, 100, repeat('i', 24)
FROM oorder, generate_series(1, 10) AS n;
