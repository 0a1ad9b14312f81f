package dev.hone.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.HoneException;
import dev.hone.postgres.Installed;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Foreign keys that point to a table are as strict while it is partitioned as they were. */
class PartitionForeignKeyTest {

    private static final String CHECK = "slips_bet_fkey_hone_given";
    private static final PartitionTable BY_MONTH = bets(
            "at", new PartitionTable.Ranges(PartitionTable.Interval.MONTH, 3), "slips", "slips_bet_fkey", "bet_at");
    private static final PartitionTable BY_HASH =
            bets("owner", new PartitionTable.Hashes(3), "slips", "slips_bet_fkey", "bet_owner");

    private static LocalServer local;

    @BeforeAll
    static void start() {
        local = LocalServer.start(Installed.chosen(), Map.of("autovacuum", "off"));
    }

    @AfterAll
    static void stop() {
        local.close();
    }

    private static PartitionTable bets(
            String key, PartitionTable.Scheme scheme, String child, String constraint, String column) {
        return new PartitionTable(
                "public",
                "bets",
                key,
                scheme,
                List.of(new PartitionTable.ForeignKey("public", child, constraint, column)));
    }

    /** Slips that all know time and owner of their bets, in columns that may be null. */
    private static Bench bench() {
        return Bench.on(
                local,
                "CREATE TABLE kinds (kind int PRIMARY KEY)",
                "CREATE TABLE bets (id bigint PRIMARY KEY, at timestamptz NOT NULL, owner int NOT NULL, kind int REFERENCES kinds)",
                "INSERT INTO bets SELECT i, now() - i * interval '1 h', i % 7 FROM generate_series(1, 500) i",
                "CREATE TABLE slips (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, bet_id bigint, bet_at timestamptz,"
                        + " bet_owner int, CONSTRAINT slips_bet_fkey FOREIGN KEY (bet_id) REFERENCES bets)",
                "INSERT INTO slips (bet_id, bet_at, bet_owner) SELECT id, at, owner FROM bets",
                "INSERT INTO slips (bet_at) VALUES (NULL), (now())",
                "ANALYZE");
    }

    private static void assertApplied(DeploymentResult result) {
        assertThat(result.complete()).as(result.toString()).isTrue();
    }

    private static void assertRejected(Bench bench, String constraint, String statement) {
        assertThatThrownBy(() -> bench.run(statement)).as(statement).hasMessageContaining(constraint);
    }

    private static DeploymentPlan.Step planned(Bench bench, PartitionTable change) {
        return Deployer.plan(bench.address(), List.of(change), Bench.OPTIONS)
                .steps()
                .getFirst();
    }

    /** A session that is in the way of nothing but the swap. */
    private static Server inTheWay(Bench bench) {
        Server reader = Server.connect(bench.address());
        reader.handle().begin();
        reader.handle().execute("LOCK TABLE kinds IN ACCESS SHARE MODE");
        return reader;
    }

    /** That nobody is kept from anything by a check that is of no use any more. */
    private static void assertNoCheck(Bench bench) {
        assertThat(bench.askAll("SELECT conname FROM pg_constraint WHERE conname LIKE '%hone_given'"))
                .isEmpty();
    }

