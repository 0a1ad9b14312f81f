ALTER TABLE wallets ADD FOREIGN KEY (user_id) REFERENCES users;
ALTER TABLE transactions ADD FOREIGN KEY (wallet_id) REFERENCES wallets;
ALTER TABLE venues ADD FOREIGN KEY (owner_id) REFERENCES users;
ALTER TABLE events ADD FOREIGN KEY (venue_id) REFERENCES venues, ADD FOREIGN KEY (operator_id) REFERENCES users;
ALTER TABLE fights ADD FOREIGN KEY (event_id) REFERENCES events;
ALTER TABLE bets ADD FOREIGN KEY (user_id) REFERENCES users, ADD FOREIGN KEY (fight_id) REFERENCES fights;
ALTER TABLE bets ADD FOREIGN KEY (parent_bet_id) REFERENCES bets;
ALTER TABLE event_connections ADD FOREIGN KEY (event_id) REFERENCES events, ADD FOREIGN KEY (user_id) REFERENCES users;
