package dev.hone.change;

import static dev.hone.change.Bench.ofKind;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.hone.HoneException;
import dev.hone.Json;
import dev.hone.postgres.Installed;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class PartitionTableTest {

    /** 63 bytes with the name of its primary key cut, quotes and letters of two bytes. */
    private static final String NAME = "Evénts \"of\" the 'day', with a name of exactly sixty-three byte";

    private static final String SCHEMA = "Odd \"S";
    private static final String TABLE =
            "\"Odd \"\"S\".\"Evénts \"\"of\"\" the 'day', with a name of exactly sixty-three byte\"";
    private static final PartitionTable BY_MONTH = new PartitionTable(
            SCHEMA,
            NAME,
            "At ü",
            new PartitionTable.Ranges(PartitionTable.Interval.MONTH, 3),
            List.of(new PartitionTable.ForeignKey("public", "child", "child_event_fk", "event_at")));
    private static final PartitionTable BY_HASH = PartitionTable.of(SCHEMA, NAME, "id", new PartitionTable.Hashes(4));

    private static LocalServer local;

    @BeforeAll
    static void start() {
        local = LocalServer.start(Installed.chosen(), Map.of("autovacuum", "off", "wal_level", "logical"));
        try (Server server = Server.connect(local.address("postgres"))) {
            server.handle().execute("CREATE ROLE reader");
            server.handle().execute("CREATE ROLE maker");
        }
    }

    @AfterAll
    static void stop() {
        local.close();
    }

    /** Everything a table can have that is to be kept. */
    private static Bench bench() {
        return Bench.on(
                local,
                "CREATE SCHEMA \"Odd \"\"S\"",
                "CREATE TABLE kinds (kind text PRIMARY KEY)",
                "INSERT INTO kinds VALUES ('a'), ('b')",
                "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.touched := NEW.touched + 1; RETURN NEW; END'",
                "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
                "CREATE TABLE " + TABLE
                        + " (id bigint GENERATED ALWAYS AS IDENTITY (START 5 INCREMENT 2) PRIMARY KEY,"
                        + " \"At ü\" timestamptz NOT NULL DEFAULT now(),"
                        + " kind text DEFAULT 'a' CONSTRAINT kind_fk REFERENCES kinds ON DELETE CASCADE,"
                        + " amount int CONSTRAINT \"Pos \"\"c\" CHECK (amount > 0),"
                        + " doubled int GENERATED ALWAYS AS (amount * 2) STORED, touched int DEFAULT 0, n serial, note text)",
                "ALTER TABLE " + TABLE + " ADD CONSTRAINT later CHECK (amount < 1000000) NOT VALID",
                "CREATE INDEX \"low'er\" ON " + TABLE + " (lower(note)) WHERE note IS NOT NULL",
                "CREATE INDEX part_idx ON " + TABLE + " (kind, amount) WITH (fillfactor = 80)",
                "ALTER TABLE " + TABLE + " CLUSTER ON part_idx",
                "CREATE STATISTICS \"Odd \"\"S\".st (ndistinct) ON kind, amount FROM " + TABLE,
                "INSERT INTO " + TABLE
                        + " (\"At ü\", amount) SELECT now() - i * interval '1 h', i FROM generate_series(1, 2000) i",
                "CREATE TABLE child (event bigint, event_at timestamptz, CONSTRAINT child_event_fk FOREIGN KEY (event) REFERENCES "
                        + TABLE + " ON DELETE CASCADE)",
                "INSERT INTO child SELECT id, \"At ü\" FROM " + TABLE + " LIMIT 100",
                "COMMENT ON CONSTRAINT child_event_fk ON child IS 'fk'",
                "CREATE TRIGGER touch BEFORE UPDATE OF amount ON " + TABLE
                        + " FOR EACH ROW WHEN (OLD.amount <> NEW.amount) EXECUTE FUNCTION touch()",
                "CREATE TRIGGER st AFTER INSERT ON " + TABLE
                        + " REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION nothing()",
                "CREATE CONSTRAINT TRIGGER ct AFTER INSERT ON " + TABLE
                        + " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION nothing()",
                "ALTER TABLE " + TABLE + " DISABLE TRIGGER ct",
                "ALTER TABLE " + TABLE + " ENABLE ROW LEVEL SECURITY",
                "CREATE POLICY pol ON " + TABLE
                        + " FOR SELECT TO reader USING (EXISTS (SELECT FROM kinds k WHERE k.kind = "
                        + TABLE.substring(TABLE.indexOf('.') + 1) + ".kind))",
                "GRANT SELECT, INSERT ON " + TABLE + " TO reader",
                "GRANT UPDATE (note) ON " + TABLE + " TO maker WITH GRANT OPTION",
                "COMMENT ON TABLE " + TABLE + " IS 'it''s'",
                "COMMENT ON COLUMN " + TABLE + ".note IS 'n''t'",
                "COMMENT ON CONSTRAINT \"Pos \"\"c\" ON " + TABLE + " IS 'pos'",
                "COMMENT ON INDEX \"Odd \"\"S\".\"low'er\" IS 'low'",
                "COMMENT ON TRIGGER touch ON " + TABLE + " IS 'tr'",
                "COMMENT ON POLICY pol ON " + TABLE + " IS 'po'",
                "ALTER TABLE " + TABLE
                        + " SET (fillfactor = 90, toast.autovacuum_enabled = off), ALTER note SET STATISTICS 77, ALTER kind SET (n_distinct = 5),"
                        + " ALTER note SET STORAGE EXTERNAL",
                "CREATE VIEW seen WITH (security_barrier) AS SELECT id, kind, count(*) OVER () AS c FROM " + TABLE
                        + " WHERE amount > 3",
                "GRANT SELECT ON seen TO reader",
                "CREATE PUBLICATION pub FOR TABLE " + TABLE,
                "ANALYZE");
    }

    private static List<String> rows(Bench bench) {
        return bench.askAll("SELECT e::text FROM " + TABLE + " e ORDER BY id");
    }

    private static void assertApplied(DeploymentResult result) {
        assertThat(result.complete()).as(result.toString()).isTrue();
    }

    @Test
    void a_table_partitioned_by_time_keeps_all_that_it_had_and_no_row_is_moved() {
        Bench bench = bench();
        State before = State.of(bench);
        List<String> rows = rows(bench);
        String file = bench.ask("SELECT pg_relation_filenode('" + TABLE.replace("'", "''") + "')::text");

        assertApplied(bench.apply(BY_MONTH));

        assertThat(rows(bench)).isEqualTo(rows);
        String first = bench.ask(
                "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = '" + TABLE.replace("'", "''")
                        + "'::regclass AND pg_get_expr((SELECT relpartbound FROM pg_class WHERE oid = inhrelid), inhrelid) LIKE '%MINVALUE%'");
        assertThat(bench.ask(
                        "SELECT pg_relation_filenode('" + String.valueOf(first).replace("'", "''") + "')::text"))
                .isEqualTo(file);
        assertKept(bench, before);
        assertThat(bench.ask("SELECT count(*) FROM pg_constraint WHERE conname LIKE 'hone%'"))
                .isEqualTo("0");
        // The sequence goes on; defaults, generated columns, triggers and the view work on all partitions.
        assertThat(
                        bench.ask(
                                "INSERT INTO " + TABLE
                                        + " (\"At ü\", amount) VALUES (date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + interval '70 days', 7) RETURNING concat_ws(' ', id, kind, doubled, n)"))
                .isEqualTo("4005 a 14 2001");
        assertThat(bench.ask("UPDATE " + TABLE + " SET amount = 8 WHERE id = 4005 RETURNING touched::text"))
                .isEqualTo("1");
        assertThat(bench.ask("SELECT count(*)::text FROM seen WHERE id = 4005")).isEqualTo("1");
        assertThat(bench.apply(BY_MONTH).steps().getFirst().state()).isEqualTo(StepState.ALREADY);
    }

    /** What State told of the table by its name is still so, but for what partitioning means. */
    private static void assertKept(Bench bench, State before) {
        List<String> lost = State.of(bench).since(before).stream()
                .filter(one -> !one.startsWith("added ") && !one.contains(": null -> "))
                .filter(one -> !one.matches(
                        "(?s)changed (relation|constraint|index|column) .*|constraint .*|index .*|relation .*"))
                .toList();
        assertThat(lost).isEmpty();
        assertThat(bench.ask(
                        "SELECT concat_ws(' ', relkind, relowner::regrole, relacl, relrowsecurity, relreplident) FROM pg_class WHERE oid = '"
                                + TABLE.replace("'", "''") + "'::regclass"))
                .startsWith("p postgres {")
                .contains("reader=ar/postgres")
                .endsWith(" t d");
        assertThat(bench.askAll("SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = '"
                        + TABLE.replace("'", "''") + "'::regclass AND indisvalid"))
                .hasSize(3);
        assertThat(bench.askAll("SELECT conname FROM pg_constraint WHERE conrelid = '" + TABLE.replace("'", "''")
                        + "'::regclass AND contype IN ('c', 'f') ORDER BY 1"))
                .contains("Pos \"c", "kind_fk");
        assertThat(bench.ask("SELECT pg_get_viewdef('seen'::regclass)")).contains("sixty-three byte\"");
    }

    @Test
    void undo_gives_back_the_very_table_and_takes_the_few_rows_of_new_partitions_along() {
        Bench bench = bench();
        State before = State.of(bench);
        assertApplied(bench.apply(BY_MONTH));
        assertApplied(bench.undo());
        assertThat(State.of(bench).since(before)).isEmpty();

        assertApplied(bench.apply(BY_MONTH));
        bench.run("INSERT INTO " + TABLE
                + " (\"At ü\", amount) SELECT now() + interval '40 days', i FROM generate_series(1, 100) i");
        List<String> rows = rows(bench);
        assertApplied(bench.undo());
        assertThat(rows(bench)).isEqualTo(rows).hasSize(2100);
        assertThat(State.of(bench).since(before)).isEmpty();
    }

    @Test
    void undo_copies_the_many_rows_of_new_partitions_back_while_they_are_written() throws Exception {
        Bench bench = bench();
        State before = State.of(bench);
        assertApplied(bench.apply(BY_MONTH));
        bench.run("INSERT INTO " + TABLE
                + " (\"At ü\", amount) SELECT now() + interval '40 days', i FROM generate_series(1, 12000) i");
        try (MirroredWriters writers = MirroredWriters.begin(bench, TABLE, "\"At ü\"")) {
            writers.awaitSome();
            assertApplied(bench.undo());
            writers.end();
            writers.assertFine(DeployOptions.DEFAULT.lockTimeout().plus(Duration.ofSeconds(8)));
        }
        bench.run("DROP TABLE control");
        assertThat(State.of(bench).since(before)).isEmpty();
    }

    @Test
    void rows_that_come_while_undo_builds_an_index_or_waits_for_locks_are_counted_too() {
        for (String moment : List.of("CREATE INDEX", "ALTER VIEW")) {
            Bench bench = Bench.on(
                    local,
                    "CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL)",
                    "CREATE VIEW seen AS SELECT id FROM t",
                    "INSERT INTO t VALUES (1, 50)",
                    "CREATE FUNCTION meanwhile() RETURNS event_trigger LANGUAGE plpgsql AS"
                            + " 'BEGIN IF to_regclass(''public.t_hone'') IS NULL THEN"
                            + " INSERT INTO public.t SELECT i, 250 FROM generate_series(2, 1500) i; END IF; END'");
            assertApplied(bench.apply(PartitionTable.of("public", "t", "n", new PartitionTable.Steps(100, 1))));
            String file = bench.ask("SELECT pg_relation_filenode('t_p0')::text");
            bench.run("CREATE EVENT TRIGGER meanwhile ON ddl_command_start WHEN TAG IN ('" + moment
                    + "') EXECUTE FUNCTION meanwhile()");
            assertUndone(bench);
            bench.run("DROP EVENT TRIGGER meanwhile");
            assertThat(bench.ask("SELECT pg_relation_filenode('t')::text"))
                    .as(moment)
                    .isNotEqualTo(file);
            // What came in the transaction of the swap went with it.
            assertThat(bench.ask("SELECT count(*)::text FROM t"))
                    .isEqualTo(moment.equals("CREATE INDEX") ? "1500" : "1");
            assertThat(
                            bench.ask(
                                    "SELECT count(*) FROM pg_class WHERE relname LIKE '%hone%' OR relname LIKE 't_p%' AND relname <> 't_pkey'"))
                    .isEqualTo("0");
        }
    }

    @Test
    void writers_notice_nothing_of_either_kind() throws Exception {
        for (PartitionTable change : List.of(BY_MONTH, BY_HASH)) {
            Bench bench = bench();
            bench.run("ALTER TABLE " + TABLE + " DROP CONSTRAINT later");
            try (MirroredWriters writers = MirroredWriters.begin(bench, TABLE, "\"At ü\"")) {
                writers.awaitSome();
                assertApplied(bench.apply(change));
                writers.awaitSome();
                assertApplied(bench.undo());
                writers.awaitSome();
                writers.end();
                System.out.println(change.title() + ": longest wait of a writer " + writers.longestMillis() + " ms");
                // Generous: this machine has other things to do, and a swap takes milliseconds.
                writers.assertFine(DeployOptions.DEFAULT.lockTimeout().plus(Duration.ofSeconds(8)));
            }
        }
    }

    @Test
    void a_table_partitioned_by_hash_is_copied_and_undo_brings_later_rows_back() {
        Bench bench = bench();
        bench.run("ALTER TABLE " + TABLE + " DROP CONSTRAINT later");
        State before = State.of(bench);
        List<String> rows = rows(bench);
        DeploymentPlan plan = Deployer.plan(bench.address(), List.of(BY_HASH), Bench.OPTIONS);
        assertThat(plan.steps().getFirst().note()).startsWith("copies all rows");

        assertApplied(bench.apply(BY_HASH));

        assertThat(rows(bench)).isEqualTo(rows);
        assertKept(bench, before);
        assertThat(bench.ask("INSERT INTO " + TABLE + " (amount) VALUES (7) RETURNING id::text"))
                .isEqualTo("4005");
        bench.run(
                "UPDATE " + TABLE + " SET note = 'changed' WHERE id % 4 = 1",
                "DELETE FROM " + TABLE + " WHERE id % 8 = 3");
        // By the partition's own name, and as a replica writes.
        String partition = bench.ask("SELECT tableoid::regclass::text FROM " + TABLE + " WHERE id = 4005");
        bench.run(
                "UPDATE " + partition + " SET note = 'directly' WHERE id = 4005",
                "DELETE FROM " + partition + " WHERE id % 8 = 7");
        assertThatThrownBy(() -> bench.run("DO 'BEGIN SET LOCAL session_replication_role = replica; TRUNCATE "
                        + String.valueOf(partition).replace("'", "''") + " CASCADE; END'"))
                .hasMessageContaining("cannot be truncated");
        assertThatThrownBy(() -> bench.run("TRUNCATE " + TABLE + " CASCADE"))
                .hasMessageContaining("cannot be truncated");
        rows = rows(bench);
        assertApplied(bench.undo());
        assertThat(rows(bench)).isEqualTo(rows);
        assertThat(State.of(bench).since(before)).isEmpty();
    }

    @Test
    void a_nullable_column_numbers_and_dates_are_partitioned_by_range() {
        Bench bench = Bench.on(
                local,
                "CREATE TABLE log (at date, what text)",
                "ALTER TABLE log REPLICA IDENTITY FULL",
                "CREATE TABLE counted (id int PRIMARY KEY, what text)",
                "CREATE TABLE local (at timestamp, what text)",
                "INSERT INTO log SELECT DATE '2024-01-01' + i, 'x' FROM generate_series(1, 50) i",
                "INSERT INTO local SELECT DATE '2024-01-01' + i, 'x' FROM generate_series(1, 50) i",
                "INSERT INTO counted SELECT i, 'x' FROM generate_series(1, 50) i");
        State before = State.of(bench);
        assertApplied(bench.apply(
                PartitionTable.of("public", "log", "at", new PartitionTable.Ranges(PartitionTable.Interval.WEEK, 2)),
                PartitionTable.of("public", "local", "at", new PartitionTable.Ranges(PartitionTable.Interval.YEAR, 1)),
                PartitionTable.of("public", "counted", "id", new PartitionTable.Steps(100, 2))));
        assertThat(
                        bench.askAll(
                                "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname LIKE 'counted_p%' AND relkind = 'r' ORDER BY relname"))
                .containsExactly(
                        "FOR VALUES FROM (MINVALUE) TO (200)",
                        "FOR VALUES FROM (200) TO (300)",
                        "FOR VALUES FROM (300) TO (400)");
        bench.run("INSERT INTO counted VALUES (250, 'y')", "INSERT INTO log VALUES (current_date + 15, 'y')");
        assertThat(bench.ask("SELECT tableoid::regclass::text FROM counted WHERE id = 250"))
                .isEqualTo("counted_p200");
        assertApplied(bench.undo());
        assertThat(State.of(bench).since(before)).isEmpty();
        assertThat(bench.ask("SELECT (SELECT count(*) FROM log) + (SELECT count(*) FROM counted)"))
                .isEqualTo("102");
    }

    @Test
    void what_cannot_be_kept_is_refused_with_a_word_on_what_to_do() {
        Bench bench = Bench.on(
                local,
                "CREATE TABLE t (id int PRIMARY KEY, at timestamptz NOT NULL, a int, u int, ts text)",
                "CREATE TABLE child (id int CONSTRAINT child_fk REFERENCES t)",
                "CREATE TABLE whole (id int PRIMARY KEY, at timestamptz NOT NULL)");
        PartitionTable change =
                PartitionTable.of("public", "t", "at", new PartitionTable.Ranges(PartitionTable.Interval.DAY, 1));
        refused(
                bench,
                change,
                "foreign key child_fk of public.child points to id alone",
                "\"constraint\": \"child_fk\"");
        PartitionTable dropping = new PartitionTable(
                "public",
                "t",
                "at",
                change.scheme(),
                List.of(new PartitionTable.ForeignKey("public", "child", "child_fk", null)));
        Map<String, String> obstacles = new LinkedHashMap<>();
        obstacles.put("CREATE UNIQUE INDEX o1 ON t (u)", "o1 is unique without column at");
        obstacles.put(
                "CREATE MATERIALIZED VIEW o2 AS SELECT id FROM t",
                "rule _RETURN on materialized view public.o2 rests on it");
        obstacles.put(
                "CREATE FUNCTION o3(t) RETURNS int LANGUAGE sql AS 'SELECT 1'",
                "function public.o3(public.t) rests on the type");
        obstacles.put("CREATE RULE o4 AS ON DELETE TO t DO INSTEAD NOTHING", "it has rule o4");
        obstacles.put("CREATE TABLE o5 () INHERITS (t)", "inherited from");
        obstacles.put("ALTER TABLE t ADD CONSTRAINT o6 CHECK (a > 0) NO INHERIT", "constraint o6 is NO INHERIT");
        obstacles.put("ALTER TABLE t ADD CONSTRAINT o7 FOREIGN KEY (u) REFERENCES t", "o7 points to the table itself");
        obstacles.put("ALTER TABLE t ADD CONSTRAINT o8 FOREIGN KEY (u) REFERENCES whole NOT VALID", "o8 is not valid");
        obstacles.put("CREATE VIEW o9 AS SELECT id, a FROM t GROUP BY id", "rests on the primary key t_pkey");
        obstacles.put("CREATE TABLE t_p0 (a int)", "the name public.t_p0 is taken");
        bench.run(obstacles.keySet().toArray(String[]::new));
        State before = State.of(bench);
        refused(bench, dropping, obstacles.values().toArray(String[]::new));
        assertThat(State.of(bench).since(before)).isEmpty();
        bench.run(
                "DROP INDEX o1",
                "DROP MATERIALIZED VIEW o2",
                "DROP FUNCTION o3",
                "DROP RULE o4 ON t",
                "DROP TABLE o5",
                "ALTER TABLE t DROP CONSTRAINT o6, DROP CONSTRAINT o7, DROP CONSTRAINT o8",
                "DROP VIEW o9",
                "DROP TABLE t_p0");
        // From 17 on the server itself says which of them can be kept.
        bench.run("ALTER TABLE t ADD CONSTRAINT o10 EXCLUDE USING btree (a WITH =)");
        refused(
                bench,
                dropping,
                Integer.parseInt(String.valueOf(bench.ask("SHOW server_version_num"))) < 170000
                        ? "o10 cannot be kept"
                        : "the server cannot make such a partitioned table");
        bench.run("ALTER TABLE t DROP CONSTRAINT o10");
        refused(bench, PartitionTable.of("public", "t", "ts", change.scheme()), "Ranges of time need timestamptz");
        refused(bench, PartitionTable.of("public", "t", "nowhere", change.scheme()), "has no column");
        refused(bench, PartitionTable.of("public", "nothing", "at", change.scheme()), "does not exist");
        refused(bench, PartitionTable.of("public", "t", "u", new PartitionTable.Hashes(2)), "may be null");
        assertApplied(bench.apply(dropping));
        refused(bench, PartitionTable.of("public", "t", "id", new PartitionTable.Hashes(2)), "in another way");
        assertApplied(bench.undo());
        assertThat(bench.ask("SELECT count(*) FROM pg_constraint WHERE conname = 'child_fk' AND convalidated"))
                .isEqualTo("1");
    }

    private static void refused(Bench bench, PartitionTable change, String... words) {
        assertThatThrownBy(() -> bench.apply(change))
                .as(change.title())
                .satisfies(ofKind(HoneException.Kind.REFUSED))
                .hasMessageContainingAll(words);
    }

    @Test
    void a_row_beyond_the_bound_and_a_wrong_row_of_a_child_leave_the_table_as_it_was() {
        Bench bench = bench();
        bench.run("UPDATE child SET event_at = event_at - interval '1 s' WHERE event = 5");
        State before = State.of(bench);
        DeploymentResult result = bench.apply(BY_MONTH);
        assertThat(result.steps().getFirst().detail()).contains("rows of public.child whose event_at is not the");
        assertThat(State.of(bench).since(before)).isEmpty();
        bench.run("INSERT INTO " + TABLE + " (\"At ü\", amount) VALUES ('infinity', 1)", "DELETE FROM child");
        assertThat(bench.apply(BY_MONTH).complete()).isFalse();
        assertThat(State.of(bench).since(before)).isEmpty();
    }

    @Test
    void a_swap_that_gets_no_lock_names_who_has_it_and_the_next_run_goes_on() {
        Bench bench = bench();
        bench.run("ALTER TABLE " + TABLE + " DROP CONSTRAINT later");
        List<String> rows = rows(bench);
        try (Server reader = Server.connect(bench.address())) {
            reader.handle().begin();
            reader.handle().execute("SELECT FROM " + TABLE + " LIMIT 1");
            DeploymentResult failed = bench.apply(BY_HASH);
            assertThat(failed.complete()).isFalse();
            assertThat(failed.steps().getFirst().detail()).contains("process ", "idle in transaction");
            reader.handle().rollback();
        }
        assertApplied(bench.apply(BY_HASH));
        assertThat(rows(bench)).isEqualTo(rows);
    }

    @Test
    void undo_keeps_a_table_that_got_columns_since_and_loses_no_value() {
        for (PartitionTable change : List.of(BY_MONTH, BY_HASH)) {
            Bench bench = bench();
            bench.run("ALTER TABLE " + TABLE + " DROP CONSTRAINT later");
            assertApplied(bench.apply(change));
            bench.run(
                    "ALTER TABLE " + TABLE + " ADD COLUMN \"Ad d\" int",
                    "INSERT INTO " + TABLE
                            + " (\"At ü\", amount, \"Ad d\") SELECT now() + interval '40 days', i, i FROM generate_series(1, 10) i");
            State before = State.of(bench);
            List<String> rows = rows(bench);
            DeploymentResult result = bench.undo();
            assertThat(result.steps().getFirst().state()).isEqualTo(StepState.KEPT);
            assertThat(result.steps().getFirst().detail()).contains("\"Ad d\" pg_catalog.int4");
            assertThat(State.of(bench).since(before)).isEmpty();
            assertThat(rows(bench)).isEqualTo(rows);
        }
    }

    private static void assertUndone(Bench bench) {
        assertThat(bench.undo().steps())
                .extracting(DeploymentResult.Step::state, DeploymentResult.Step::detail)
                .containsExactly(tuple(StepState.UNDONE, "the table is as it was"));
    }

    /** So many rows that undo of a partitioning by range copies. */
    private static void addMany(Bench bench) {
        bench.run("INSERT INTO " + TABLE
                + " (\"At ü\", amount) SELECT now() + interval '40 days', i FROM generate_series(1, 1500) i");
    }

    @Test
    void undo_keeps_the_indexes_and_triggers_that_the_table_got_since() {
        for (String way : List.of("in place", "by copying back", "by hash")) {
            Bench bench = bench();
            bench.run("ALTER TABLE " + TABLE + " DROP CONSTRAINT later");
            State before = State.of(bench);
            assertApplied(bench.apply(way.equals("by hash") ? BY_HASH : BY_MONTH));
            if (way.equals("by copying back")) {
                addMany(bench);
            }
            bench.run(
                    "CREATE INDEX \"gót 'it\" ON " + TABLE
                            + " (touched DESC, lower(kind)) WITH (fillfactor = 70) WHERE amount > 5",
                    "CREATE INDEX \"Got id\" ON " + TABLE + " (id, amount)",
                    "COMMENT ON INDEX \"Odd \"\"S\".\"gót 'it\" IS 'com''ment'",
                    "CREATE TRIGGER \"gót tr\" BEFORE UPDATE OF note ON " + TABLE
                            + " FOR EACH ROW EXECUTE FUNCTION touch()",
                    "COMMENT ON TRIGGER \"gót tr\" ON " + TABLE + " IS 'tr'''",
                    "CREATE TRIGGER asleep AFTER DELETE ON " + TABLE + " FOR EACH STATEMENT EXECUTE FUNCTION nothing()",
                    "ALTER TABLE " + TABLE + " DISABLE TRIGGER asleep",
                    "DROP INDEX \"Odd \"\"S\".\"low'er\"",
                    "DROP STATISTICS \"Odd \"\"S\".st");
            List<String> rows = rows(bench);

            assertUndone(bench);

            assertThat(rows(bench)).as(way).isEqualTo(rows);
            assertThat(
                            bench.askAll(
                                    "SELECT concat_ws(' ', substring(pg_get_indexdef(i.indexrelid) FROM ' USING .*'), obj_description(i.indexrelid), i.indisvalid)"
                                            + " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname IN ('gót ''it', 'Got id') ORDER BY c.relname"))
                    .as(way)
                    .containsExactlyInAnyOrder(
                            " USING btree (id, amount) t",
                            " USING btree (touched DESC, lower(kind)) WITH (fillfactor='70') WHERE (amount > 5) com'ment t");
            assertThat(
                            bench.askAll(
                                    "SELECT concat_ws(' ', tgname, tgenabled, obj_description(oid)) FROM pg_trigger WHERE tgname IN ('gót tr', 'asleep') ORDER BY 1"))
                    .as(way)
                    .containsExactly("asleep D", "gót tr O tr'");
            assertThat(bench.ask("UPDATE " + TABLE + " SET note = 'x' WHERE id = 5 RETURNING touched::text"))
                    .isEqualTo("1");
            bench.run(
                    "DROP INDEX \"Odd \"\"S\".\"gót 'it\", \"Odd \"\"S\".\"Got id\"",
                    "DROP TRIGGER \"gót tr\" ON " + TABLE,
                    "DROP TRIGGER asleep ON " + TABLE);
            if (way.equals("in place")) {
                // Dropped with the index of the whole.
                bench.run(
                        "CREATE INDEX \"low'er\" ON " + TABLE + " (lower(note)) WHERE note IS NOT NULL",
                        "COMMENT ON INDEX \"Odd \"\"S\".\"low'er\" IS 'low'");
            }
            assertThat(State.of(bench).since(before)).as(way).isEmpty();
        }
    }

    @Test
    void undo_names_what_it_would_lose_before_it_changes_anything() {
        for (PartitionTable change : List.of(BY_MONTH, BY_HASH)) {
            Bench bench = bench();
            bench.run("ALTER TABLE " + TABLE + " DROP CONSTRAINT later");
            State before = State.of(bench);
            assertApplied(bench.apply(change));
            String partition = bench.ask("SELECT min(inhrelid::regclass::text) FROM pg_inherits WHERE inhparent = '"
                    + TABLE.replace("'", "''") + "'::regclass");
            Map<String, String> made = new LinkedHashMap<>();
            made.put("CREATE POLICY later ON " + TABLE + " USING (true)", "DROP POLICY later ON " + TABLE);
            made.put("GRANT DELETE ON " + TABLE + " TO reader", "REVOKE DELETE ON " + TABLE + " FROM reader");
            made.put("CREATE VIEW late AS SELECT id FROM " + TABLE, "DROP VIEW late");
            made.put(
                    "ALTER TABLE " + TABLE + " ADD CONSTRAINT little CHECK (amount < 9999999)",
                    "ALTER TABLE " + TABLE + " DROP CONSTRAINT little");
            String key = "ALTER TABLE " + TABLE + " DROP CONSTRAINT kind_fk, ADD CONSTRAINT kind_fk FOREIGN KEY (kind)"
                    + " REFERENCES kinds ON DELETE ";
            made.put(key + "SET NULL", key + "CASCADE");
            made.put("CREATE INDEX alone ON " + partition + " (note)", "DROP INDEX \"Odd \"\"S\".alone");
            made.put("CREATE INDEX begun ON ONLY " + TABLE + " (note)", "DROP INDEX \"Odd \"\"S\".begun");
            made.put(
                    "CREATE FUNCTION whole(" + TABLE + ") RETURNS int LANGUAGE sql AS 'SELECT 1'",
                    "DROP FUNCTION whole");
            made.put("CREATE STATISTICS few ON id, amount FROM " + TABLE, "DROP STATISTICS few");
            made.put(
                    "ALTER TABLE " + TABLE + " ENABLE REPLICA TRIGGER st",
                    "ALTER TABLE " + TABLE + " ENABLE TRIGGER st");
            made.put(
                    "CREATE PUBLICATION late FOR TABLE " + TABLE + " WITH (publish_via_partition_root = true)",
                    "DROP PUBLICATION late");
            bench.run(made.keySet().toArray(String[]::new));
            State then = State.of(bench);

            DeploymentResult result = bench.undo();

            assertThat(result.steps().getFirst().state()).isEqualTo(StepState.UNDOING);
            assertThat(result.steps().getFirst().detail())
                    .contains(
                            "policy later",
                            "owner, grants or row-level security",
                            "view late",
                            "constraint little",
                            "constraint kind_fk",
                            "index alone of partition ",
                            "invalid index begun",
                            "function public.whole(",
                            "statistics public.few",
                            "trigger st",
                            "publication late",
                            "make it anew afterwards")
                    .doesNotContain("hone", "pkey");
            assertThat(State.of(bench).since(then)).isEmpty();
            bench.run(made.values().toArray(String[]::new));
            assertUndone(bench);
            assertThat(State.of(bench).since(before)).isEmpty();
        }
    }

    private static void assertNotYetUndone(Bench bench, String... words) {
        assertThat(bench.undo().steps().getFirst()).satisfies(step -> {
            assertThat(step.state()).isEqualTo(StepState.UNDOING);
            assertThat(step.detail()).contains(words);
        });
    }

    @Test
    void a_table_that_a_subscription_writes_to_is_swapped_neither_forth_nor_back() {
        Bench bench = Bench.on(local, "CREATE TABLE t (id int PRIMARY KEY)");
        String subscribe =
                "INSERT INTO pg_subscription_rel (srsubid, srrelid, srsubstate) VALUES (1, 't'::regclass, 'r')";
        PartitionTable byHash = PartitionTable.of("public", "t", "id", new PartitionTable.Hashes(2));
        PartitionTable byRange = PartitionTable.of("public", "t", "id", new PartitionTable.Steps(10, 1));
        for (PartitionTable change : List.of(byHash, byRange)) {
            bench.run(subscribe);
            refused(bench, change, "a subscription writes to it");
            bench.run("DELETE FROM pg_subscription_rel");
            assertApplied(bench.apply(change));
            bench.run(subscribe);
            assertNotYetUndone(bench, "a subscription that writes to it");
            bench.run("DELETE FROM pg_subscription_rel");
            assertUndone(bench);
        }
    }

    @Test
    void undo_renames_nothing_of_other_tables_that_bears_a_name_of_before() {
        Bench bench = Bench.on(
                local,
                "CREATE TABLE t (id int PRIMARY KEY, a int, b int)",
                "CREATE INDEX i ON t (a)",
                "CREATE STATISTICS st ON a, b FROM t",
                "CREATE TABLE other (a int, b int)");
        assertApplied(bench.apply(PartitionTable.of("public", "t", "id", new PartitionTable.Steps(10, 1))));
        bench.run(
                "DROP INDEX i",
                "DROP STATISTICS st",
                "CREATE INDEX i ON other (a)",
                "CREATE STATISTICS st ON a, b FROM other");
        assertNotYetUndone(bench, "\"st\" already exists");
        bench.run("DROP STATISTICS st");
        assertUndone(bench);
        assertThat(bench.ask("SELECT indrelid::regclass::text FROM pg_index WHERE indexrelid = 'i'::regclass"))
                .isEqualTo("other");
    }

    @Test
    void a_trigger_of_somebody_else_is_not_taken_for_the_one_that_notes_keys() {
        Bench bench = Bench.on(
                local,
                "CREATE TABLE t (id int PRIMARY KEY)",
                "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
                "CREATE TRIGGER hone_insert AFTER INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION nothing()");
        PartitionTable change = PartitionTable.of("public", "t", "id", new PartitionTable.Steps(1000, 2));
        refused(bench, change, "trigger hone_insert has a name that Hone gives its own");
        bench.run("DROP TRIGGER hone_insert ON t");
        assertApplied(bench.apply(change));
        bench.run(
                "INSERT INTO t SELECT generate_series(2000, 3500)",
                "CREATE TRIGGER hone_insert AFTER INSERT ON t_p2000 FOR EACH STATEMENT EXECUTE FUNCTION nothing()");
        assertNotYetUndone(bench, "trigger \"hone_insert\" for relation \"t_p2000\" already exists");
        bench.run("DROP TRIGGER hone_insert ON t_p2000");
        assertUndone(bench);
    }

    @Test
    void undo_that_keeps_the_table_removes_the_index_that_an_earlier_attempt_has_built() {
        Bench bench = Bench.on(local, "CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL)");
        assertApplied(bench.apply(PartitionTable.of("public", "t", "n", new PartitionTable.Steps(10, 1))));
        String built = "SELECT count(*)::text FROM pg_class WHERE relname = 't_pkey_hone'";
        try (Server reader = Server.connect(bench.address())) {
            reader.handle().begin();
            // Without a snapshot, for which the build would wait.
            reader.handle().execute("LOCK TABLE t IN ACCESS SHARE MODE");
            assertThat(bench.undo().complete()).isFalse();
            reader.handle().rollback();
        }
        assertThat(bench.ask(built)).isEqualTo("1");
        bench.run("ALTER TABLE t ADD COLUMN added int");
        assertThat(bench.undo().steps().getFirst().state()).isEqualTo(StepState.KEPT);
        assertThat(bench.ask(built)).isEqualTo("0");
    }

    @Test
    void what_an_older_version_has_journaled_can_be_undone() {
        Bench bench =
                Bench.on(local, "CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL)", "CREATE INDEX n_idx ON t (n)");
        State before = State.of(bench);
        assertApplied(bench.apply(PartitionTable.of("public", "t", "n", new PartitionTable.Steps(10, 1))));
        bench.run("UPDATE performance_monitoring.optimization_log"
                + " SET before = (before::jsonb - 'noted') #- '{design,phases,shape}'");
        assertUndone(bench);
        assertThat(State.of(bench).since(before)).isEmpty();
    }

    @Test
    void a_partition_that_comes_while_rows_are_copied_back_ends_that_and_the_next_undo_has_its_rows() {
        Bench bench = bench();
        bench.run("ALTER TABLE " + TABLE + " DROP CONSTRAINT later");
        State before = State.of(bench);
        assertApplied(bench.apply(BY_MONTH));
        addMany(bench);
        try (Server reader = Server.connect(bench.address())) {
            reader.handle().begin();
            reader.handle().execute("SELECT FROM " + TABLE + " LIMIT 1");
            assertThat(bench.undo().complete()).isFalse();
            reader.handle().rollback();
        }
        bench.run(
                "CREATE TABLE added (LIKE " + TABLE + " INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS)",
                "INSERT INTO added (id, \"At ü\", amount, n) SELECT i, '2031-01-01', 1, 1 FROM (VALUES (1), (999999)) v(i)",
                "ALTER TABLE " + TABLE + " ATTACH PARTITION added FOR VALUES FROM ('2030-01-01') TO ('2040-01-01')",
                "UPDATE added SET note = 'by its name'");
        List<String> rows = rows(bench);

        DeploymentResult result = bench.undo();

        assertThat(result.steps().getFirst().state()).isEqualTo(StepState.UNDOING);
        assertThat(result.steps().getFirst().detail()).contains("partitions came or went", "public.added");
        assertUndone(bench);
        assertThat(rows(bench)).isEqualTo(rows).hasSize(3502);
        assertThat(State.of(bench).since(before)).isEmpty();
    }

    @Test
    void what_changes_between_plan_and_swap_makes_the_swap_fail() {
        Bench bench = bench();
        bench.run("ALTER TABLE " + TABLE + " DROP CONSTRAINT later");
        try (Server reader = Server.connect(bench.address())) {
            reader.handle().begin();
            reader.handle().execute("SELECT FROM " + TABLE + " LIMIT 1");
            assertThat(bench.apply(BY_HASH).complete()).isFalse();
            reader.handle().rollback();
        }
        bench.run(
                "ALTER TABLE " + TABLE + " ADD COLUMN added int DEFAULT 7",
                "CREATE VIEW late AS SELECT id FROM " + TABLE,
                "CREATE INDEX late_idx ON " + TABLE + " (touched)");
        DeploymentResult result = bench.apply(BY_HASH);
        assertThat(result.complete()).isFalse();
        assertThat(result.steps().getFirst().detail())
                .contains("changed meanwhile (column added, index late_idx, view late)", "undo, then apply again");
        assertApplied(bench.undo());
        assertApplied(bench.apply(BY_HASH));
        assertThat(bench.ask("SELECT DISTINCT added::text FROM " + TABLE)).isEqualTo("7");
    }

    @Test
    void rows_that_came_near_the_bound_before_it_is_checked_are_kept_from_nothing() {
        Bench bench = Bench.on(
                local,
                "CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL)",
                "INSERT INTO t VALUES (1, 50)",
                // While the index is built, others go on.
                "CREATE FUNCTION meanwhile() RETURNS event_trigger LANGUAGE plpgsql AS"
                        + " 'BEGIN INSERT INTO public.t VALUES (2, 160) ON CONFLICT DO NOTHING; END'",
                "CREATE EVENT TRIGGER meanwhile ON ddl_command_start WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION meanwhile()");
        PartitionTable change = PartitionTable.of("public", "t", "n", new PartitionTable.Steps(100, 1));
        State before = State.of(bench);
        DeploymentResult result = bench.apply(change);
        assertThat(result.complete()).isFalse();
        assertThat(result.steps().getFirst().detail()).contains("near to 200", "undo, then apply again");
        assertThat(State.of(bench).since(before)).isEmpty();
        bench.run("DROP EVENT TRIGGER meanwhile");
        assertApplied(bench.undo());
        assertApplied(bench.apply(change));
        assertThat(bench.ask("SELECT count(*)::text FROM t_p0")).isEqualTo("2");
    }

    @Test
    void rows_are_copied_in_the_order_of_the_key() {
        Bench bench = Bench.on(local, "CREATE TABLE t (a int NOT NULL, b int, c int, PRIMARY KEY (c, b))");
        try (Server server = Server.connect(bench.address())) {
            assertThat(PartitionDesign.read(
                                    server, PartitionTable.of("public", "t", "b", new PartitionTable.Hashes(2)), null)
                            .keys())
                    .isEqualTo("c, b");
            assertThat(PartitionDesign.read(
                                    server,
                                    PartitionTable.of("public", "t", "a", new PartitionTable.Steps(10, 1)),
                                    "10")
                            .keys())
                    .isEqualTo("c, b, a");
        }
    }

    @Test
    void a_swap_locks_the_tables_of_foreign_keys_first_and_no_other_table_of_a_view() {
        Bench bench = Bench.on(
                local,
                "CREATE TABLE target (id int PRIMARY KEY)",
                "CREATE TABLE beside (id int)",
                "CREATE TABLE t (id int PRIMARY KEY, target int REFERENCES target)",
                "CREATE VIEW pair AS SELECT t.id FROM t JOIN beside USING (id)");
        PartitionTable change = PartitionTable.of("public", "t", "id", new PartitionTable.Hashes(2));
        try (Server server = Server.connect(bench.address())) {
            PartitionDesign design = PartitionDesign.read(server, change, null);
            for (String phase : List.of("lock", "lock_back")) {
                assertThat(design.of(phase)).contains("LOCK TABLE public.t, public.target IN ACCESS EXCLUSIVE MODE");
                server.handle().begin();
                server.handle().execute(design.of(phase).getFirst());
                assertThat(server.handle()
                                .createQuery(
                                        "SELECT relation::regclass::text FROM pg_locks WHERE pid = pg_backend_pid()"
                                                + " AND mode = 'AccessExclusiveLock' AND relation IS NOT NULL")
                                .mapTo(String.class)
                                .list())
                        .containsExactly("pair");
                server.handle().rollback();
            }
        }
    }

    @Test
    void its_statement_does_the_same_without_hone() {
        for (PartitionTable change : List.of(BY_MONTH, BY_HASH)) {
            Bench bench = bench();
            bench.run("ALTER TABLE " + TABLE + " DROP CONSTRAINT later");
            State initial = State.of(bench);
            List<String> rows = rows(bench);
            assertApplied(bench.apply(change));
            State byHone = State.of(bench);
            assertApplied(bench.undo());
            bench.run(change.sql().toArray(String[]::new));
            assertThat(State.of(bench).since(byHone)).isEmpty();
            assertThat(rows(bench)).isEqualTo(rows);
            bench.run("UPDATE " + TABLE + " SET note = 'later' WHERE id = 5");
            bench.run(change.undoSql().toArray(String[]::new));
            assertThat(State.of(bench).since(initial)).isEmpty();
            assertThat(bench.ask("SELECT note FROM " + TABLE + " WHERE id = 5")).isEqualTo("later");
        }
    }

    @Test
    void its_statement_runs_nothing_that_a_stranger_wrote() {
        PartitionTable change = PartitionTable.of("public", "t", "id", new PartitionTable.Steps(10, 1));
        Bench bench = Bench.on(
                local,
                "CREATE TABLE t (id int PRIMARY KEY)",
                "CREATE SCHEMA performance_monitoring",
                "CREATE TABLE performance_monitoring.way_back (subject text, number bigint, statement text, PRIMARY KEY (subject, number))",
                "INSERT INTO performance_monitoring.way_back VALUES ('public.t', 1, 'CREATE TABLE bad ()')",
                "ALTER TABLE performance_monitoring.way_back OWNER TO maker");
        for (List<String> sql : List.of(change.sql(), change.undoSql())) {
            assertThatThrownBy(() -> bench.run(sql.toArray(String[]::new))).hasMessageContaining("another role");
        }
        bench.run("DROP TABLE performance_monitoring.way_back");
        bench.run(change.sql().toArray(String[]::new));
        bench.run(change.undoSql().toArray(String[]::new));
        assertThatThrownBy(() -> bench.run(change.undoSql().toArray(String[]::new)))
                .hasMessageContaining("nothing is known");
        assertThat(bench.ask("SELECT to_regclass('bad')::text")).isNull();
    }

    @Test
    void it_comes_and_goes_as_json() {
        for (Change change :
                List.of(BY_MONTH, BY_HASH, PartitionTable.of("a", "b", "c", new PartitionTable.Steps(1_000_000, 3)))) {
            String json = Json.MAPPER.writerFor(Change.class).writeValueAsString(change);
            assertThat(Json.read(json, Change.class)).isEqualTo(change);
        }
        assertThat(Json.read(
                        "{\"type\":\"partition_table\",\"schema\":\"a\",\"table\":\"b\",\"column\":\"c\",\"scheme\":{\"type\":\"ranges\",\"interval\":\"month\",\"ahead\":3}}",
                        Change.class))
                .isEqualTo(
                        PartitionTable.of("a", "b", "c", new PartitionTable.Ranges(PartitionTable.Interval.MONTH, 3)));
    }
}
