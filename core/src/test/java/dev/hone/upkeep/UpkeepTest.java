package dev.hone.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.change.CatalogDiff;
import dev.hone.change.Change;
import dev.hone.change.DeployOptions;
import dev.hone.change.Deployer;
import dev.hone.monitoring.Database;
import dev.hone.monitoring.MonitoringSchema;
import dev.hone.postgres.Catalog;
import dev.hone.postgres.Installed;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Secret;
import dev.hone.postgres.Server;
import dev.hone.postgres.SnapshotReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;

/** Triggers, queues, ranks and their worker, as `hone apply` makes them. */
class UpkeepTest {

    private static final Pace AT_ONCE = new Pace(Duration.ZERO, Duration.ZERO, 1000, Duration.ofNanos(1));
    private static final String TRUTH = "SELECT team, sum(distance) AS total FROM activities GROUP BY team";
    private static final Derived.Batch TOTALS = new Derived.Batch(List.of("team"), """
            INSERT INTO totals SELECT a.team, sum(a.distance) FROM activities a JOIN dirty USING (team) GROUP BY a.team
            ON CONFLICT (team) DO UPDATE SET total = excluded.total""");

    private static LocalServer local;
    private static String template;

    @BeforeAll
    static void start() {
        local = LocalServer.start(Installed.chosen(), Map.of("autovacuum", "off"));
        Database installed = Database.on(local);
        MonitoringSchema.install(installed.address(), null);
        template = installed.address().database();
    }

    @AfterAll
    static void stop() {
        local.close();
    }

    private static Database database(String... statements) {
        return Database.from(local, template, statements);
    }

    private static Database activities() {
        return database(
                "CREATE TABLE activities (id int PRIMARY KEY, team int, distance numeric, note text, extra json)",
                "INSERT INTO activities SELECT g, g % 5, g, 'x', '{}' FROM generate_series(1, 100) g",
                "CREATE TABLE totals (team int PRIMARY KEY, total numeric)",
                "CREATE MATERIALIZED VIEW sums AS " + TRUTH,
                "CREATE UNIQUE INDEX ON sums (team)");
    }

    private static TableShape shape(Database database, String table) {
        try (Server server = Server.connect(database.address())) {
            return TableShape.read(server, table);
        }
    }

    private static DirtyQueue totals(Database database, Pace pace) {
        return new DirtyQueue("totals", shape(database, "activities"), List.of("distance"), TOTALS, pace);
    }

    private static DirtyQueue sums(Database database, Pace pace) {
        try (Server server = Server.connect(database.address())) {
            return new DirtyQueue(
                    "sums",
                    TableShape.read(server, "public.activities"),
                    List.of("team", "distance", "extra"),
                    Derived.View.read(server, "sums"),
                    pace);
        }
    }

    /** As psql would: quicker than a deployment, and the same (see below). */
    private static void make(Database database, List<Change> changes) {
        database.run(changes.stream().flatMap(change -> change.sql().stream()).toArray(String[]::new));
    }

    private static void apply(Database database, List<Change> changes) {
        var result = Deployer.apply(database.address(), changes, DeployOptions.DEFAULT, Progress.NONE);
        assertThat(result.complete()).as(() -> result.steps().toString()).isTrue();
    }

    private static List<Refresher.Event> pass(Database database) {
        return pass(database, List.of());
    }

    private static List<Refresher.Event> pass(Database database, List<String> trusted) {
        try (Refresher refresher = Refresher.connect(database.address(), true, trusted)) {
            return refresher.pass();
        }
    }

    private static void assertUpToDate(Database database, String derived) {
        assertThat(database.rows(derived + " EXCEPT " + TRUTH)).isEmpty();
        assertThat(database.rows(TRUTH + " EXCEPT " + derived)).isEmpty();
    }

    private static Catalog catalog(Database database) {
        try (Server server = Server.connect(database.address())) {
            return new SnapshotReader(Set.of(SnapshotReader.Part.CATALOG), List.of(), Duration.ofSeconds(30))
                    .read(server, Progress.NONE)
                    .catalog();
        }
    }

    @Test
    void only_what_matters_is_queued_and_worked_off_in_one_batch() {
        Database database = activities();
        make(database, totals(database, AT_ONCE).changes());
        // All there was is queued at first.
        assertThat(pass(database)).singleElement().satisfies(event -> {
            assertThat(event.outcome()).as(String.valueOf(event.error())).isEqualTo(Refresher.Outcome.DONE);
            assertThat(event.what()).isEqualTo("public.totals");
            assertThat(event.changed()).isEqualTo(5);
        });
        assertUpToDate(database, "SELECT team, total FROM totals");

        String keys = "SELECT k_1::text FROM totals_dirty WHERE spent_ms IS NULL ORDER BY 1";
        database.run("UPDATE activities SET note = 'y', extra = '[]'");
        database.run("UPDATE activities SET distance = distance + 0.00");
        assertThat(database.all(keys)).as("nothing of significance").isEmpty();
        assertThat(pass(database)).isEmpty();
        database.run("UPDATE activities SET distance = distance + 1 WHERE team IN (1, 2)");
        assertThat(database.all(keys)).containsExactly("1", "2");
        database.run("UPDATE activities SET team = 9 WHERE id = 3");
        assertThat(database.all(keys)).as("both teams").containsExactly("1", "2", "3", "9");
        database.run("UPDATE activities SET id = -id WHERE id = 4");
        assertThat(database.all(keys)).as("another primary key").containsExactly("1", "2", "3", "4", "9");
        database.run("INSERT INTO activities VALUES (1000, 7, 5), (1001, 7, 5)", "DELETE FROM activities WHERE id = 5");
        assertThat(database.all(keys)).containsExactly("0", "1", "2", "3", "4", "7", "9");
        database.run("INSERT INTO activities VALUES (1, 77, 1) ON CONFLICT (id) DO UPDATE SET distance = 1000");
        database.run("INSERT INTO activities SELECT g, NULL, 1 FROM generate_series(2001, 2002) g");
        assertThat(pass(database)).hasSize(1);
        assertThat(database.all(keys)).isEmpty();
        assertThat(database.rows("SELECT team, total FROM totals EXCEPT " + TRUTH))
                .isEmpty();
        assertThat(database.rows(TRUTH + " HAVING team IS NOT NULL EXCEPT SELECT team, total FROM totals"))
                .isEmpty();

        assertThat(
                        database.row(
                                "SELECT statements > 5 AS counted, max_ms > 0 AS timed, alert FROM performance_monitoring.trigger_time_summary"))
                .containsOnly(Map.entry("counted", true), Map.entry("timed", true), Map.entry("alert", true));
        assertThatThrownBy(() -> MonitoringSchema.removal(database.address(), false))
                .hasMessageContaining("still use schema")
                .hasMessageContaining("public.totals");
    }

