package dev.hone.change;

import static dev.hone.change.Bench.ofKind;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.HoneException;
import dev.hone.Json;
import dev.hone.postgres.Installed;
import dev.hone.postgres.LocalServer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Functions, triggers and materialized views. */
class ObjectChangesTest {

    private static final ReplaceFunction FUNCTION = new ReplaceFunction(
            "Odd \"S",
            "count \"up",
            "",
            "CREATE OR REPLACE FUNCTION \"Odd \"\"S\".\"count \"\"up\"() RETURNS trigger LANGUAGE plpgsql AS"
                    + " $$BEGIN UPDATE public.counter SET n = n + 1; RETURN NULL; END$$");
    private static final CreateTrigger TRIGGER = new CreateTrigger(
            "Odd \"S",
            "T t",
            "trg \"1",
            "AFTER INSERT",
            "REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION " + FUNCTION.subject());
    private static final CreateMaterializedView VIEW = new CreateMaterializedView(
            "Odd \"S",
            "v".repeat(62),
            "SELECT \"A a\", count(*) AS n FROM \"Odd \"\"S\".\"T t\" GROUP BY 1;",
            List.of("A a"),
            600L);

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
                "CREATE TABLE counter (n int)",
                "INSERT INTO counter VALUES (0)",
                "CREATE TABLE \"Odd \"\"S\".\"T t\" (\"A a\" int, b int)",
                "INSERT INTO \"Odd \"\"S\".\"T t\" SELECT i % 10, i FROM generate_series(1, 100) i");
    }

    @Test
    void a_function_and_its_trigger_are_made_in_one_deployment_and_taken_back() {
        Bench bench = bench();
        State before = State.of(bench);

        DeploymentResult applied = bench.apply(FUNCTION, TRIGGER);

        assertThat(applied.complete()).as(applied.toString()).isTrue();
        bench.run("INSERT INTO \"Odd \"\"S\".\"T t\" VALUES (1, 2), (3, 4)");
        assertThat(bench.ask("SELECT n FROM counter")).isEqualTo("1");
        assertThat(bench.apply(TRIGGER).steps().getFirst().state()).isEqualTo(StepState.ALREADY);
        assertThat(bench.undo().complete()).isTrue();
        assertThat(State.of(bench).since(before)).isEmpty();
    }

    @Test
    void a_function_gets_its_old_body_back_and_what_somebody_replaced_since_is_kept() {
        Bench bench = bench();
        bench.run(FUNCTION.definition().replace("n + 1", "n + 100"));
        State before = State.of(bench);

        assertThat(bench.apply(FUNCTION).complete()).isTrue();
        bench.run("UPDATE performance_monitoring.optimization_log SET state = 'intended'");
        assertThat(bench.apply(FUNCTION).complete()).isTrue();
        assertThat(bench.undo().steps().getFirst().detail()).isEqualTo("as before");
        assertThat(State.of(bench).since(before)).isEmpty();

        bench.apply(FUNCTION);
        bench.run(FUNCTION.definition().replace("n + 1", "n + 5"));
        assertThat(bench.undo().steps().getFirst().state()).isEqualTo(StepState.KEPT);
    }

    @Test
    void a_function_that_a_trigger_of_others_calls_is_kept() {
        Bench bench = bench();
        bench.apply(FUNCTION);
        bench.run(TRIGGER.sql().getFirst());
        DeploymentResult undone = bench.undo();
        assertThat(undone.steps().getFirst().state()).isEqualTo(StepState.KEPT);
        assertThat(undone.steps().getFirst().detail()).contains("trg \"1");
    }

    @Test
    void a_materialized_view_is_filled_and_can_be_refreshed_while_it_is_read() {
        Bench bench = bench();
        State before = State.of(bench);

        DeploymentResult applied = bench.apply(VIEW);

        assertThat(applied.complete()).as(applied.toString()).isTrue();
        assertThat(bench.ask("SELECT count(*) FROM " + VIEW.subject())).isEqualTo("10");
        assertThat(bench.ask("SELECT obj_description('" + VIEW.subject() + "'::regclass)"))
                .startsWith("hone: refresh every 600 s");
        bench.run(VIEW.refreshSql());
        assertThat(bench.apply(VIEW).steps().getFirst().state()).isEqualTo(StepState.ALREADY);
        assertThat(bench.undo().complete()).isTrue();
        assertThat(State.of(bench).since(before)).isEmpty();
    }

    @Test
    void rows_that_the_columns_do_not_tell_apart_leave_no_view() {
        Bench bench = bench();
        State before = State.of(bench);
        DeploymentResult result = bench.apply(new CreateMaterializedView(
                "public", "doubled", "SELECT \"A a\" FROM \"Odd \"\"S\".\"T t\"", List.of("A a"), null));
        assertThat(result.complete()).isFalse();
        assertThat(result.steps().getFirst().detail()).contains("is duplicated");
        assertThat(State.of(bench).since(before)).isEmpty();
    }

    @Test
    void what_cannot_be_is_refused_before_anything_is_changed() {
        Bench bench = bench();
        bench.run("CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'");
        State before = State.of(bench);
        Map<Change, String> refused = new LinkedHashMap<>();
        refused.put(new ReplaceFunction("public", "g", "", FUNCTION.definition()), "defines another function");
        refused.put(
                new ReplaceFunction(
                        "public",
                        "f",
                        "",
                        "CREATE OR REPLACE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
                "cannot change return type");
        refused.put(
                new CreateTrigger("public", "nowhere", "t", "AFTER INSERT", "EXECUTE FUNCTION f()"), "does not exist");
        refused.put(
                new CreateTrigger("public", "counter", "t", "AFTER INSERT", "EXECUTE FUNCTION g()"),
                "g() does not exist");
        refused.put(new CreateTrigger("public", "counter", "t", "AFTER UPDATE OF x", "EXECUTE FUNCTION f()"), "\"x\"");
        refused.put(
                new CreateTrigger("public", "counter", "t", "AFTER INSERT", "EXECUTE FUNCTION f(); DROP TABLE counter"),
                "more than one statement");
        refused.put(new CreateMaterializedView("public", "v", "SELECT 1 AS a", List.of("b"), null), "has no columns b");
        refused.put(new CreateMaterializedView("public", "v", "SELECT x", List.of("b"), null), "\"x\" does not exist");
        refused.put(
                new CreateMaterializedView("public", "counter", "SELECT 1 AS a", List.of("a"), null),
                "taken by another object");
        refused.put(new CreateMaterializedView("nowhere", "v", "SELECT 1 AS a", List.of("a"), null), "does not exist");
        refused.forEach((change, why) -> assertThatThrownBy(() -> bench.apply(new Analyze("public", "counter"), change))
                .as(change.title())
                .satisfies(ofKind(HoneException.Kind.REFUSED))
                .hasMessageContaining(why));
        assertThat(State.of(bench).since(before)).isEmpty();
    }

    @Test
    void they_come_and_go_as_json() {
        for (Change change : List.of(FUNCTION, TRIGGER, VIEW)) {
            String json = Json.MAPPER.writerFor(Change.class).writeValueAsString(change);
            assertThat(Json.read(json, Change.class)).isEqualTo(change);
        }
    }
}
