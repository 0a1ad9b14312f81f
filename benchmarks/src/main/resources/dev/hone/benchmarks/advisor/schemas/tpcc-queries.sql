-- request: new order: customer
-- sample w, d, c: SELECT c_w_id, c_d_id, c_id FROM customer WHERE c_id % 977 = 5 ORDER BY md5(c_w_id::text || c_d_id || c_id)
SELECT c_discount, c_last, c_credit FROM customer WHERE c_w_id = :w AND c_d_id = :d AND c_id = :c;
-- request: new order: district
-- sample w, d: SELECT d_w_id, d_id FROM district ORDER BY md5(d_w_id::text || d_id)
UPDATE district SET d_next_o_id = d_next_o_id + 1 WHERE d_w_id = :w AND d_id = :d;
-- request: new order: item
-- sample i: SELECT i_id FROM item WHERE i_id % 9973 = 5 ORDER BY 1
SELECT i_price, i_name, i_data FROM item WHERE i_id = :i;
-- request: new order: stock
-- sample w, i: SELECT s_w_id, s_i_id FROM stock WHERE s_i_id % 9973 = 5 ORDER BY md5(s_w_id::text || s_i_id)
SELECT s_quantity, s_data, s_dist FROM stock WHERE s_i_id = :i AND s_w_id = :w FOR UPDATE;
-- request: new order: stock is taken
-- sample w, i: SELECT s_w_id, s_i_id FROM stock WHERE s_i_id % 9973 = 7 ORDER BY md5(s_w_id::text || s_i_id)
UPDATE stock SET s_quantity = s_quantity - 1, s_ytd = s_ytd + 1, s_order_cnt = s_order_cnt + 1 WHERE s_i_id = :i AND s_w_id = :w;
-- request: new order: line
-- sample w, d, i: SELECT s_w_id, 1 + s_i_id % 10, s_i_id FROM stock WHERE s_i_id % 9973 = 11 ORDER BY md5(s_w_id::text || s_i_id)
INSERT INTO order_line VALUES (:w, :d, 3001, 1, :i, :w, NULL, 5, 100, 'info');
-- request: payment: customer by name
-- sample w, d, n: SELECT c_w_id, c_d_id, c_last FROM customer WHERE c_id % 977 = 7 ORDER BY md5(c_w_id::text || c_d_id || c_id)
SELECT c_id, c_first, c_middle, c_balance FROM customer WHERE c_w_id = :w AND c_d_id = :d AND c_last = :n ORDER BY c_first;
-- request: payment: customer pays
-- sample w, d, c: SELECT c_w_id, c_d_id, c_id FROM customer WHERE c_id % 977 = 11 ORDER BY md5(c_w_id::text || c_d_id || c_id)
UPDATE customer SET c_balance = c_balance - 10, c_ytd_payment = c_ytd_payment + 10, c_payment_cnt = c_payment_cnt + 1
WHERE c_w_id = :w AND c_d_id = :d AND c_id = :c;
-- request: order status: last order
-- sample w, d, c: SELECT o_w_id, o_d_id, o_c_id FROM oorder WHERE o_id % 977 = 13 ORDER BY md5(o_w_id::text || o_d_id || o_id)
SELECT o_id, o_carrier_id, o_entry_d FROM oorder WHERE o_w_id = :w AND o_d_id = :d AND o_c_id = :c ORDER BY o_id DESC LIMIT 1;
-- request: order status: lines
-- sample w, d, o: SELECT o_w_id, o_d_id, o_id FROM oorder WHERE o_id % 977 = 17 ORDER BY md5(o_w_id::text || o_d_id || o_id)
SELECT ol_i_id, ol_supply_w_id, ol_quantity, ol_amount, ol_delivery_d FROM order_line
WHERE ol_o_id = :o AND ol_d_id = :d AND ol_w_id = :w;
-- request: delivery: oldest new order
-- sample w, d: SELECT d_w_id, d_id FROM district ORDER BY md5(d_id::text || d_w_id)
SELECT no_o_id FROM new_order WHERE no_d_id = :d AND no_w_id = :w ORDER BY no_o_id LIMIT 1;
-- request: delivery: order is delivered
-- sample w, d, o: SELECT o_w_id, o_d_id, o_id FROM oorder WHERE o_id % 977 = 19 ORDER BY md5(o_w_id::text || o_d_id || o_id)
UPDATE order_line SET ol_delivery_d = now() WHERE ol_o_id = :o AND ol_d_id = :d AND ol_w_id = :w;
-- request: delivery: amount
-- sample w, d, o: SELECT o_w_id, o_d_id, o_id FROM oorder WHERE o_id % 977 = 23 ORDER BY md5(o_w_id::text || o_d_id || o_id)
SELECT sum(ol_amount) FROM order_line WHERE ol_o_id = :o AND ol_d_id = :d AND ol_w_id = :w;
-- request: stock level
-- sample w, d: SELECT d_w_id, d_id FROM district ORDER BY md5(d_w_id::text || d_id || 'x')
SELECT count(DISTINCT s_i_id) FROM order_line, stock
WHERE ol_w_id = :w AND ol_d_id = :d AND ol_o_id < 3001 AND ol_o_id >= 2981 AND s_w_id = :w AND s_i_id = ol_i_id AND s_quantity < 15;