    @Test
    void triggers_for_each_row_fire_for_those_that_matter_alone() {
        Database database = activities();
        // What a trigger of the table's own changes counts, whatever the statement names.
        database.run(
                "CREATE FUNCTION halve() RETURNS trigger LANGUAGE plpgsql AS"
                        + " $$ BEGIN NEW.distance := CASE NEW.note WHEN 'half' THEN OLD.distance / 2 ELSE NEW.distance END;"
                        + " RETURN NEW; END $$",
                "CREATE TRIGGER halve BEFORE UPDATE ON activities FOR EACH ROW EXECUTE FUNCTION halve()");
        TableShape table = shape(database, "activities");
        apply(
                database,
                new DirtyQueue("totals", table, List.of("distance", "extra"), TOTALS, AT_ONCE, Firing.ROW).changes());
        DirtyQueue sums = sums(database, AT_ONCE);
        apply(
                database,
                new DirtyQueue("sums", table, sums.significant(), sums.derived(), AT_ONCE, Firing.ROW).changes());
        pass(database);
        database.run(
                "UPDATE activities SET note = 'y'", "UPDATE activities SET distance = distance + 0.00, team = team");
        assertThat(database.ask("SELECT (SELECT count(*) FROM totals_dirty) + (SELECT count(*) FROM sums_dirty)"))
                .isEqualTo(0L);
        String keys = "SELECT DISTINCT k_1::text FROM totals_dirty WHERE spent_ms IS NULL ORDER BY 1";
        database.run(
                "UPDATE activities SET note = 'half' WHERE id = 1", "UPDATE activities SET extra = '[]' WHERE id = 2");
        assertThat(database.all(keys)).containsExactly("1", "2");
        database.run("UPDATE activities SET team = 9 WHERE id = 3", "UPDATE activities SET id = -4 WHERE id = 4");
        assertThat(database.all(keys)).containsExactly("1", "2", "3", "4", "9");
        database.run("INSERT INTO activities VALUES (1000, 7, 5)", "DELETE FROM activities WHERE id = 5");
        assertThat(database.ask("SELECT count(*) FROM sums_dirty WHERE spent_ms IS NULL"))
                .isEqualTo(6L);
        assertThat(pass(database))
                .hasSize(2)
                .allSatisfy(event -> assertThat(event.error()).isNull());
        assertUpToDate(database, "SELECT team, total FROM totals");
        assertUpToDate(database, "SELECT team, total FROM sums");
        assertThat(
                        database.ask(
                                "SELECT bool_and(statements > 3 AND max_ms > 0) FROM performance_monitoring.trigger_time_summary"))
                .isEqualTo(true);

        database.run("CREATE TABLE parts (a int PRIMARY KEY, b int) PARTITION BY RANGE (a)");
        TableShape parts = shape(database, "parts");
        assertThatThrownBy(() -> new DirtyQueue("q", parts, List.of("b"), TOTALS, AT_ONCE, Firing.ROW))
                .hasMessageContaining("is partitioned");
    }

    @Test
    void emptying_the_table_queues_all_of_it() {
        Database database = activities();
        make(database, sums(database, AT_ONCE).changes());
        make(database, totals(database, AT_ONCE).changes());
        pass(database);
        database.run("TRUNCATE activities");
        assertThat(database.all("SELECT k_1::text FROM totals_dirty WHERE spent_ms IS NULL ORDER BY 1"))
                .containsExactly("0", "1", "2", "3", "4");
        assertThat(pass(database)).hasSize(2);
        assertThat(database.all("SELECT team::text FROM sums")).isEmpty();
    }

    @Test
    void a_view_is_refreshed_once_for_many_changes() {
        Database database = activities();
        make(database, sums(database, AT_ONCE).changes());
        assertThat(pass(database)).hasSize(1);
        for (int i = 0; i < 5; i++) {
            database.run("UPDATE activities SET extra = '[" + i + "]' WHERE id = 1");
        }
        database.run("UPDATE activities SET distance = 7 WHERE id = 1", "UPDATE activities SET note = 'z'");
        assertThat(pass(database))
                .singleElement()
                .satisfies(event -> assertThat(event.changed()).isEqualTo(6));
        assertThat(pass(database)).isEmpty();
        assertUpToDate(database, "SELECT team, total FROM sums");
        assertThat(database.row(
                        "SELECT pending, stale, refreshes, failures FROM performance_monitoring.refresh_status"))
                .containsOnly(
                        Map.entry("pending", 0L),
                        Map.entry("stale", false),
                        Map.entry("refreshes", 2L),
                        Map.entry("failures", 0));
    }

    @Test
    void all_that_is_queued_is_worked_off_batch_after_batch_and_what_writers_add_meanwhile_is_not() {
        Database database = activities();
        Pace small = new Pace(Duration.ZERO, Duration.ZERO, 20, Duration.ofSeconds(1));
        // Its own refresh queues as much again as it takes: without a bound it would never end.
        DirtyQueue echo = new DirtyQueue(
                "totals",
                shape(database, "activities"),
                List.of("distance"),
                new Derived.Batch(
                        List.of("id"),
                        "UPDATE activities a SET distance = a.distance + 1 FROM dirty WHERE a.id = dirty.id"),
                small);
        make(database, echo.changes());
        String waiting = "SELECT pending FROM performance_monitoring.refresh_status";
        assertThat(database.ask(waiting)).as("more than a batch").isEqualTo(100L);
        assertThat(database.ask("SELECT pending FROM performance_monitoring.refresh_due()"))
                .isEqualTo(20L);

        assertThat(passes(database)).singleElement().satisfies(event -> {
            assertThat(event.outcome()).as(String.valueOf(event.error())).isEqualTo(Refresher.Outcome.DONE);
            assertThat(event.changed()).isEqualTo(100);
        });
        assertThat(database.ask("SELECT sum(distance - id)::bigint FROM activities"))
                .isEqualTo(100L);
        assertThat(database.ask(waiting)).isEqualTo(100L);
        assertThat(database.ask("SELECT refreshes FROM performance_monitoring.refresh_target"))
                .isEqualTo(5L);
    }

    @Test
    void a_view_is_refreshed_once_however_many_batches_wait() {
        Database database = activities();
        make(
                database,
                sums(database, new Pace(Duration.ofSeconds(5), Duration.ofSeconds(5), 3, Duration.ofSeconds(1)))
                        .changes());
        for (int i = 0; i < 10; i++) {
            database.run("UPDATE activities SET distance = distance + 1");
        }
        assertThat(passes(database)).hasSize(1);
        assertThat(database.ask("SELECT refreshes FROM performance_monitoring.refresh_target"))
                .isEqualTo(1L);
        assertThat(passes(database)).isEmpty();
        assertUpToDate(database, "SELECT team, total FROM sums");
    }

