package dev.hone.change;

import static dev.hone.change.Bench.ofKind;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.HoneException;
import dev.hone.Json;
import dev.hone.Progress;
import dev.hone.postgres.Installed;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Changes of one table: its parameters, vacuum, rebuilt indexes, constraints. */
class TableChangesTest {

    private static final String LONG = "i".repeat(63);

    private static LocalServer local;

    @BeforeAll
    static void start() {
        local = LocalServer.start(Installed.chosen(), Map.of("autovacuum", "off"));
    }

    @AfterAll
    static void stop() {
        local.close();
    }

    private static Bench bench() {
        return Bench.on(
                local,
                "CREATE SCHEMA \"Odd \"\"S\"",
                "CREATE TABLE \"Odd \"\"S\".\"T t\" (id int, \"A a\" int, doc text)",
                "INSERT INTO \"Odd \"\"S\".\"T t\" SELECT i, i % 100, 'x' FROM generate_series(1, 3000) i",
                "CREATE TABLE plain (id int PRIMARY KEY, a int, b int)",
                "INSERT INTO plain SELECT i, i, i % 3 FROM generate_series(1, 1000) i",
                "CREATE INDEX plain_a_idx ON plain (a)",
                "CREATE INDEX " + LONG + " ON plain (b)",
                "ALTER TABLE plain ADD CONSTRAINT positive CHECK (a > 0) NOT VALID",
                "COMMENT ON CONSTRAINT positive ON plain IS 'it''s kept'",
                "CREATE TABLE refers (id int)",
                "INSERT INTO refers VALUES (1)",
                "ALTER TABLE refers ADD CONSTRAINT refers_fk FOREIGN KEY (id) REFERENCES plain NOT VALID");
    }

    @Test
    void storage_parameters_are_set_and_undo_restores_what_was_there() {
        Bench bench = bench();
        bench.run("ALTER TABLE \"Odd \"\"S\".\"T t\" SET (fillfactor = 90, autovacuum_enabled = off)");
        State before = State.of(bench);
        AlterTable change = new AlterTable(
                "Odd \"S",
                "T t",
                Map.of("fillfactor", "80", "autovacuum_vacuum_scale_factor", "0.02", "toast.autovacuum_enabled", "off"),
                List.of("autovacuum_enabled"));

        assertThat(bench.apply(change).complete()).isTrue();
        assertThat(bench.ask("SELECT reloptions::text FROM pg_class WHERE relname = 'T t'"))
                .contains("fillfactor=80", "scale_factor=0.02")
                .doesNotContain("enabled");
        assertThat(bench.apply(change).steps().getFirst().state()).isEqualTo(StepState.ALREADY);

        assertThat(Deployer.undo(bench.address(), bench.journal().getFirst().id(), Bench.OPTIONS, Progress.NONE)
                        .complete())
                .isTrue();
        assertThat(State.of(bench).since(before)).isEmpty();

        bench.apply(change);
        bench.run("ALTER TABLE \"Odd \"\"S\".\"T t\" SET (fillfactor = 75)");
        assertThat(bench.undo().steps().getFirst().state()).isEqualTo(StepState.KEPT);
    }