    @Test
    void a_row_that_gives_the_reference_without_the_column_is_refused_and_the_plan_says_so() {
        for (PartitionTable change : List.of(BY_MONTH, BY_HASH)) {
            String column = String.valueOf(change.foreignKeys().getFirst().column());
            Bench bench = bench();
            State before = State.of(bench);

            DeploymentPlan.Step step = planned(bench, change);
            assertThat(step.note())
                    .contains(
                            "public.slips gets CHECK " + CHECK,
                            "refuses rows with bet_id but without " + column,
                            "until undo");
            assertThat(step.sql())
                    .contains("ALTER TABLE ONLY \"public\".\"slips\" ADD CONSTRAINT \"" + CHECK
                            + "\" CHECK (bet_id IS NULL OR " + column + " IS NOT NULL) NO INHERIT NOT VALID");
            assertThat(State.of(bench).since(before)).isEmpty();

            assertApplied(bench.apply(change));
            assertRejected(bench, CHECK, "INSERT INTO slips (bet_id) VALUES (999999999)");
            assertRejected(bench, CHECK, "INSERT INTO slips (bet_id) VALUES (1)");
            assertRejected(bench, CHECK, "UPDATE slips SET " + column + " = NULL WHERE bet_id = 2");
            assertRejected(
                    bench,
                    "slips_bet_fkey",
                    "INSERT INTO slips (bet_id, bet_at, bet_owner) VALUES (999999999, now(), 1)");
            assertRejected(bench, "slips_bet_fkey", "DELETE FROM bets WHERE id = 3");
            bench.run(
                    "INSERT INTO slips (bet_at) VALUES (NULL), (now())",
                    "INSERT INTO bets VALUES (1001, now() + interval '40 days', 5)",
                    "INSERT INTO slips (bet_id, bet_at, bet_owner) SELECT id, at, owner FROM bets WHERE id IN (4, 1001)");
            assertThat(
                            bench.ask(
                                    "SELECT bool_and(convalidated)::text FROM pg_constraint WHERE conrelid = 'slips'::regclass"))
                    .isEqualTo("true");

            assertApplied(bench.undo());
            assertThat(State.of(bench).since(before)).isEmpty();
            assertThat(bench.ask("SELECT count(*)::text FROM slips")).isEqualTo("506");
            assertRejected(bench, "slips_bet_fkey", "INSERT INTO slips (bet_id) VALUES (999999999)");
            bench.run("INSERT INTO slips (bet_id) VALUES (1)");
        }
    }

    @Test
    void undo_takes_the_check_away_at_once_and_after_many_rows() {
        Bench bench = bench();
        State before = State.of(bench);
        assertApplied(bench.apply(BY_MONTH));
        assertApplied(bench.undo());
        assertThat(State.of(bench).since(before)).isEmpty();

        assertApplied(bench.apply(BY_MONTH));
        bench.run(
                "INSERT INTO bets SELECT 1000 + i, now() + interval '40 days', i % 7 FROM generate_series(1, 1500) i",
                "INSERT INTO slips (bet_id, bet_at) SELECT id, at FROM bets WHERE id > 1000");
        assertApplied(bench.undo());
        assertNoCheck(bench);
        assertThat(
                        bench.ask(
                                "SELECT pg_get_constraintdef(oid) || convalidated FROM pg_constraint WHERE conname = 'slips_bet_fkey'"))
                .isEqualTo("FOREIGN KEY (bet_id) REFERENCES bets(id)true");
        assertThat(bench.ask("SELECT relkind::text FROM pg_class WHERE oid = 'bets'::regclass"))
                .isEqualTo("r");
    }

    @Test
    void whoever_does_not_write_the_column_yet_is_told_so_before_anything_is_changed() {
        for (PartitionTable change : List.of(BY_MONTH, BY_HASH)) {
            Bench bench = bench();
            bench.run("INSERT INTO slips (bet_id) VALUES (1)");
            State before = State.of(bench);
            DeploymentResult result = bench.apply(change);
            assertThat(result.complete()).isFalse();
            assertThat(result.steps().getFirst().detail()).contains("rows of public.slips whose bet_", "at least: 1");
            assertThat(State.of(bench).since(before)).isEmpty();
        }
    }

    @Test
    void rows_are_checked_before_the_swap_and_no_longer_where_it_is_not_to_be_had() throws Exception {
        for (PartitionTable change : List.of(BY_MONTH, BY_HASH)) {
            Bench bench = bench();
            try (Server reader = inTheWay(bench)) {
                CompletableFuture<DeploymentResult> running = CompletableFuture.supplyAsync(() -> bench.apply(change));
                Bench.await(
                        "the check is valid, and the swap waits",
                        () -> running.isDone()
                                || "true"
                                        .equals(bench.ask(
                                                "SELECT convalidated::text FROM pg_constraint WHERE conname = '" + CHECK
                                                        + "'")));
                assertThat(running).isNotDone();
                assertRejected(bench, CHECK, "INSERT INTO slips (bet_id) VALUES (1)");
                DeploymentResult result = running.get();
                assertThat(result.complete()).as(result.toString()).isFalse();
                reader.handle().rollback();
            }
            assertNoCheck(bench);
            bench.run("INSERT INTO slips (bet_id) VALUES (1)", "DELETE FROM slips WHERE bet_at IS NULL AND bet_id = 1");
            assertApplied(bench.apply(change));
            assertRejected(bench, CHECK, "INSERT INTO slips (bet_id) VALUES (1)");
            assertApplied(bench.undo());
            assertNoCheck(bench);
        }
    }