    private static List<Refresher.Event> passes(Database database) {
        try (Refresher refresher = Refresher.connect(database.address(), true, List.of())) {
            return refresher.passes();
        }
    }

    @Test
    void a_view_without_rows_or_without_its_unique_index_is_refreshed_all_the_same() {
        Database database = activities();
        make(database, sums(database, AT_ONCE).changes());
        for (String meanwhile : List.of("REFRESH MATERIALIZED VIEW sums WITH NO DATA", "DROP INDEX sums_team_idx")) {
            database.run(meanwhile, "UPDATE activities SET distance = distance + 1");
            assertThat(pass(database))
                    .singleElement()
                    .satisfies(event -> assertThat(event.error()).isNull());
            assertUpToDate(database, "SELECT team, total FROM sums");
        }
    }

    @Test
    void changes_wait_for_a_lull_but_not_for_ever() {
        Database database = activities();
        make(
                database,
                sums(database, new Pace(Duration.ofHours(1), Duration.ofHours(2), 3, Duration.ofSeconds(1)))
                        .changes());
        assertThat(pass(database)).as("no lull yet").isEmpty();
        database.run("UPDATE sums_dirty SET at = at - interval '61 minutes'");
        assertThat(pass(database)).as("a lull of an hour").hasSize(1);
        database.run(
                "UPDATE performance_monitoring.refresh_target SET last_at = last_at - interval '61 minutes'",
                "UPDATE activities SET distance = 1",
                "UPDATE sums_dirty SET at = at - interval '121 minutes'",
                "UPDATE activities SET distance = 2");
        assertThat(database.ask("SELECT stale FROM performance_monitoring.refresh_status"))
                .isEqualTo(true);
        assertThat(pass(database)).as("the oldest has waited two hours").hasSize(1);
        database.run(
                "UPDATE activities SET distance = 3",
                "UPDATE activities SET distance = 4",
                "UPDATE activities SET distance = 5");
        assertThat(pass(database)).as("within the least interval").isEmpty();
        database.run("UPDATE performance_monitoring.refresh_target SET last_at = last_at - interval '61 minutes'");
        assertThat(pass(database)).as("a batch is full").hasSize(1);
    }

    @Test
    void times_of_statements_that_change_nothing_neither_pile_up_nor_hold_up_changes() {
        Database database = activities();
        Pace small = new Pace(Duration.ZERO, Duration.ZERO, 20, Duration.ofSeconds(1));
        make(database, totals(database, small).changes());
        make(database, sums(database, small).changes());
        make(database, new Leaderboard("ranks", shape(database, "activities"), "distance", null, 5, small).changes());
        pass(database);
        String[] insignificant = new String[30];
        java.util.Arrays.fill(insignificant, "UPDATE activities SET note = note || 'y'");
        database.run(insignificant);
        assertThat(database.ask("SELECT count(*) FROM totals_dirty")).isEqualTo(30L);
        assertThat(pass(database)).hasSize(3).allSatisfy(event -> {
            assertThat(event.error()).isNull();
            assertThat(event.changed()).isZero();
        });
        String left = "SELECT (SELECT count(*) FROM totals_dirty) + (SELECT count(*) FROM sums_dirty)"
                + " + (SELECT count(*) FROM ranks_delta)";
        assertThat(database.ask(left)).isEqualTo(0L);
        database.run(insignificant);
        database.run("UPDATE activities SET distance = 1000 WHERE id = 1");
        assertThat(pass(database))
                .hasSize(3)
                .allSatisfy(event -> assertThat(event.changed()).isPositive());
        assertThat(database.ask(left)).isEqualTo(0L);
        assertUpToDate(database, "SELECT team, total FROM totals");
        assertThat(database.ask("SELECT bool_and(statements >= 60) FROM performance_monitoring.trigger_time_summary"))
                .isEqualTo(true);
    }

    @Test
    void what_a_superuser_deploys_runs_with_the_rights_of_the_tables_owner() {
        try (Server server = Server.connect(local.address("postgres"))) {
            server.handle().execute("CREATE ROLE landlord LOGIN PASSWORD 'secret'");
        }
        Database database = activities();
        database.run(
                "CREATE SCHEMA rented AUTHORIZATION landlord",
                "CREATE TABLE rented.scores (id int PRIMARY KEY, score int)",
                "ALTER TABLE rented.scores OWNER TO landlord");
        TableShape scores = shape(database, "rented.scores");
        Derived.Batch batch = new Derived.Batch(List.of("id"), "INSERT INTO scores SELECT id FROM dirty WHERE false");
        make(database, new DirtyQueue("q", scores, List.of("score"), batch, AT_ONCE).changes());
        make(database, new Leaderboard("top", scores, "score", null, 5, AT_ONCE).changes());
        assertThat(database.all("SELECT proname FROM pg_proc WHERE pronamespace = 'rented'::regnamespace"
                        + " AND proowner <> 'landlord'::regrole UNION ALL SELECT relname FROM pg_class"
                        + " WHERE relnamespace = 'rented'::regnamespace AND relowner <> 'landlord'::regrole"))
                .isEmpty();
        // A view where the table was would be read by whoever empties the table.
        new Database(database.address().withUser("landlord", new Secret("secret")))
                .run(
                        "CREATE FUNCTION rented.caught() RETURNS int LANGUAGE plpgsql AS"
                                + " $$ BEGIN RAISE 'ran as %', current_user; END $$",
                        "INSERT INTO rented.scores VALUES (1, 1), (2, 2)",
                        "ALTER TABLE rented.scores RENAME TO moved",
                        "CREATE VIEW rented.scores AS SELECT 1 AS id, rented.caught() AS score");
        database.run("DELETE FROM rented.q_dirty", "TRUNCATE rented.moved");
        assertThat(database.all("SELECT k_1::text FROM rented.q_dirty WHERE spent_ms IS NULL ORDER BY 1"))
                .containsExactly("1", "2");
        assertThat(database.ask("SELECT sum(came)::int FROM rented.top_delta")).isEqualTo(0);
    }

    /** A role who owns a schema and, in it, a function that says as whom it ran. */
    private static Database tenant(String role) {
        try (Server server = Server.connect(local.address("postgres"))) {
            server.handle().execute("CREATE ROLE " + role + " LOGIN PASSWORD 'secret'");
        }
        Database database = activities();
        database.run(
                "CREATE SCHEMA rented AUTHORIZATION " + role,
                "CREATE TABLE rented.scores (id int PRIMARY KEY, score int)",
                "INSERT INTO rented.scores VALUES (1, 1), (2, 2)",
                "ALTER TABLE rented.scores OWNER TO " + role,
                "CREATE TABLE ran (who text)",
                "GRANT INSERT ON ran TO PUBLIC");
        as(database, role)
                .run(
                        "CREATE FUNCTION rented.noted() RETURNS int LANGUAGE plpgsql AS"
                                + " $$ BEGIN INSERT INTO public.ran VALUES (current_user); RETURN 1; END $$",
                        "CREATE FUNCTION rented.note() RETURNS trigger LANGUAGE plpgsql AS"
                                + " $$ BEGIN PERFORM rented.noted(); RETURN NULL; END $$",
                        "CREATE FUNCTION rented.hidden() RETURNS int LANGUAGE plpgsql IMMUTABLE AS"
                                + " $$ BEGIN RETURN rented.noted(); END $$");
        return database;
    }