    @Test
    void an_index_is_rebuilt_and_only_leftovers_of_its_own_are_removed() throws Exception {
        Bench bench = bench();
        String oid = bench.ask("SELECT '" + LONG + "'::regclass::oid::text");
        try (Server other = Server.connect(bench.address())) {
            // A stranger's attempt that was cut off.
            other.handle().begin();
            other.handle().execute("UPDATE plain SET b = 0 WHERE id = 1");
            CompletableFuture<Void> stranger =
                    CompletableFuture.runAsync(() -> bench.run("REINDEX INDEX CONCURRENTLY " + LONG));
            Bench.await("the stranger's build", () -> !bench.invalidIndexes().isEmpty());
            bench.ask("SELECT pg_terminate_backend(pid)::text FROM pg_stat_progress_create_index");
            assertThatThrownBy(stranger::get).hasMessageContaining("terminating");
            List<String> strangers = bench.invalidIndexes();
            assertThat(strangers).hasSize(1).allMatch(name -> name.endsWith("_ccnew"));

            // And one of ours.
            CompletableFuture<DeploymentResult> running =
                    CompletableFuture.supplyAsync(() -> bench.apply(new Reindex("public", LONG)));
            Bench.await("our build", () -> bench.invalidIndexes().size() == 2);
            bench.ask("SELECT pg_terminate_backend(pid)::text FROM pg_stat_progress_create_index");
            Bench.await("its end", () -> bench.ask("SELECT pid::text FROM pg_stat_progress_create_index") == null);
            other.handle().rollback();
            assertThat(running.get().steps().getFirst().detail()).contains("administrator");
            assertThat(bench.invalidIndexes()).isEqualTo(strangers);

            DeploymentResult again = bench.apply(new Reindex("public", LONG));
            assertThat(again.complete()).as(again.toString()).isTrue();
            assertThat(again.steps().getFirst().detail()).contains(strangers.getFirst());
            assertThat(bench.invalidIndexes()).isEqualTo(strangers);
        }
        assertThat(bench.ask("SELECT '" + LONG + "'::regclass::oid::text")).isNotEqualTo(oid);
        assertThat(bench.undo().steps().getFirst().detail()).contains("nothing to take back");
    }

    @Test
    void a_vacuum_tells_how_far_it_is_and_takes_nothing_back() throws Exception {
        Bench bench = bench();
        bench.run("DELETE FROM plain WHERE id > 500");

        assertThat(bench.apply(new Vacuum("public", "plain", true, true)).complete())
                .isTrue();

        Bench.await(
                "the counters know of it",
                () -> "t"
                        .equals(bench.ask("SELECT last_analyze IS NOT NULL AND last_vacuum IS NOT NULL"
                                + " FROM pg_stat_user_tables WHERE relname = 'plain'")));
        assertThat(bench.ask("SELECT relallvisible = relpages FROM pg_class WHERE relname = 'plain'"))
                .isEqualTo("t");
        assertThat(bench.undo().complete()).isTrue();
    }

    @Test
    void constraints_are_validated_and_undo_calls_them_not_valid_again() {
        Bench bench = bench();
        State before = State.of(bench);

        DeploymentResult applied = bench.apply(
                new ValidateConstraint("public", "plain", "positive"),
                new ValidateConstraint("public", "refers", "refers_fk"));

        assertThat(applied.complete()).as(applied.toString()).isTrue();
        assertThat(bench.ask("SELECT count(*) FROM pg_constraint WHERE NOT convalidated"))
                .isEqualTo("0");
        assertThat(bench.undo().complete()).isTrue();
        assertThat(State.of(bench).since(before)).isEmpty();
        assertThat(bench.ask("SELECT obj_description(oid) FROM pg_constraint WHERE conname = 'positive'"))
                .isEqualTo("it's kept");
    }

    @Test
    void a_row_against_the_constraint_fails_its_validation_and_is_named() {
        Bench bench = bench();
        bench.run(
                "ALTER TABLE plain DISABLE TRIGGER ALL",
                "ALTER TABLE refers DISABLE TRIGGER ALL",
                "INSERT INTO refers VALUES (-5)");
        DeploymentResult result = bench.apply(new ValidateConstraint("public", "refers", "refers_fk"));
        assertThat(result.complete()).isFalse();
        assertThat(result.steps().getFirst().detail()).contains("(id)=(-5) is not present");
        bench.run("DELETE FROM refers WHERE id = -5");
        assertThat(bench.apply(new ValidateConstraint("public", "refers", "refers_fk"))
                        .complete())
                .isTrue();
    }

