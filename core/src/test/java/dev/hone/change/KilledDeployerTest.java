package dev.hone.change;

import static dev.hone.change.Bench.index;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.HoneException;
import dev.hone.Json;
import dev.hone.postgres.Catalog;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What becomes of a deployment whose program is ended by SIGKILL while the server works for it. */
class KilledDeployerTest {

    private static final String BUILDING = "SELECT pid::text" + Bench.BUILDS;
    private static final CreateIndex CREATE = index("public", "plain", "killed_idx", "a");
    private static final DropIndex DROP =
            new DropIndex("public", "old_idx", "CREATE INDEX old_idx ON public.plain USING btree (id)");

    private static LocalServer local;

    @BeforeAll
    static void start() {
        local = LocalServer.start(Installation.embedded(), Map.of());
    }

    @AfterAll
    static void stop() {
        local.close();
    }

    private static Bench bench() {
        return Bench.on(
                local,
                "CREATE TABLE plain (id int, a int)",
                "INSERT INTO plain SELECT i, i FROM generate_series(1, 1000) i",
                "CREATE INDEX old_idx ON plain (id)");
    }

    private static Server holding(Bench bench) {
        Server other = Server.connect(bench.address());
        other.handle().begin();
        other.handle().execute("UPDATE plain SET a = 0 WHERE id = 1");
        return other;
    }

    private static void applyAndKill(Bench bench, Change... changes) throws Exception {
        Process child = ChildDeployer.start(
                bench.address(), Json.MAPPER.writerFor(Change[].class).writeValueAsString(changes));
        Bench.await("the child builds", () -> !bench.invalidIndexes().isEmpty());
        child.destroyForcibly().waitFor();
    }

    @Test
    void what_the_server_went_on_building_is_waited_for_and_taken_over() throws Exception {
        Bench bench = bench();
        Bench.Heard heard = new Bench.Heard();
        try (Server other = holding(bench)) {
            applyAndKill(bench, CREATE, DROP);
            assertThat(bench.states()).containsExactly(StepState.INTENDED, StepState.PLANNED);
            String builder = bench.ask(BUILDING);

            assertThatThrownBy(() -> Deployer.apply(
                            bench.address(),
                            List.of(CREATE, DROP),
                            Bench.OPTIONS.withLeftoverWait(Duration.ZERO),
                            new Bench.Heard()))
                    .isInstanceOf(HoneException.class)
                    .hasMessageContaining("an earlier run that was ended: process " + builder)
                    .hasMessageContaining("INDEX CONCURRENTLY killed_idx")
                    .hasMessageContaining("idle in transaction");

            CompletableFuture<DeploymentResult> again = CompletableFuture.supplyAsync(
                    () -> Deployer.apply(bench.address(), List.of(CREATE, DROP), Bench.OPTIONS, heard));
            Bench.await(
                    "the rerun says whom it waits for",
                    () -> heard.all().stream().anyMatch(detail -> detail.contains("process " + builder)));
            other.handle().rollback();

            assertThat(again.get().complete()).isTrue();
        }
        assertThat(bench.journal()).hasSize(1);
        assertThat(bench.states()).containsExactly(StepState.APPLIED, StepState.APPLIED);
        assertThat(bench.invalidIndexes()).isEmpty();
        assertThat(bench.askAll("SELECT relname FROM pg_class WHERE relname LIKE '%\\_idx'"))
                .containsExactly("killed_idx");
    }

    @Test
    void an_invalid_index_that_a_killed_run_left_is_built_again() throws Exception {
        Bench bench = bench();
        try (Server other = holding(bench)) {
            applyAndKill(bench, CREATE);
            bench.ask("SELECT pg_terminate_backend(pid)::text" + Bench.BUILDS);
            Bench.await("the server process ends", () -> bench.ask(BUILDING) == null);
            other.handle().rollback();
        }
        assertThat(bench.invalidIndexes()).containsExactly("killed_idx");

        assertThat(bench.apply(CREATE).complete()).isTrue();

        assertThat(bench.invalidIndexes()).isEmpty();
        assertThat(bench.ask("SELECT count(*)::text FROM pg_index WHERE indrelid = 'plain'::regclass"))
                .isEqualTo("2");
        assertThat(bench.journal()).hasSize(1);
        assertThat(bench.states()).containsExactly(StepState.APPLIED);
    }

    @Test
    void undo_after_a_kill_removes_the_invalid_index() throws Exception {
        Bench bench = bench();
        Catalog before = bench.catalog();
        try (Server other = holding(bench)) {
            applyAndKill(bench, CREATE);
            bench.ask("SELECT pg_terminate_backend(pid)::text" + Bench.BUILDS);
            Bench.await("the server process ends", () -> bench.ask(BUILDING) == null);
            other.handle().rollback();
        }
        assertThat(bench.undo().complete()).isTrue();

        assertThat(CatalogDiff.between(before, bench.catalog())).isEmpty();
        assertThat(bench.states()).containsExactly(StepState.UNDONE);
    }

