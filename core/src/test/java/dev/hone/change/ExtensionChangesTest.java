package dev.hone.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.HoneException;
import dev.hone.postgres.Installed;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Secret;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ExtensionChangesTest {

    private static final CreateExtension TRIGRAMS = new CreateExtension("pg_trgm", null);
    private static final CreateIndex INDEX = new CreateIndex(
            "public", "plain", "plain_b_trgm_idx", false, "gin", List.of("b gin_trgm_ops"), List.of(), null);

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
        return Bench.on(local, "CREATE TABLE plain (a int, b text)");
    }

    @Test
    void an_index_of_an_extension_that_the_same_deployment_creates_is_looked_at_and_built() {
        Bench bench = bench();
        State before = State.of(bench);
        DeploymentPlan plan = Deployer.plan(bench.address(), List.of(TRIGRAMS, INDEX), Bench.OPTIONS);
        assertThat(plan.ready()).as(plan.toString()).isTrue();
        assertThat(State.of(bench).since(before)).isEmpty();

        DeploymentResult applied = bench.apply(TRIGRAMS, INDEX);

        assertThat(applied.complete()).as(applied.toString()).isTrue();
        assertThat(bench.undo().complete()).isTrue();
        assertThat(State.of(bench).since(before)).isEmpty();
    }

    @Test
    void an_extension_that_was_there_stays_and_so_does_one_that_others_rest_on() {
        Bench bench = bench();
        bench.run("CREATE EXTENSION pg_trgm");
        assertThat(bench.apply(TRIGRAMS).steps().getFirst().state()).isEqualTo(StepState.ALREADY);

        bench.run("DROP EXTENSION pg_trgm");
        assertThat(bench.apply(TRIGRAMS, INDEX).complete()).isTrue();
        bench.run("CREATE INDEX others_idx ON plain USING gin (b gin_trgm_ops)");
        DeploymentResult undone = bench.undo();
        assertThat(undone.complete()).isTrue();
        assertThat(undone.steps())
                .extracting(DeploymentResult.Step::state)
                .containsExactly(StepState.UNDONE, StepState.KEPT);
        assertThat(undone.steps().getLast().detail()).contains("others_idx");
    }

    @Test
    void what_cannot_be_created_is_refused_with_what_would_help() {
        Bench bench = bench();
        bench.run("DROP ROLE IF EXISTS guest", "CREATE ROLE guest LOGIN PASSWORD 'open sesame'");
        bench.run("CREATE SCHEMA performance_monitoring AUTHORIZATION guest");
        Bench guest = new Bench(bench.address().withUser("guest", new Secret("open sesame")));
        Map.of(
                        new CreateExtension("no such", null), "no files of extension \"no such\"",
                        new CreateExtension("pg_trgm", "nowhere"), "schema \"nowhere\" does not exist",
                        new CreateExtension("pg_trgm", null), "may not create extension",
                        new CreateExtension("pgstattuple", null), "may not create extension")
                .forEach((change, why) -> assertThatThrownBy(() -> guest.apply(change))
                        .as(change.title())
                        .isInstanceOf(HoneException.class)
                        .hasMessageContaining(why));

        bench.run("GRANT CREATE ON DATABASE " + bench.address().database() + " TO guest");
        assertThat(guest.apply(TRIGRAMS).complete()).isTrue();
        assertThat(guest.undo().complete()).isTrue();
        bench.run("DROP OWNED BY guest CASCADE", "DROP ROLE guest");
    }

    @Test
    void a_schema_is_where_it_goes() {
        Bench bench = bench();
        bench.run("CREATE SCHEMA \"Ext \"\"s\"");
        assertThat(bench.apply(new CreateExtension("pg_trgm", "Ext \"s")).complete())
                .isTrue();
        assertThat(bench.ask("SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'pg_trgm'"))
                .isEqualTo("\"Ext \"\"s\"");
        assertThatThrownBy(() -> bench.apply(new CreateExtension("pg_trgm", "public")))
                .hasMessageContaining("is there already, in schema");
    }
}