    private static Database as(Database database, String role) {
        return new Database(database.address().withUser(role, new Secret("secret")));
    }

    private static void assertRefused(Database database, String what) {
        String targets = "SELECT t::text FROM performance_monitoring.refresh_target t";
        List<String> before = database.all(targets);
        database.run("DELETE FROM ran");
        List<Refresher.Event> events = pass(database);
        database.all("SELECT name FROM performance_monitoring.refresh_status");
        assertThat(database.all("SELECT DISTINCT who FROM ran")).doesNotContain("postgres");
        assertThat(events)
                .filteredOn(event -> event.outcome() == Refresher.Outcome.REFUSED)
                .singleElement()
                .satisfies(event -> {
                    assertThat(event.error()).contains(what).contains("anything with the rights of role postgres");
                    assertThat(before).containsAll(database.all(targets + " WHERE name = '" + event.what() + "'"));
                });
    }

    @Test
    void what_an_owner_put_in_place_of_the_refresh_function_does_not_run_with_a_superusers_rights() {
        Database database = tenant("tenant");
        TableShape scores = shape(database, "rented.scores");
        Derived.Batch batch = new Derived.Batch(List.of("id"), "INSERT INTO scores SELECT id FROM dirty WHERE false");
        make(database, new DirtyQueue("q", scores, List.of("score"), batch, AT_ONCE).changes());
        as(database, "tenant")
                .run(
                        "DO $$ BEGIN EXECUTE replace(pg_get_functiondef('rented.q_refresh(integer)'::regprocedure), 'RETURN done',"
                                + " 'PERFORM rented.noted(); RETURN done'); END $$");
        assertRefused(database, "function rented.q_refresh(integer) belongs to role tenant");
        // Nor does what hangs on the queue, that everybody reads who looks what waits.
        as(database, "tenant").run("CREATE INDEX ON rented.q_dirty ((rented.hidden()))");
        assertRefused(database, "queue rented.q_dirty belongs to role tenant");
        assertThat(pass(database, List.of("tenant")))
                .extracting(Refresher.Event::outcome)
                .containsExactly(Refresher.Outcome.DONE);
        assertThat(database.all("SELECT DISTINCT who FROM ran"))
                .as("trusted by name")
                .containsExactly("postgres");
        database.run("UPDATE rented.scores SET score = score + 1");
        try (Refresher refresher = Refresher.connect(database.address(), true, List.of())) {
            assertThat(refresher.pass()).hasSize(1);
            assertThat(refresher.pass()).as("said once").isEmpty();
        }

        // Its owner may; so may a role whose rights the owner could take anyway, but not one that has the owner's
        // rights.
        database.run(
                "GRANT USAGE ON SCHEMA performance_monitoring TO PUBLIC",
                "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA performance_monitoring TO PUBLIC",
                "GRANT ALL ON ALL TABLES IN SCHEMA performance_monitoring TO PUBLIC",
                "CREATE ROLE below LOGIN PASSWORD 'secret'",
                "CREATE ROLE above LOGIN PASSWORD 'secret' IN ROLE tenant",
                "GRANT below TO tenant",
                "GRANT ALL ON SCHEMA rented TO below",
                "GRANT ALL ON ALL TABLES IN SCHEMA rented TO below",
                "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA rented TO below");
        String now = "SELECT outcome FROM performance_monitoring.refresh_now('rented.q')";
        assertThat(as(database, "tenant").ask(now)).isEqualTo("refreshed");
        assertThat(as(database, "below").ask(now)).isEqualTo("refreshed");
        assertThat(as(database, "above").ask(now)).isEqualTo("refused");
    }

    @Test
    void triggers_and_views_of_others_do_not_run_with_the_rights_of_who_refreshes() {
        Database database = tenant("lodger");
        make(database, totals(database, AT_ONCE).changes());
        assertThat(pass(database)).extracting(Refresher.Event::outcome).containsExactly(Refresher.Outcome.DONE);
        database.run("ALTER TABLE totals OWNER TO lodger", "UPDATE activities SET distance = distance + 1");
        as(database, "lodger")
                .run("CREATE TRIGGER note AFTER INSERT OR UPDATE ON totals EXECUTE FUNCTION rented.note()");
        assertRefused(database, "table public.totals belongs to role lodger");
        database.run("ALTER TABLE totals OWNER TO postgres");
        assertRefused(database, "function rented.note of table public.totals belongs to role lodger");
        database.run("DROP TRIGGER note ON totals");
        // In the place of the table that is read: a view.
        database.run(
                "ALTER TABLE activities RENAME TO moved",
                "CREATE VIEW activities AS SELECT id, rented.noted() AS team, distance FROM moved",
                "ALTER VIEW activities OWNER TO lodger",
                "GRANT SELECT ON moved TO lodger");
        assertRefused(database, "view public.activities belongs to role lodger");
        database.run("ALTER VIEW activities RENAME TO gone", "ALTER TABLE moved RENAME TO activities");
        assertThat(pass(database)).extracting(Refresher.Event::outcome).containsExactly(Refresher.Outcome.DONE);
        assertUpToDate(database, "SELECT team, total FROM totals");

        make(database, new Leaderboard("top", shape(database, "activities"), "distance", null, 5, AT_ONCE).changes());
        database.run("UPDATE activities SET distance = distance + 1", "ALTER TABLE activities OWNER TO lodger");
        assertThat(pass(database))
                .extracting(Refresher.Event::what, Refresher.Event::outcome)
                .containsExactlyInAnyOrder(
                        org.assertj.core.groups.Tuple.tuple("public.totals", Refresher.Outcome.REFUSED),
                        org.assertj.core.groups.Tuple.tuple("public.top", Refresher.Outcome.REFUSED));
        database.run("ALTER TABLE activities OWNER TO postgres");
        assertThat(pass(database))
                .hasSize(2)
                .allSatisfy(event -> assertThat(event.error()).isNull());
    }