    @Test
    void columns_are_made_unique_and_undo_removes_constraint_and_index() {
        Bench bench = bench();
        bench.run("ALTER TABLE \"Odd \"\"S\".\"T t\" ALTER id SET NOT NULL");
        State before = State.of(bench);

        DeploymentResult applied = bench.apply(
                new CreateUniqueConstraint("Odd \"S", "T t", "T \"key", List.of("A a", "id"), false),
                new CreateUniqueConstraint("Odd \"S", "T t", "T pkey", List.of("id"), true));

        assertThat(applied.complete()).as(applied.toString()).isTrue();
        assertThat(bench.askAll(
                        "SELECT contype::text FROM pg_constraint WHERE conrelid = '\"Odd \"\"S\".\"T t\"'::regclass"
                                + " AND contype IN ('p', 'u') ORDER BY 1"))
                .containsExactly("p", "u");
        assertThat(bench.undo().complete()).isTrue();
        assertThat(State.of(bench).since(before)).isEmpty();
    }

    @Test
    void a_duplicate_is_named_and_nothing_is_left_of_the_index() {
        Bench bench = bench();
        State before = State.of(bench);
        DeploymentResult result =
                bench.apply(new CreateUniqueConstraint("Odd \"S", "T t", "T key", List.of("A a"), false));
        assertThat(result.complete()).isFalse();
        assertThat(result.steps().getFirst().detail()).contains("Key (\"A a\")=(", "is duplicated", "remove them");
        assertThat(State.of(bench).since(before)).isEmpty();
    }

    @Test
    void a_run_that_was_ended_between_index_and_constraint_is_finished_or_taken_back() {
        Bench bench = bench();
        State before = State.of(bench);
        CreateUniqueConstraint change =
                new CreateUniqueConstraint("public", "plain", "plain_a_key", List.of("a"), false);
        bench.apply(change);
        State after = State.of(bench);
        String halfway = "ALTER TABLE plain DROP CONSTRAINT plain_a_key";
        String index = "CREATE UNIQUE INDEX plain_a_key ON plain (a)";
        String intended = "UPDATE performance_monitoring.optimization_log SET state = 'intended'";

        bench.run(halfway, index, intended);
        assertThat(bench.apply(change).complete()).isTrue();
        assertThat(State.of(bench).since(after)).isEmpty();

        bench.run(halfway, index, intended);
        assertThat(bench.undo().complete()).isTrue();
        assertThat(State.of(bench).since(before)).isEmpty();
    }

    @Test
    void a_foreign_key_gets_its_index_unless_one_serves_it_already_or_it_is_another() {
        Bench bench = bench();
        bench.run(
                "CREATE TABLE \"Odd \"\"S\".\"K k\" (a int, b int, PRIMARY KEY (b, a))",
                "CREATE TABLE \"Odd \"\"S\".\"R r\" (\"A a\" int, b int, CONSTRAINT \"F \"\"k\" FOREIGN KEY (b, \"A a\") REFERENCES \"Odd \"\"S\".\"K k\")");
        State before = State.of(bench);
        AddForeignKeyIndex change =
                new AddForeignKeyIndex("Odd \"S", "R r", "F \"k", List.of("A a", "b"), "n".repeat(63));

        DeploymentResult applied = bench.apply(change);

        assertThat(applied.complete()).as(applied.toString()).isTrue();
        assertThat(bench.ask("SELECT pg_get_indexdef('" + change.subject() + "'::regclass)"))
                .endsWith("(\"A a\", b)");
        assertThat(bench.apply(change.named("other")).steps().getFirst())
                .satisfies(step -> assertThat(step.state()).isEqualTo(StepState.ALREADY))
                .satisfies(step -> assertThat(step.detail()).contains("n".repeat(63)));
        assertThat(Deployer.undo(bench.address(), bench.journal().getFirst().id(), Bench.OPTIONS, Progress.NONE)
                        .complete())
                .isTrue();
        assertThat(State.of(bench).since(before)).isEmpty();

        bench.run("CREATE INDEX partial ON \"Odd \"\"S\".\"R r\" (b, \"A a\") WHERE b > 0");
        assertThat(bench.apply(change).steps().getFirst().state()).isEqualTo(StepState.APPLIED);
    }

