package dev.hone.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.postgres.Installed;
import dev.hone.postgres.LocalServer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class SqlChangesTest {

    private static final RunSql TOGETHER = new RunSql(
            "count up",
            List.of(
                    "SET search_path = nowhere",
                    "UPDATE public.counter SET n = n + 1",
                    "INSERT INTO public.counter VALUES (100)"),
            List.of("DELETE FROM public.counter WHERE n = 100", "UPDATE public.counter SET n = n - 1"),
            true);

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
        return Bench.on(local, "CREATE TABLE counter (n int)", "INSERT INTO counter VALUES (0)");
    }

    private static List<String> counted(Bench bench) {
        return bench.askAll("SELECT n FROM counter ORDER BY n");
    }

    @Test
    void statements_run_exactly_once_even_if_the_journal_was_not_told() {
        Bench bench = bench();
        assertThat(bench.apply(TOGETHER).complete()).isTrue();
        assertThat(counted(bench)).containsExactly("1", "100");

        // As if Hone had been ended right after the commit.
        bench.run("UPDATE performance_monitoring.optimization_log SET state = 'intended', finished_at = NULL");
        assertThat(bench.apply(TOGETHER).complete()).isTrue();
        assertThat(counted(bench)).containsExactly("1", "100");

        bench.run("UPDATE performance_monitoring.optimization_log SET state = 'intended', finished_at = NULL");
        assertThat(bench.undo().complete()).isTrue();
        assertThat(counted(bench)).containsExactly("0");
        bench.run("UPDATE performance_monitoring.optimization_log SET state = 'undoing'");
        assertThat(bench.undo().complete()).isTrue();
        assertThat(counted(bench)).containsExactly("0");
    }

    @Test
    void applied_again_statements_run_again_only_if_they_were_taken_back() {
        Bench bench = bench();
        assertThat(bench.apply(TOGETHER).complete()).isTrue();

        DeploymentResult again = bench.apply(TOGETHER);

        assertThat(again.complete()).isTrue();
        assertThat(again.steps().getFirst().state()).isEqualTo(StepState.ALREADY);
        assertThat(again.steps().getFirst().detail())
                .contains("hone undo " + bench.journal().getFirst().id());
        assertThat(counted(bench)).containsExactly("1", "100");
        assertThat(bench.undo().complete()).isTrue();
        assertThat(counted(bench)).containsExactly("0");
        assertThat(bench.apply(TOGETHER).steps().getFirst().state()).isEqualTo(StepState.APPLIED);
        assertThat(counted(bench)).containsExactly("1", "100");

        RunSql twice = new RunSql("count", List.of("UPDATE counter SET n = n + 1"), List.of(), true);
        assertThat(bench.apply(twice, twice).complete()).isTrue();
        assertThat(counted(bench)).containsExactly("3", "102");
    }

    @Test
    void of_a_transaction_that_fails_nothing_is_left_and_nothing_is_undone() {
        Bench bench = bench();
        RunSql failing = new RunSql(
                "fail",
                List.of("UPDATE counter SET n = n + 1", "SELECT 1 / 0"),
                List.of("UPDATE counter SET n = n - 1"),
                true);
        DeploymentResult result = bench.apply(failing);
        assertThat(result.complete()).isFalse();
        assertThat(result.steps().getFirst().detail()).contains("division by zero");
        assertThat(counted(bench)).containsExactly("0");
        assertThat(bench.undo().steps().getFirst().detail()).isEqualTo("had not run");
        assertThat(counted(bench)).containsExactly("0");
    }

    @Test
    void statements_outside_a_transaction_go_on_where_they_stopped() {
        Bench bench = bench();
        RunSql one = new RunSql(
                "one by one",
                List.of("UPDATE counter SET n = n + 1", "CREATE INDEX CONCURRENTLY counter_idx ON missing (n)"),
                List.of("DROP INDEX CONCURRENTLY IF EXISTS counter_idx", "UPDATE counter SET n = 0"),
                false);
        assertThat(bench.apply(one).complete()).isFalse();
        bench.run("CREATE TABLE missing (n int)");
        assertThat(bench.apply(one).complete()).isTrue();
        assertThat(counted(bench)).containsExactly("1");
        assertThat(bench.undo().complete()).isTrue();
        assertThat(counted(bench)).containsExactly("0");
    }

    @Test
    void what_cannot_be_taken_back_says_so_beforehand_and_stays() {
        Bench bench = bench();
        RunSql change = new RunSql("burn", List.of("DELETE FROM counter"), List.of(), true);
        assertThat(Deployer.plan(bench.address(), List.of(change), Bench.OPTIONS)
                        .checks())
                .extracting(PreCheck::message)
                .contains("Step 1 (burn) cannot be taken back.");
        assertThat(bench.apply(change).checks())
                .extracting(PreCheck::message)
                .anyMatch(said -> said.contains("cannot be taken back"));
        assertThat(bench.undo().steps().getFirst().state()).isEqualTo(StepState.KEPT);
    }

    @Test
    void a_step_after_statements_of_ones_own_is_judged_when_its_turn_has_come() {
        Bench bench = bench();
        Change[] changes = {
            new RunSql("make a table", List.of("CREATE TABLE made (a int)"), List.of("DROP TABLE made"), true),
            Bench.index("public", "made", "made_idx", "a"),
            Bench.index("public", "still_missing", "other_idx", "a")
        };
        DeploymentPlan plan = Deployer.plan(bench.address(), List.of(changes), Bench.OPTIONS);
        assertThat(plan.ready()).isTrue();
        assertThat(plan.steps().get(1).note()).contains("cannot be judged before step 1 has run");

        assertThat(bench.apply(changes).steps())
                .extracting(DeploymentResult.Step::state)
                .containsExactly(StepState.APPLIED, StepState.APPLIED, StepState.FAILED);
        assertThat(bench.undo().complete()).isTrue();
        assertThat(bench.ask("SELECT to_regclass('made')::text")).isNull();
    }

    @Test
    void more_than_one_statement_in_one_and_transaction_control_are_refused() {
        Bench bench = bench();
        assertThatThrownBy(() -> bench.apply(new RunSql("two", List.of("SELECT 1; SELECT 2"), List.of(), true)))
                .hasMessageContaining("more than one statement");
        assertThatThrownBy(() -> new RunSql("commit", List.of(" commit"), List.of(), true))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