    @Test
    void what_cannot_be_looked_at_is_not_run() {
        Database database = tenant("squatter");
        make(database, totals(database, AT_ONCE).changes());
        String body = "(batch_rows integer) RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, public AS ";
        database.run(
                "CREATE TABLE witness (who text)",
                // A trusted author may well have written two: the look must not run the second.
                "CREATE OR REPLACE FUNCTION totals_refresh" + body
                        + "$$ BEGIN DELETE FROM witness; INSERT INTO witness VALUES (current_user); RETURN 0; END $$");
        String set = "UPDATE performance_monitoring.refresh_target SET statements = ";
        for (String two : List.of(
                "DELETE FROM witness; INSERT INTO witness VALUES (current_user)",
                "DELETE FROM witness; INSERT INTO witness VALUES (current_user);")) {
            database.run(set + "ARRAY['" + two + "']");
            assertRefused(database, "more than one statement");
            assertThat(database.all("SELECT who FROM witness")).isEmpty();
        }
        database.run(set + "ARRAY['DELETE FROM witness', 'INSERT INTO witness VALUES (current_user)']");
        assertThat(pass(database)).extracting(Refresher.Event::outcome).containsExactly(Refresher.Outcome.DONE);
        assertThat(database.all("SELECT who FROM witness")).containsExactly("postgres");

        // One of another name, or for another type, is not the one that runs.
        database.run(
                "CREATE FUNCTION totals_refresh(batch_rows bigint) RETURNS bigint LANGUAGE sql AS"
                        + " 'SELECT 1::bigint; -- UPDATE witness'",
                set + "ARRAY['DELETE FROM witness', 'UPDATE witness']");
        assertRefused(database, "is not what function public.totals_refresh runs: take it back");
        for (String unknown : List.of("NULL", "'{}'", "'{NULL}'")) {
            database.run(set + unknown);
            assertRefused(database, "take it back and register it again");
        }
    }

    @Test
    void code_that_hangs_on_tables_is_looked_at_too() {
        Database database = tenant("subtenant");
        make(database, totals(database, AT_ONCE).changes());
        make(database, new Leaderboard("top", shape(database, "activities"), "distance", null, 5, AT_ONCE).changes());
        pass(database);
        database.run("UPDATE activities SET distance = distance + 1");
        // Those of others that merely read a table, or that it is referred to by, do not run.
        database.run(
                "CREATE VIEW reads AS SELECT rented.noted() AS n, a.* FROM activities a JOIN totals USING (team)",
                "CREATE TABLE refers (team int REFERENCES totals DEFAULT rented.noted())");
        assertThat(pass(database)).extracting(Refresher.Event::outcome).containsOnly(Refresher.Outcome.DONE);

        for (Map.Entry<String, String> hung : Map.of(
                        "ALTER TABLE totals ALTER total SET DEFAULT rented.noted()",
                        "ALTER TABLE totals ALTER total DROP DEFAULT",
                        "ALTER TABLE totals ADD CONSTRAINT c CHECK (rented.hidden() > 0) NOT VALID",
                        "ALTER TABLE totals DROP CONSTRAINT c",
                        "CREATE INDEX i ON totals ((rented.hidden() + team))",
                        "DROP INDEX i",
                        "ALTER TABLE totals ADD more int GENERATED ALWAYS AS (rented.hidden() + team) STORED",
                        "ALTER TABLE totals DROP more",
                        "CREATE POLICY p ON totals USING (rented.noted() > 0)",
                        "DROP POLICY p ON totals",
                        "CREATE RULE r AS ON DELETE TO totals DO ALSO SELECT rented.noted()",
                        "DROP RULE r ON totals")
                .entrySet()) {
            database.run("UPDATE activities SET distance = distance + 1 WHERE id = 1", hung.getKey());
            assertRefused(
                    database,
                    "function rented." + (hung.getKey().contains("hidden") ? "hidden" : "noted")
                            + " of table public.totals belongs to role subtenant");
            database.run(hung.getValue());
            assertThat(pass(database))
                    .allSatisfy(event -> assertThat(event.error()).isNull());
        }

        // All of a leaderboard's own.
        String change = "UPDATE activities SET distance = distance + 1 WHERE id = 1";
        database.run(change, "ALTER TABLE top_bucket OWNER TO subtenant");
        assertRefused(database, "table public.top_bucket belongs to role subtenant");
        database.run(change, "ALTER TABLE top_bucket OWNER TO postgres", "GRANT CREATE ON SCHEMA public TO subtenant");
        database.run("ALTER FUNCTION top_rebucket(integer) OWNER TO subtenant");
        assertRefused(database, "function public.top_rebucket(integer) belongs to role subtenant");
        database.run("ALTER FUNCTION top_rebucket(integer) OWNER TO postgres");
        assertThat(pass(database)).allSatisfy(event -> assertThat(event.error()).isNull());
        assertThat(database.ask("SELECT top_rank(1000000)")).isEqualTo(1L);
    }

    @Test
    void two_workers_exclude_each_other_and_a_killed_one_loses_nothing() throws Exception {
        Database database = activities();
        make(database, totals(database, AT_ONCE).changes());
        try (Server blocker = Server.connect(database.address())) {
            blocker.handle().begin();
            blocker.handle().execute("LOCK TABLE totals IN ACCESS EXCLUSIVE MODE");
            CompletableFuture<Object> first = CompletableFuture.supplyAsync(() -> {
                try {
                    return pass(database);
                } catch (RuntimeException e) {
                    return e;
                }
            });
            String waiting = "SELECT pid::text FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                    + " AND datname = current_database() AND query LIKE '%refresh_now%'";
            await(() -> !database.all(waiting).isEmpty());
            assertThat(pass(database)).extracting(Refresher.Event::outcome).containsExactly(Refresher.Outcome.BUSY);
            database.run("SELECT pg_terminate_backend(" + database.all(waiting).getFirst() + ")");
            assertThat(first.get()).isInstanceOf(RuntimeException.class);
            blocker.handle().rollback();
        }
        assertThat(database.ask("SELECT count(*) FROM totals_dirty WHERE spent_ms IS NULL"))
                .isEqualTo(5L);
        assertThat(pass(database)).extracting(Refresher.Event::outcome).containsExactly(Refresher.Outcome.DONE);
        assertUpToDate(database, "SELECT team, total FROM totals");
    }

    private static void await(java.util.function.BooleanSupplier condition) throws InterruptedException {
        for (int i = 0; i < 1200 && !condition.getAsBoolean(); i++) {
            Thread.sleep(50);
        }
        assertThat(condition.getAsBoolean()).isTrue();
    }

