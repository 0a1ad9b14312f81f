package dev.hone.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.hone.HoneException;
import dev.hone.Json;
import dev.hone.postgres.Installed;
import dev.hone.postgres.LocalServer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for every kind of change. */
class KindsTest {

    private static LocalServer local;

    @BeforeAll
    static void start() {
        local = LocalServer.start(Installed.chosen(), Map.of("autovacuum", "off"));
        Kinds.template(local);
    }

    @AfterAll
    static void stop() {
        local.close();
    }

    @Test
    void no_kind_is_left_out_and_each_comes_and_goes_as_json() {
        assertThat(Kinds.all().map(kind -> kind.change().getClass().getName()).collect(Collectors.toSet()))
                .isEqualTo(Arrays.stream(Change.class.getPermittedSubclasses())
                        .map(Class::getName)
                        .collect(Collectors.toSet()));
        Kinds.all().map(Kinds.Kind::change).forEach(change -> {
            String json = Json.MAPPER.writerFor(Change.class).writeValueAsString(change);
            assertThat(Json.read(json, Change.class)).isEqualTo(change);
            assertThat(WrittenChange.problems(Json.MAPPER.readTree(json))).isEmpty();
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 15, 18})
    void all_kinds_are_made_shown_to_be_in_place_and_taken_back(int major) {
        try (LocalServer older = LocalServer.start(Installed.major(major), Map.of("autovacuum", "off"))) {
            Kinds.template(older);
            Bench bench = Kinds.copy(older);
            State before = State.of(bench);
            Change[] reversible = changes(true);
            assertThat(inPlace(bench, reversible)).hasSizeGreaterThan(10).containsOnly("f");

            DeploymentResult applied = bench.apply(reversible);

            assertThat(applied.complete()).as(applied.toString()).isTrue();
            assertThat(bench.states()).containsOnly(StepState.APPLIED).hasSize(reversible.length);
            assertThat(inPlace(bench, reversible)).containsOnly("t");
            for (Change change : reversible) {
                change.proofs().forEach(proof -> bench.ask(proof.sql()));
            }
            DeploymentResult undone = bench.undo();
            assertThat(undone.complete()).as(undone.toString()).isTrue();
            assertThat(bench.states()).containsOnly(StepState.UNDONE);
            assertThat(State.of(bench).since(before)).isEmpty();
            assertThat(inPlace(bench, reversible)).containsOnly("f");

            DeploymentResult last = bench.apply(changes(false));
            assertThat(last.complete()).as(last.toString()).isTrue();
            assertThat(inPlace(bench, changes(false))).containsExactly("t");
        }
    }

    static Stream<Kinds.Kind> kinds() {
        return Kinds.chosen("hone.kinds");
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void a_step_is_taken_back_while_its_neighbours_stay_and_made_again(Kinds.Kind kind) {
        Bench bench = Kinds.copy(local);
        RunSql first = marker("marked_first");
        RunSql last = marker("marked_last");
        State before = State.of(bench);
        bench.apply(first, last);
        State without = State.of(bench);
        assertThat(bench.undo().complete()).isTrue();
        DeploymentResult applied = bench.apply(first, kind.change(), last);
        assertThat(applied.complete()).as(applied.toString()).isTrue();
        State with = State.of(bench);

        if (!kind.reversible()) {
            assertThatThrownBy(() -> bench.undoStep(2))
                    .satisfies(Bench.ofKind(HoneException.Kind.REFUSED))
                    .hasMessageContaining("cannot be taken back")
                    .hasMessageContaining(kind.change().irreversible());
            assertThat(bench.states()).containsOnly(StepState.APPLIED);
            assertThat(State.of(bench).since(with)).isEmpty();
            return;
        }
        DeploymentResult undone = bench.undoStep(2);
        assertThat(undone.complete()).as(undone.toString()).isTrue();
        assertThat(undone.steps())
                .extracting(DeploymentResult.Step::number, DeploymentResult.Step::state)
                .containsExactly(tuple(2, StepState.UNDONE));
        assertThat(bench.states()).containsExactly(StepState.APPLIED, StepState.UNDONE, StepState.APPLIED);
        assertThat(State.of(bench).since(without)).isEmpty();

        DeploymentResult again = bench.apply(first, kind.change(), last);
        assertThat(again.complete()).as(again.toString()).isTrue();
        assertThat(again.deployment()).isEqualTo(applied.deployment());
        assertThat(bench.states()).containsOnly(StepState.APPLIED);
        assertThat(State.of(bench).since(with)).isEmpty();
        assertThat(bench.undo().complete()).isTrue();
        assertThat(State.of(bench).since(before)).isEmpty();
    }

    private static RunSql marker(String table) {
        return new RunSql(
                "make " + table, List.of("CREATE TABLE " + table + " (n int)"), List.of("DROP TABLE " + table), true);
    }

    /** What the proofs say that know whether a change is in place. */
    private static List<String> inPlace(Bench bench, Change... changes) {
        return Arrays.stream(changes)
                .flatMap(change -> change.proofs().stream())
                .filter(proof -> proof.sql().contains("in_place"))
                .map(proof -> String.valueOf(bench.ask(proof.sql())))
                .toList();
    }

    private static Change[] changes(boolean reversible) {
        List<Change> some = Kinds.all()
                .filter(kind -> kind.reversible() == reversible)
                .map(Kinds.Kind::change)
                .toList();
        return some.toArray(Change[]::new);
    }
}