    @Test
    void a_killed_undo_is_finished_by_the_next() throws Exception {
        Bench bench = bench();
        Catalog before = bench.catalog();
        assertThat(bench.apply(CREATE, DROP).complete()).isTrue();
        try (Server other = holding(bench)) {
            Process child = ChildDeployer.start(bench.address(), "undo");
            Bench.await("the child builds", () -> !bench.invalidIndexes().isEmpty());
            child.destroyForcibly().waitFor();
            assertThat(bench.states()).containsExactly(StepState.APPLIED, StepState.UNDOING);
            bench.ask("SELECT pg_terminate_backend(pid)::text" + Bench.BUILDS);
            Bench.await("the server process ends", () -> bench.ask(BUILDING) == null);
            other.handle().rollback();
        }
        assertThatThrownBy(() -> bench.apply(CREATE, DROP))
                .isInstanceOf(HoneException.class)
                .hasMessageContaining("half taken back");

        assertThat(bench.undo().complete()).isTrue();

        assertThat(CatalogDiff.between(before, bench.catalog())).isEmpty();
        assertThat(bench.states()).containsOnly(StepState.UNDONE);
    }

    @Test
    void a_killed_undo_of_a_step_keeps_others_out_and_is_finished_by_the_next() throws Exception {
        Bench bench = bench();
        Catalog before = bench.catalog();
        assertThat(bench.apply(DROP, CREATE).complete()).isTrue();
        Catalog applied = bench.catalog();
        try (Server other = holding(bench)) {
            Process child = ChildDeployer.start(bench.address(), "undo the first step");
            Bench.await("the child builds", () -> !bench.invalidIndexes().isEmpty());
            assertThatThrownBy(() -> bench.undoStep(2)).hasMessageContaining("Another deployment is at work");
            assertThatThrownBy(() -> Deployer.undoAll(bench.address(), Bench.OPTIONS, new Bench.Heard()))
                    .hasMessageContaining("Another deployment is at work");
            child.destroyForcibly().waitFor();
            assertThat(bench.states()).containsExactly(StepState.UNDOING, StepState.APPLIED);
            bench.ask("SELECT pg_terminate_backend(pid)::text" + Bench.BUILDS);
            Bench.await("the server process ends", () -> bench.ask(BUILDING) == null);
            other.handle().rollback();
        }
        DeploymentRecord half = bench.journal().getLast();
        assertThat(half.undoUnfinished()).isFalse();
        assertThat(half.stepsUndoing())
                .extracting(DeploymentRecord.Step::number)
                .containsExactly(1);
        assertThatThrownBy(() -> bench.apply(DROP, CREATE))
                .hasMessageContaining("Step 1 of deployment " + half.id() + " of the same changes is half taken back");

        assertThat(bench.undoStep(1).complete()).isTrue();

        assertThat(bench.invalidIndexes()).isEmpty();
        assertThat(bench.states()).containsExactly(StepState.UNDONE, StepState.APPLIED);
        assertThat(bench.apply(DROP, CREATE).complete()).isTrue();
        assertThat(CatalogDiff.between(applied, bench.catalog())).isEmpty();
        assertThat(bench.undo().complete()).isTrue();
        assertThat(CatalogDiff.between(before, bench.catalog())).isEmpty();
    }

    @Test
    void no_password_reaches_the_journal_or_a_command_line() throws Exception {
        Bench bench = bench();
        dev.hone.postgres.Secret password = bench.address().password();
        String secret = password == null ? "" : password.reveal();
        assertThat(secret).isNotBlank();
        try (Server other = holding(bench)) {
            Process child = ChildDeployer.start(
                    bench.address(), Json.MAPPER.writerFor(Change[].class).writeValueAsString(new Change[] {CREATE}));
            Bench.await("the child builds", () -> !bench.invalidIndexes().isEmpty());
            assertThat(child.info().commandLine().orElse("")).doesNotContain(secret);
            assertThat(bench.askAll("SELECT query || application_name FROM pg_stat_activity"))
                    .noneMatch(query -> query != null && query.contains(secret));
            child.destroyForcibly().waitFor();
            other.handle().rollback();
        }
        bench.apply(CREATE);
        assertThat(bench.askAll("SELECT t::text FROM performance_monitoring.optimization_log t"))
                .isNotEmpty()
                .noneMatch(row -> row.contains(secret));
    }
}
