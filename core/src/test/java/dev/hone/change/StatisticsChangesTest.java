package dev.hone.change;

import static dev.hone.change.Bench.ofKind;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.HoneException;
import dev.hone.Json;
import dev.hone.postgres.Installed;
import dev.hone.postgres.LocalServer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class StatisticsChangesTest {

    private static final CreateStatistics CREATE = new CreateStatistics(
            "Odd \"S",
            "st \"1",
            "T t",
            List.of("mcv", "dependencies"),
            List.of("\"A a\"", "b", Installed.chosenIsAtLeast(14) ? "(lower(c))" : "c"));
    private static final String TARGET = "SELECT coalesce(attstattarget, -1)::text || coalesce(attoptions::text, '')"
            + " FROM pg_attribute WHERE attrelid = '\"Odd \"\"S\".\"T t\"'::regclass AND attname = 'A a'";

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
                "CREATE TABLE \"Odd \"\"S\".\"T t\" (\"A a\" int, b int, c text)",
                "INSERT INTO \"Odd \"\"S\".\"T t\" SELECT i % 10, i % 10, 'x' || i % 10 FROM generate_series(1, 2000) i");
    }

    @Test
    void statistics_are_created_and_filled_and_undo_removes_them() {
        Bench bench = bench();
        State before = State.of(bench);

        DeploymentResult applied = bench.apply(CREATE);

        assertThat(applied.complete()).as(applied.toString()).isTrue();
        assertThat(bench.ask("SELECT statistics_name FROM pg_stats_ext WHERE dependencies IS NOT NULL"))
                .isEqualTo("st \"1");
        assertThat(State.of(bench).since(before)).hasSize(1);

        assertThat(bench.undo().steps().getFirst().detail()).isEqualTo("removed");
        assertThat(State.of(bench).since(before)).isEmpty();
    }

    @Test
    void statistics_that_are_there_already_survive_undo_and_others_of_the_name_are_refused() {
        Bench bench = bench();
        bench.run(CREATE.statement());

        assertThat(bench.apply(CREATE).steps().getFirst().state()).isEqualTo(StepState.ALREADY);
        assertThatThrownBy(bench::undo).satisfies(ofKind(HoneException.Kind.USAGE));
        assertThat(bench.ask("SELECT stxname FROM pg_statistic_ext")).isEqualTo("st \"1");

        assertThatThrownBy(() -> bench.apply(new CreateStatistics(
                        CREATE.schema(), CREATE.name(), CREATE.table(), List.of(), List.of("b", "c"))))
                .hasMessageContaining("taken by other statistics");
    }

    @Test
    void statistics_that_somebody_redefined_are_left_by_undo() {
        Bench bench = bench();
        bench.apply(CREATE);
        bench.run(
                "DROP STATISTICS " + CREATE.subject(),
                "CREATE STATISTICS " + CREATE.subject() + " ON b, c FROM \"Odd \"\"S\".\"T t\"");

        assertThat(bench.undo().steps().getFirst().state()).isEqualTo(StepState.KEPT);
        assertThat(bench.ask("SELECT stxname FROM pg_statistic_ext")).isEqualTo("st \"1");
    }

    @Test
    void target_and_distinct_values_are_set_and_undo_restores_what_was_there() {
        Bench bench = bench();
        bench.run(
                "ALTER TABLE \"Odd \"\"S\".\"T t\" ALTER \"A a\" SET STATISTICS 50, ALTER \"A a\" SET (n_distinct = -0.25, n_distinct_inherited = 7)");
        State before = State.of(bench);

        DeploymentResult applied =
                bench.apply(new AlterColumnStatistics(CREATE.schema(), CREATE.table(), "A a", 1000, 0.00005 * 1e5));

        assertThat(applied.complete()).as(applied.toString()).isTrue();
        assertThat(bench.ask(TARGET)).startsWith("1000").contains("n_distinct=5", "n_distinct_inherited=7");
        assertThat(bench.ask("SELECT n_distinct FROM pg_stats WHERE attname = 'A a'"))
                .isEqualTo("5");
        assertThat(bench.journal().getFirst().steps().getFirst().undoSql().getFirst())
                .contains("SET STATISTICS 50", "n_distinct = -0.25");

        assertThat(bench.undo().complete()).isTrue();
        assertThat(State.of(bench).since(before)).isEmpty();
    }

    @Test
    void defaults_come_back_as_defaults_and_what_somebody_set_since_is_kept() {
        Bench bench = bench();
        State before = State.of(bench);
        AlterColumnStatistics change = new AlterColumnStatistics(CREATE.schema(), CREATE.table(), "A a", 77, 12.0);
        assertThat(bench.apply(change).complete()).isTrue();
        assertThat(bench.undo().complete()).isTrue();
        assertThat(State.of(bench).since(before)).isEmpty();

        bench.apply(change);
        bench.run("ALTER TABLE \"Odd \"\"S\".\"T t\" ALTER \"A a\" SET STATISTICS 78");
        assertThat(bench.undo().steps().getFirst().state()).isEqualTo(StepState.KEPT);
        assertThat(bench.ask(TARGET)).startsWith("78");
    }

    @Test
    void a_run_that_was_ended_after_its_statement_still_knows_what_was_before() {
        Bench bench = bench();
        bench.run("ALTER TABLE \"Odd \"\"S\".\"T t\" ALTER \"A a\" SET STATISTICS 50");
        State before = State.of(bench);
        AlterColumnStatistics change = new AlterColumnStatistics(CREATE.schema(), CREATE.table(), "A a", 77, null);
        bench.apply(change);
        bench.run("UPDATE performance_monitoring.optimization_log SET state = 'intended'");

        assertThat(bench.apply(change).complete()).isTrue();
        assertThat(bench.undo().complete()).isTrue();
        assertThat(State.of(bench).since(before)).isEmpty();
    }

    @Test
    void what_cannot_be_is_refused_before_anything_is_changed() {
        Bench bench = bench();
        bench.run("CREATE VIEW seen AS SELECT 1 AS a", "CREATE TABLE whole (a int, b int) PARTITION BY LIST (a)");
        Map<Change, String> refused = Map.of(
                new CreateStatistics("public", "x", "nowhere", List.of(), List.of("a", "b")),
                "does not exist",
                new CreateStatistics("public", "x", "seen", List.of(), List.of("a", "b")),
                "does not exist",
                new CreateStatistics("public", "x", "whole", List.of(), List.of("a", "c")),
                "\"c\" does not exist",
                new CreateStatistics(
                        "public", "x", "whole", List.of(), List.of("a, b FROM whole; DROP TABLE whole; --")),
                "more than one statement",
                new CreateStatistics("public", "x", "whole", List.of(), List.of("a")),
                "at least 2 columns",
                new AlterColumnStatistics("public", "whole", "c", 1, null),
                "does not exist",
                new AlterColumnStatistics("public", "whole", "b", null, 3.0),
                "partitioned",
                new AlterColumnStatistics("public", "nowhere", "b", 5, null),
                "does not exist");
        State before = State.of(bench);
        refused.forEach((change, why) -> assertThatThrownBy(() -> bench.apply(CREATE, change))
                .as(change.title())
                .satisfies(ofKind(HoneException.Kind.REFUSED))
                .hasMessageContaining(why));
        assertThat(State.of(bench).since(before)).isEmpty();
    }

    @Test
    void they_come_and_go_as_json() {
        for (Change change : List.of(CREATE, new AlterColumnStatistics("a", "b", "c", null, -0.5))) {
            String json = Json.MAPPER.writerFor(Change.class).writeValueAsString(change);
            assertThat(Json.read(json, Change.class)).isEqualTo(change);
        }
    }
}