    @Test
    void what_is_held_by_another_is_tried_again_within_the_short_budget() throws Exception {
        Bench bench = bench();
        try (Server other = Server.connect(bench.address())) {
            other.handle().begin();
            other.handle().execute("LOCK TABLE plain IN SHARE UPDATE EXCLUSIVE MODE");
            Bench.Heard heard = new Bench.Heard();
            DeployOptions hasty = new DeployOptions(
                    Duration.ofMillis(100),
                    Duration.ZERO,
                    60,
                    Duration.ofMillis(20),
                    Duration.ofMinutes(1),
                    Duration.ZERO);
            CompletableFuture<DeploymentResult> running = CompletableFuture.supplyAsync(() -> Deployer.apply(
                    bench.address(),
                    List.of(new AlterTable("public", "plain", Map.of("fillfactor", "70"), List.of())),
                    hasty,
                    heard));
            Bench.await(
                    "a further attempt", () -> heard.all().stream().anyMatch(detail -> detail.contains("attempt 3")));
            other.handle().rollback();
            assertThat(running.get().complete()).isTrue();
        }
    }

    @Test
    void what_cannot_be_is_refused_before_anything_is_changed() {
        Bench bench = bench();
        bench.run(
                "CREATE TABLE whole (a int) PARTITION BY LIST (a)",
                "CREATE INDEX whole_idx ON whole (a)",
                "CREATE TABLE ranges (r int4range, EXCLUDE USING gist (r WITH &&))");
        State before = State.of(bench);
        Map<Change, String> refused = new LinkedHashMap<>();
        refused.put(new AlterTable("public", "plain", Map.of("fillfactor", "5"), List.of()), "out of bounds");
        refused.put(new AlterTable("public", "plain", Map.of("no_such", "5"), List.of()), "unrecognized parameter");
        refused.put(new AlterTable("public", "whole", Map.of("fillfactor", "50"), List.of()), "storage of its own");
        refused.put(new Reindex("public", "nowhere"), "does not exist");
        refused.put(new Reindex("public", "whole_idx"), "partitioned");
        refused.put(new Reindex("public", "ranges_r_excl"), "exclusion constraint");
        refused.put(new Vacuum("public", "nowhere", false, false), "does not exist");
        refused.put(new ValidateConstraint("public", "plain", "nothing"), "does not exist");
        refused.put(
                new CreateUniqueConstraint("public", "plain", "x", List.of("nothing"), false),
                "\"nothing\" does not exist");
        refused.put(
                new CreateUniqueConstraint("public", "plain", "positive", List.of("a"), false), "another constraint");
        refused.put(
                new CreateUniqueConstraint("public", "plain", "plain_a_idx", List.of("a"), false),
                "taken by another index");
        refused.put(new CreateUniqueConstraint("public", "whole", "x", List.of("a"), false), "not an ordinary table");
        refused.put(new CreateUniqueConstraint("public", "refers", "x", List.of("id"), true), "may be null");
        refused.put(
                new AddForeignKeyIndex("public", "refers", "gone", List.of("id"), "x"), "has no constraint \"gone\"");
        refused.put(new AddForeignKeyIndex("public", "plain", "positive", List.of("a"), "x"), "is no foreign key");
        refused.put(
                new AddForeignKeyIndex("public", "refers", "refers_fk", List.of("idx"), "x"), "its columns are \"id\"");
        refused.put(new AddForeignKeyIndex("public", "refers", "refers_fk", List.of("id"), "ranges"), "is taken");
        refused.forEach((change, why) -> assertThatThrownBy(() -> bench.apply(new Analyze("public", "plain"), change))
                .as(change.title())
                .satisfies(ofKind(HoneException.Kind.REFUSED))
                .hasMessageContaining(why));
        assertThat(State.of(bench).since(before)).isEmpty();
    }

    @Test
    void they_come_and_go_as_json() {
        for (Change change : List.of(
                new AlterTable("a", "b", Map.of("fillfactor", "70"), List.of("autovacuum_enabled")),
                new Reindex("a", "b"),
                new Vacuum("a", "b", true, false),
                new ValidateConstraint("a", "b", "c"),
                new CreateUniqueConstraint("a", "b", "c", List.of("d"), true),
                new RunSql("t", List.of("SELECT 1"), List.of(), true))) {
            String json = Json.MAPPER.writerFor(Change.class).writeValueAsString(change);
            assertThat(Json.read(json, Change.class)).isEqualTo(change);
        }
    }
}
