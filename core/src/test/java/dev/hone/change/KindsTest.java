package dev.hone.change;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Json;
import dev.hone.postgres.Installed;
import dev.hone.postgres.LocalServer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for every kind of change. */
class KindsTest {

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
        try (LocalServer local = LocalServer.start(Installed.major(major), Map.of("autovacuum", "off"))) {
            Kinds.template(local);
            Bench bench = Kinds.copy(local);
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