    @Test
    void a_check_that_an_ended_run_left_is_taken_over_or_taken_away() {
        for (PartitionTable change : List.of(BY_MONTH, BY_HASH)) {
            for (boolean undone : new boolean[] {false, true}) {
                Bench bench = bench();
                State before = State.of(bench);
                String column = String.valueOf(change.foreignKeys().getFirst().column());
                try (Server reader = inTheWay(bench)) {
                    assertThat(bench.apply(change).complete()).isFalse();
                    reader.handle().rollback();
                }
                // As if the run had been ended between the two statements.
                bench.run("ALTER TABLE ONLY slips ADD CONSTRAINT " + CHECK + " CHECK (bet_id IS NULL OR " + column
                        + " IS NOT NULL) NO INHERIT NOT VALID");
                if (undone) {
                    assertApplied(bench.undo());
                } else {
                    assertApplied(bench.apply(change));
                    assertThat(bench.ask(
                                    "SELECT convalidated::text FROM pg_constraint WHERE conname = '" + CHECK + "'"))
                            .isEqualTo("true");
                    assertApplied(bench.undo());
                }
                assertThat(State.of(bench).since(before)).isEmpty();
            }
        }
    }

    @Test
    void match_full_that_would_set_a_column_that_must_be_given_is_refused() {
        Bench bench = Bench.on(
                local,
                "CREATE TABLE bets (id int PRIMARY KEY, at date NOT NULL)",
                "CREATE TABLE slips (bet int CONSTRAINT slips_fk REFERENCES bets MATCH FULL ON DELETE SET NULL, bet_at date NOT NULL)");
        PartitionTable change = new PartitionTable(
                "public",
                "bets",
                "at",
                new PartitionTable.Ranges(PartitionTable.Interval.MONTH, 2),
                List.of(new PartitionTable.ForeignKey("public", "slips", "slips_fk", "bet_at")));
        assertThat(planned(bench, change).ready()).isFalse();
        assertThat(planned(bench, change).note())
                .contains("slips_fk of public.slips is MATCH FULL and sets its columns when a row is deleted");
    }