    @Test
    void what_fails_is_written_down_and_stays_queued() {
        Database database = activities();
        make(database, totals(database, AT_ONCE).changes());
        database.run("ALTER TABLE totals ADD CHECK (total < 0) NOT VALID");
        assertThat(pass(database)).singleElement().satisfies(event -> {
            assertThat(event.outcome()).isEqualTo(Refresher.Outcome.FAILED);
            assertThat(event.error()).contains("violates check constraint");
        });
        assertThat(database.row("SELECT pending, failures, last_error LIKE '%check constraint%' AS said"
                        + " FROM performance_monitoring.refresh_status"))
                .containsOnly(Map.entry("pending", 5L), Map.entry("failures", 1), Map.entry("said", true));
        database.run(
                "ALTER TABLE totals DROP CONSTRAINT totals_total_check",
                "UPDATE performance_monitoring.refresh_target SET last_at = last_at - interval '1 hour'");
        assertThat(pass(database)).hasSize(1);
        assertThat(database.ask("SELECT failures FROM performance_monitoring.refresh_target"))
                .isEqualTo(0);
    }

    @Test
    void a_broken_queue_is_written_down_and_stops_no_other() {
        Database database = activities();
        make(database, totals(database, AT_ONCE).changes());
        make(database, sums(database, AT_ONCE).changes());
        database.run("DROP TABLE totals_dirty");
        assertThat(pass(database))
                .extracting(Refresher.Event::what, Refresher.Event::outcome)
                .containsExactlyInAnyOrder(
                        org.assertj.core.groups.Tuple.tuple("public.totals", Refresher.Outcome.FAILED),
                        org.assertj.core.groups.Tuple.tuple("public.sums", Refresher.Outcome.DONE));
        assertThat(database.row("SELECT pending, stale, failures, last_error LIKE '%totals_dirty%' AS said"
                        + " FROM performance_monitoring.refresh_status WHERE name = 'public.totals'"))
                .containsEntry("pending", null)
                .containsEntry("stale", true)
                .containsEntry("failures", 1)
                .containsEntry("said", true);
        // What not even refresh_now can write down.
        database.run(
                "INSERT INTO sums_dirty (at) VALUES (now())",
                "ALTER TABLE performance_monitoring.refresh_target ADD CHECK (failures < 2 AND name <> 'public.sums') NOT VALID",
                "UPDATE performance_monitoring.refresh_target SET last_at = last_at - interval '1 hour'"
                        + " WHERE name <> 'public.sums'");
        assertThat(pass(database)).hasSize(2).allSatisfy(event -> {
            assertThat(event.outcome()).isEqualTo(Refresher.Outcome.FAILED);
            assertThat(event.error()).contains("violates check constraint");
        });
    }

    @Test
    void writers_without_rights_on_the_queue_write_and_do_not_wait_for_each_other() {
        try (Server server = Server.connect(local.address("postgres"))) {
            server.handle().execute("CREATE ROLE application LOGIN PASSWORD 'secret'");
        }
        Database database = activities();
        database.run("GRANT SELECT, INSERT, UPDATE, DELETE ON activities TO application");
        make(database, totals(database, AT_ONCE).changes());
        make(database, sums(database, AT_ONCE).changes());
        pass(database);
        try (Server one = Server.connect(database.address().withUser("application", new Secret("secret")));
                Server other = Server.connect(database.address().withUser("application", new Secret("secret")))) {
            other.handle().execute("SET lock_timeout = '1s'");
            one.handle().begin();
            one.handle().execute("UPDATE activities SET distance = 0 WHERE id = 1");
            other.handle().begin();
            other.handle().execute("UPDATE activities SET distance = 0 WHERE id = 6");
            one.handle().execute("UPDATE activities SET distance = 0 WHERE id = 11");
            other.handle().commit();
            assertThat(pass(database)).hasSize(2);
            one.handle().commit();
            assertThatThrownBy(() -> other.handle().execute("INSERT INTO totals_dirty (at) VALUES (now())"))
                    .hasMessageContaining("permission denied");
        }
        // What was committed after a refresh is in the next one.
        assertThat(pass(database)).hasSize(2);
        assertUpToDate(database, "SELECT team, total FROM totals");
        assertUpToDate(database, "SELECT team, total FROM sums");
    }

    @Test
    void a_session_tells_the_worker_of_many_changes_once() throws Exception {
        Database database = activities();
        make(database, totals(database, AT_ONCE).changes());
        try (Server listener = Server.connect(database.address());
                Server writer = Server.connect(database.address())) {
            listener.handle().execute("LISTEN hone_refresh");
            long start = System.nanoTime();
            for (int i = 0; i < 30; i++) {
                writer.handle().execute("UPDATE activities SET distance = distance + 1 WHERE id = 1");
            }
            long seconds = (System.nanoTime() - start) / 1_000_000_000;
            var heard =
                    listener.handle().getConnection().unwrap(PGConnection.class).getNotifications(5000);
            assertThat(heard).isNotEmpty().hasSizeLessThanOrEqualTo((int) seconds + 1);
            assertThat(heard[0].getParameter()).isEqualTo("public.totals");
        }
    }

    @Test
    void hostile_names_and_types_work_and_all_is_undone() {
        String schema = "\"Über \"\"s; --\"";
        String table = schema + ".\"$hone$ 't'\"";
        Database database = database(
                "CREATE SCHEMA " + schema,
                "CREATE TYPE " + schema + ".\"mo od\" AS ENUM ('sad', 'ok')",
                "CREATE TABLE " + table + " (\"Id \"\"1\" " + schema
                        + ".\"mo od\", two json, \"%s\" int, \"key\" point,"
                        + " began int, found int, edge int, made int, done int, buckets int,"
                        + " n uuid DEFAULT '00000000-0000-0000-0000-000000000000', PRIMARY KEY (\"Id \"\"1\", n))",
                "CREATE TABLE " + schema + ".seen (v int)");
        Catalog before = catalog(database);
        DirtyQueue queue = new DirtyQueue(
                "ein sehr langer Name, der allein schon die dreiundsechzig Bytes füllt; '\" $hone$",
                shape(database, table),
                List.of("two", "key", "began", "edge"),
                new Derived.Batch(
                        List.of("%s", "Id \"1", "found", "began"),
                        "INSERT INTO seen SELECT \"%s\" FROM dirty WHERE \"Id \"\"1\" IS NOT NULL"),
                AT_ONCE);
        apply(database, queue.changes());
        database.run(
                "INSERT INTO " + table + " VALUES ('sad', '{}', 1, '(1,1)'), ('ok', '{}', 2, '(1,1)')",
                "UPDATE " + table + " SET \"key\" = '(2,2)' WHERE \"%s\" = 2");
        assertThat(pass(database))
                .extracting(Refresher.Event::outcome, Refresher.Event::error)
                .containsExactly(org.assertj.core.groups.Tuple.tuple(Refresher.Outcome.DONE, null));
        assertThat(database.all("SELECT v::text FROM " + schema + ".seen ORDER BY 1"))
                .containsExactly("1", "2");
        apply(
                database,
                new Leaderboard("' \"%s\" $hone$", shape(database, table), "%s", "\"%s\" % 2 = 0 -- even", 10, AT_ONCE)
                        .changes());
        assertThat(database.ask("SELECT " + schema + ".\"' \"\"%s\"\" $hone$_rank\"(1)"))
                .isEqualTo(2L);
        // Columns named as PL/pgSQL's own variables, and one with an index and a condition on them.
        String edges = schema + ".hone";
        database.run(
                "CREATE TABLE " + edges
                        + " (edge int, found int, began int, made int, buckets int, PRIMARY KEY (edge))",
                "INSERT INTO " + edges + " SELECT g, g, g, g, g FROM generate_series(1, 200) g");
        apply(
                database,
                new Leaderboard(
                                "edges",
                                shape(database, edges),
                                "found",
                                "began > 0 AND made > 0 AND edge > 0",
                                10,
                                AT_ONCE)
                        .changes());
        database.run("UPDATE " + edges + " SET found = found + 1000, edge = -edge WHERE edge = 7");
        database.run(
                "UPDATE " + edges + " SET edge = 500 WHERE edge = 9", "DELETE FROM " + edges + " WHERE edge = 500");
        assertThat(database.all("SELECT " + schema + ".edges_rank(s)::text FROM unnest('{0,50,150,199}'::int[]) s"))
                .containsExactly("199", "151", "51", "2");
        assertThat(Deployer.undo(database.address(), null, DeployOptions.DEFAULT, Progress.NONE)
                        .complete())
                .isTrue();
        database.run("DROP TABLE " + edges);
        for (int i = 0; i < 2; i++) {
            assertThat(Deployer.undo(database.address(), null, DeployOptions.DEFAULT, Progress.NONE)
                            .complete())
                    .isTrue();
        }
        assertThat(CatalogDiff.between(before, catalog(database)))
                .filteredOn(line -> !line.contains("optimization_log"))
                .isEmpty();
        assertThat(database.rows("SELECT * FROM performance_monitoring.refresh_target"))
                .isEmpty();
    }

