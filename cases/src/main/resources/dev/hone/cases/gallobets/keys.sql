-- Keys come after the rows: a key over loaded rows is built once, not row by row.
ALTER TABLE bets ADD PRIMARY KEY (id);
ALTER TABLE transactions ADD PRIMARY KEY (id);
ALTER TABLE event_connections ADD PRIMARY KEY (id);
ALTER TABLE fights ADD PRIMARY KEY (id);
ALTER TABLE events ADD PRIMARY KEY (id);
ALTER TABLE users ADD PRIMARY KEY (id), ADD UNIQUE (email), ADD UNIQUE (username);
ALTER TABLE wallets ADD PRIMARY KEY (id), ADD UNIQUE (user_id);
ALTER TABLE venues ADD PRIMARY KEY (id);