    @Test
    void keys_of_several_columns_deferrable_and_match_full_stay_as_strict() {
        String longName = "slip".repeat(12) + "_bet_fkey";
        Bench bench = Bench.on(
                local,
                "CREATE TABLE bets (shop int, id int, at date NOT NULL, PRIMARY KEY (shop, id))",
                "INSERT INTO bets SELECT i % 3, i, current_date - i FROM generate_series(1, 50) i",
                "CREATE TABLE slips (shop int, bet int, bet_at date, CONSTRAINT " + longName
                        + " FOREIGN KEY (shop, bet) REFERENCES bets ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED)",
                "CREATE TABLE more (extra int) INHERITS (slips)",
                "CREATE TABLE whole (shop int, bet int, bet_at date, CONSTRAINT whole_fk FOREIGN KEY (shop, bet)"
                        + " REFERENCES bets MATCH FULL ON DELETE SET NULL)",
                "CREATE TABLE sure (shop int, bet int, bet_at date NOT NULL, CONSTRAINT sure_fk FOREIGN KEY (shop, bet) REFERENCES bets)",
                "INSERT INTO slips SELECT shop, id, at FROM bets",
                "INSERT INTO more VALUES (77, 77, NULL)",
                "INSERT INTO slips VALUES (1, NULL, NULL), (NULL, 1, current_date), (NULL, NULL, NULL)",
                "INSERT INTO whole SELECT shop, id, at FROM bets UNION ALL SELECT NULL, NULL, NULL",
                "INSERT INTO sure SELECT shop, id, at FROM bets");
        boolean sets = Integer.parseInt(String.valueOf(bench.ask("SHOW server_version_num"))) >= 150000;
        if (!sets) {
            bench.run(
                    "ALTER TABLE slips DROP CONSTRAINT " + longName,
                    "ALTER TABLE slips ADD CONSTRAINT " + longName
                            + " FOREIGN KEY (shop, bet) REFERENCES bets DEFERRABLE INITIALLY DEFERRED",
                    "ALTER TABLE whole DROP CONSTRAINT whole_fk",
                    "ALTER TABLE whole ADD CONSTRAINT whole_fk FOREIGN KEY (shop, bet) REFERENCES bets MATCH FULL");
        }
        PartitionTable change = new PartitionTable(
                "public",
                "bets",
                "at",
                new PartitionTable.Ranges(PartitionTable.Interval.MONTH, 2),
                List.of(
                        new PartitionTable.ForeignKey("public", "slips", longName, "bet_at"),
                        new PartitionTable.ForeignKey("public", "whole", "whole_fk", "bet_at"),
                        new PartitionTable.ForeignKey("public", "sure", "sure_fk", "bet_at")));
        State before = State.of(bench);
        assertThat(planned(bench, change).note())
                .contains("rows with shop, bet but without bet_at", "whole_fk of public.whole stays MATCH FULL")
                .doesNotContain("sure");

        bench.run("INSERT INTO whole VALUES (NULL, NULL, current_date)");
        assertThat(bench.apply(change).steps().getFirst().detail())
                .contains("rows of public.whole with bet_at that point to no row", "at least: 1");
        bench.run("DELETE FROM whole WHERE shop IS NULL AND bet_at IS NOT NULL");
        assertThat(State.of(bench).since(before)).isEmpty();

        assertApplied(bench.apply(change));
        assertRejected(bench, "_hone_given", "INSERT INTO slips VALUES (1, 1)");
        assertRejected(bench, longName, "INSERT INTO slips VALUES (77, 1, current_date)");
        assertRejected(bench, "whole_fk", "INSERT INTO whole VALUES (77, 77)");
        assertRejected(bench, "whole_fk", "INSERT INTO whole VALUES (NULL, NULL, current_date)");
        assertRejected(bench, "sure_fk", "INSERT INTO sure VALUES (77, 77, current_date)");
        bench.run(
                "INSERT INTO slips VALUES (1, NULL, NULL), (NULL, 1, current_date)",
                "INSERT INTO more VALUES (78, 78, NULL)",
                "BEGIN; INSERT INTO slips VALUES (1, 100, current_date); INSERT INTO bets VALUES (1, 100, current_date); COMMIT");
        if (sets) {
            bench.run("DELETE FROM sure WHERE bet = 5", "DELETE FROM bets WHERE id = 5");
            assertThat(bench.ask("SELECT count(*)::text FROM whole WHERE shop IS NULL AND bet_at IS NULL"))
                    .isEqualTo("2");
        }
        assertApplied(bench.undo());
        assertThat(State.of(bench).since(before)).isEmpty();
    }

    @Test
    void a_check_of_that_name_is_not_taken_over() {
        Bench bench = bench();
        bench.run("ALTER TABLE slips ADD CONSTRAINT " + CHECK + " CHECK (id > 0)");
        assertThatThrownBy(() -> bench.apply(BY_MONTH))
                .satisfies(Bench.ofKind(HoneException.Kind.REFUSED))
                .hasMessageContaining("constraint " + CHECK + " of public.slips has a name that Hone gives its own");
    }

    @Test
    void the_statement_without_hone_is_as_strict() {
        for (PartitionTable change : List.of(BY_MONTH, BY_HASH)) {
            Bench bench = bench();
            State before = State.of(bench);
            assertApplied(bench.apply(change));
            State byHone = State.of(bench);
            assertApplied(bench.undo());
            bench.run(change.sql().toArray(String[]::new));
            assertThat(State.of(bench).since(byHone)).isEmpty();
            assertRejected(bench, CHECK, "INSERT INTO slips (bet_id) VALUES (999999999)");
            bench.run(change.undoSql().toArray(String[]::new));
            assertThat(State.of(bench).since(before)).isEmpty();
        }
    }
}