    @Test
    void the_plain_statements_make_and_take_back_the_same() {
        Database byHone = activities();
        Database byHand = activities();
        List<Change> changes = new ArrayList<>(totals(byHand, AT_ONCE).changes());
        changes.addAll(new Leaderboard("ranks", shape(byHand, "activities"), "distance", null, 10, AT_ONCE).changes());
        Catalog before = catalog(byHand);
        apply(byHone, changes);
        changes.forEach(change -> byHand.run(change.sql().toArray(String[]::new)));
        assertThat(CatalogDiff.between(catalog(byHone), catalog(byHand)))
                .filteredOn(line -> !line.contains("optimization_log"))
                .isEmpty();
        assertThat(byHand.ask("SELECT ranks_rank(100)")).isEqualTo(1L);
        for (Change change : changes.reversed()) {
            byHand.run(change.undoSql().toArray(String[]::new));
        }
        assertThat(CatalogDiff.between(before, catalog(byHand))).isEmpty();
    }

    @Test
    void ranks_are_exact_at_any_time_under_writers_folding_and_new_ranges() throws Exception {
        Database database = database(
                "CREATE TABLE users (id int PRIMARY KEY, score int, hidden boolean NOT NULL DEFAULT false)",
                // Half of them share one score.
                "INSERT INTO users SELECT g, CASE WHEN g % 2 = 0 THEN 50 ELSE g END, g % 10 = 0 FROM generate_series(1, 3000) g");
        Leaderboard board = new Leaderboard("top", shape(database, "users"), "score", "NOT hidden", 20, AT_ONCE);
        make(database, board.changes());
        String wrong =
                "SELECT s, top_rank(s), 1 + (SELECT count(*) FROM users WHERE NOT hidden AND score > s) AS counted"
                        + " FROM unnest(ARRAY(SELECT -1 UNION SELECT 99999 UNION SELECT 50 UNION SELECT (random() * 3000)::int FROM generate_series(1, %d))) AS s"
                        + " WHERE top_rank(s) <> 1 + (SELECT count(*) FROM users WHERE NOT hidden AND score > s)";
        assertThat(database.rows(wrong.formatted(50))).isEmpty();
        AtomicInteger running = new AtomicInteger(3);
        List<CompletableFuture<Void>> writers = new ArrayList<>();
        for (int w = 0; w < 3; w++) {
            Random random = new Random(w);
            writers.add(CompletableFuture.runAsync(() -> {
                try (Server server = Server.connect(database.address())) {
                    for (int i = 0; i < 80; i++) {
                        int low = random.nextInt(1500) + 1;
                        server.handle().begin();
                        // Rows in one order, so that no two wait for each other; their scores in any.
                        for (int id : new int[] {low, low + random.nextInt(1500) + 1}) {
                            server.handle()
                                    .execute(
                                            switch (random.nextInt(5)) {
                                                case 0 ->
                                                    "UPDATE users SET score = " + random.nextInt(5000) + " WHERE id = "
                                                            + id;
                                                case 1 -> "UPDATE users SET hidden = NOT hidden WHERE id = " + id;
                                                case 2 -> "DELETE FROM users WHERE id = " + id;
                                                case 3 ->
                                                    "INSERT INTO users VALUES (" + id + ", " + random.nextInt(9000)
                                                            + ") ON CONFLICT (id) DO UPDATE SET score = NULL";
                                                default -> "UPDATE users SET score = score + 1 WHERE id = " + id;
                                            });
                        }
                        if (random.nextInt(4) == 0) {
                            server.handle().rollback();
                        } else {
                            server.handle().commit();
                        }
                    }
                } finally {
                    running.decrementAndGet();
                }
            }));
        }
        try (Refresher refresher = Refresher.connect(database.address(), false, List.of())) {
            while (running.get() > 0) {
                assertThat(refresher.pass())
                        .allSatisfy(event -> assertThat(event.error()).isNull());
                assertThat(database.rows(wrong.formatted(5))).isEmpty();
                database.run("SELECT top_rebucket(" + (2 + new Random().nextInt(40)) + ")");
                assertThat(database.rows(wrong.formatted(5))).isEmpty();
            }
        }
        for (CompletableFuture<Void> writer : writers) {
            writer.get();
        }
        assertThat(database.rows(wrong.formatted(200))).isEmpty();
        pass(database);
        assertThat(database.rows(wrong.formatted(200))).isEmpty();
        assertThat(database.ask("SELECT sum(rows) FROM top_bucket"))
                .isEqualTo(new java.math.BigDecimal(
                        database.ask("SELECT count(*) FROM users WHERE NOT hidden AND score IS NOT NULL")
                                .toString()));
        assertThat(database.ask("SELECT top_percentile(100000)")).isEqualTo(100.0);
        database.run("TRUNCATE users");
        assertThat(database.ask("SELECT top_rank(0)")).isEqualTo(1L);
        while (!pass(database).isEmpty()) {
            // A batch at a time.
        }
        assertThat(database.ask("SELECT sum(rows)::int FROM top_bucket")).isEqualTo(0);
        assertThat(database.ask("SELECT top_rank(NULL)")).isNull();
    }

    @Test
    void ranges_follow_the_scores() {
        Database database = database("CREATE TABLE users (id int PRIMARY KEY, score int)");
        make(database, new Leaderboard("top", shape(database, "users"), "score", null, 10, AT_ONCE).changes());
        assertThat(database.ask("SELECT count(*) FROM top_bucket")).isEqualTo(1L);
        database.run("INSERT INTO users SELECT g, g FROM generate_series(1, 1000) g");
        assertThat(database.ask("SELECT top_rank(900)")).isEqualTo(101L);
        pass(database);
        assertThat(database.ask("SELECT count(*) || ' of ' || max(rows) FROM top_bucket"))
                .isEqualTo("10 of 100");
        assertThat(database.ask("SELECT top_rank(900)")).isEqualTo(101L);
    }

    @Test
    void what_cannot_work_is_refused() {
        Database database = database(
                "CREATE TABLE plain (a int, j json)",
                "CREATE TABLE secret (id int PRIMARY KEY)",
                "ALTER TABLE secret ENABLE ROW LEVEL SECURITY",
                "CREATE VIEW v AS SELECT 1 AS a",
                "CREATE TABLE p (a int PRIMARY KEY) PARTITION BY RANGE (a)",
                "CREATE TABLE p1 PARTITION OF p DEFAULT",
                "CREATE TABLE parent (id int PRIMARY KEY)",
                "CREATE TABLE child () INHERITS (parent)");
        assertThatThrownBy(() -> shape(database, "nothing")).hasMessageContaining("There is no table nothing");
        assertThatThrownBy(() -> shape(database, "a\"b; --")).hasMessageContaining("There is no table");
        assertThatThrownBy(() -> shape(database, "v")).hasMessageContaining("is not a table");
        assertThatThrownBy(() -> shape(database, "p1")).hasMessageContaining("is a partition");
        assertThatThrownBy(() -> shape(database, "parent")).hasMessageContaining("inherits or is inherited from");
        assertThatThrownBy(() -> shape(database, "child")).hasMessageContaining("inherits or is inherited from");
        TableShape plain = shape(database, "plain");
        database.run("CREATE TABLE keyed (id int PRIMARY KEY, j json)");
        DirtyQueue noEquality = new DirtyQueue(
                "q",
                shape(database, "keyed"),
                List.of("j"),
                new Derived.Batch(List.of("j"), "DELETE FROM x USING dirty"),
                AT_ONCE);
        assertThatThrownBy(() -> make(database, noEquality.changes())).hasMessageContaining("equality operator");
        assertThat(database.all("SELECT tgname FROM pg_trigger WHERE tgrelid = 'keyed'::regclass"))
                .isEmpty();
        Derived.Batch batch = new Derived.Batch(List.of("a"), "DELETE FROM x USING dirty");
        assertThatThrownBy(() -> new DirtyQueue("q", plain, List.of("a"), batch, Pace.DEFAULT))
                .hasMessageContaining("has no primary key");
        assertThatThrownBy(() -> new DirtyQueue("q", shape(database, "p"), List.of("b"), batch, Pace.DEFAULT))
                .hasMessageContaining("has no column \"b\"");
        assertThatThrownBy(() -> new Derived.Batch(List.of("a"), "SELECT 1")).isInstanceOf(HoneException.class);
        for (String two :
                List.of("DELETE FROM x; DELETE FROM y", "DELETE FROM x;\n-- and\n;", "DELETE FROM x\n;/**/y")) {
            assertThatThrownBy(() -> new Derived.Batch(List.of("a"), two))
                    .hasMessageContaining("more than one statement");
        }
        assertThat(new Derived.Batch(List.of("a"), "DELETE FROM x WHERE a = ';' -- ;\n ; ").sql())
                .endsWith("';' -- ;");
        assertThatThrownBy(() -> new Leaderboard("l", plain, "j", null, 10, Pace.DEFAULT))
                .hasMessageContaining("has no order");
        assertThatThrownBy(() -> new Leaderboard("l", shape(database, "secret"), "id", null, 10, Pace.DEFAULT))
                .hasMessageContaining("row-level security");
        Database bare = Database.on(local);
        assertThatThrownBy(() -> Refresher.connect(bare.address(), true, List.of()))
                .hasMessageContaining("is not installed");
    }

    @Test
    void statements_on_a_partitioned_table_are_noticed() {
        Database database = database(
                "CREATE TABLE scores (id int, at date, score int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)",
                "CREATE TABLE scores_1 PARTITION OF scores FOR VALUES FROM (MINVALUE) TO ('2026-01-01')",
                "CREATE TABLE scores_2 PARTITION OF scores FOR VALUES FROM ('2026-01-01') TO (MAXVALUE)",
                "INSERT INTO scores SELECT g, date '2025-12-01' + g, g FROM generate_series(1, 60) g");
        apply(database, new Leaderboard("top", shape(database, "scores"), "score", null, 5, AT_ONCE).changes());
        database.run(
                "UPDATE scores SET score = 100 WHERE id = 3",
                "UPDATE scores SET at = '2026-02-01', score = 101 WHERE id = 4");
        assertThat(database.all("SELECT top_rank(s)::text FROM unnest('{60,100,101}'::int[]) s"))
                .containsExactly("3", "2", "1");
    }

    @Test
    void the_worker_runs_maintenance_that_no_function_can() {
        Database database = activities();
        database.run(
                "SELECT performance_monitoring.schedule_maintenance('vacuum', 'activities', '1 day')",
                "SELECT performance_monitoring.schedule_maintenance('reindex', 'totals', '1 day')",
                "SELECT performance_monitoring.schedule_maintenance('refresh', 'sums', '1 day')");
        assertThat(pass(database))
                .allSatisfy(event -> assertThat(event.error()).isNull())
                .extracting(Refresher.Event::what)
                .containsExactlyInAnyOrder(
                        "VACUUM (ANALYZE) public.activities",
                        "REINDEX TABLE CONCURRENTLY public.totals",
                        "REFRESH MATERIALIZED VIEW CONCURRENTLY public.sums");
        assertThat(pass(database)).isEmpty();
        assertThat(database.ask("SELECT count(*) FROM performance_monitoring.maintenance_log WHERE error IS NULL"))
                .isEqualTo(3L);
        assertThat(database.ask(
                        "SELECT last_vacuum IS NOT NULL OR EXISTS (SELECT FROM pg_class WHERE relname = 'activities' AND reltuples = 100)"
                                + " FROM pg_stat_user_tables WHERE relname = 'activities'"))
                .isEqualTo(true);
    }
}
