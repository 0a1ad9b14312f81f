package dev.hone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Progress;
import dev.hone.change.Change;
import dev.hone.change.CreateIndex;
import dev.hone.change.DeployOptions;
import dev.hone.change.Deployer;
import dev.hone.change.RunSql;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.ServerAddress;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What `hone undo --step` and `--all` and `hone status` say. */
class UndoCommandTest {

    private static LocalServer local;

    @BeforeAll
    static void start() {
        local = LocalServer.start(Installation.embedded(), Map.of());
    }

    @AfterAll
    static void stop() {
        local.close();
    }

    private static ServerAddress database(String name) throws Exception {
        Library.execute(local.address("postgres"), "CREATE DATABASE " + name);
        ServerAddress address = local.address(name);
        Library.execute(address, "CREATE TABLE walks (id int, team int, km int)");
        return address;
    }

    private static CreateIndex index(String name, String column) {
        return new CreateIndex("public", "walks", name, false, "btree", List.of(column), List.of(), null);
    }

    private static String apply(ServerAddress address, Change... changes) {
        return Deployer.apply(address, List.of(changes), DeployOptions.DEFAULT, Progress.NONE)
                .deployment();
    }

    private static List<String> indexes(ServerAddress address) throws Exception {
        return Library.ask(address, "SELECT relname FROM pg_class WHERE relname LIKE 'walks\\__' ORDER BY 1");
    }

    private static CommandLineRun run(int exitCode, ServerAddress address, String... arguments) {
        CommandLineRun run = CommandLineRun.of(CommandLineRun.environment(address), arguments);
        assertThat(run.exitCode()).as(run.out() + run.err()).isEqualTo(exitCode);
        return run;
    }

    @Test
    void one_step_goes_and_status_says_so() throws Exception {
        ServerAddress address = database("steps");
        RunSql gone = new RunSql("forget", List.of("SELECT 1"), List.of(), true);
        Change[] changes = {index("walks_a", "id"), index("walks_b", "team"), gone};
        String id = apply(address, changes);

        assertThat(run(0, address, "undo", "--step", "1").out())
                .contains("1. create index walks_a", "undone", "the other steps are as they were")
                .doesNotContain("walks_b");
        assertThat(indexes(address)).containsExactly("walks_b");
        assertThat(run(0, address, "status").out())
                .contains("taken back by itself: step 1; apply the same proposal again to make it again")
                .doesNotContain("unfinished");
        assertThat(run(2, address, "undo", "--step", "1", id).err()).contains("is taken back already");
        assertThat(run(2, address, "undo", "--step", "7", id).err()).contains("has no step 7", "steps 1 to 3");
        assertThat(run(4, address, "undo", "--step", "3", id).err())
                .contains("cannot be taken back", "No statement was given", "Nothing was changed");

        assertThat(apply(address, changes)).isEqualTo(id);
        assertThat(indexes(address)).containsExactly("walks_a", "walks_b");
        assertThat(run(0, address, "status").out()).doesNotContain("taken back");
        assertThat(run(0, address, "undo", "--step", "2", "--format", "json").out())
                .startsWith("{")
                .contains("\"number\" : 2");
    }

    @Test
    void an_unfinished_undo_of_a_step_says_how_to_go_on() throws Exception {
        ServerAddress address = database("stuck");
        RunSql stuck = new RunSql("stuck", List.of("SELECT 1"), List.of("SELECT 1 / 0"), true);
        String id = apply(address, stuck, index("walks_a", "id"));

        assertThat(run(1, address, "undo", "--step", "1").out())
                .contains("division by zero", "hone undo --step 1 " + id);
        assertThat(run(0, address, "status").out())
                .contains("undo of step 1 unfinished: run hone undo --step 1 " + id + " again")
                .doesNotContain("run hone undo again");
    }

    @Test
    void all_deployments_go_up_to_the_one_that_cannot() throws Exception {
        ServerAddress address = database("everything");
        String first = apply(address, index("walks_a", "id"));
        String second = apply(address, new RunSql("stuck", List.of("SELECT 1"), List.of("SELECT a FROM gate"), true));
        String third = apply(address, index("walks_c", "km"));

        run(2, address, "undo", "--all", "--step", "1");
        run(2, address, "undo", "--all", first);
        assertThat(indexes(address)).containsExactly("walks_a", "walks_c");
        assertThat(run(1, address, "undo", "--all").out())
                .contains(
                        "Taken back: " + third + ".",
                        "Not taken back: " + second + ", " + first + ".",
                        "relation \"gate\" does not exist");
        assertThat(indexes(address)).containsExactly("walks_a");

        Library.execute(address, "CREATE TABLE gate (a int)");
        String fourth = apply(address, new RunSql("forget", List.of("SELECT 2"), List.of(), true));
        String fifth = apply(address, index("walks_d", "team"));
        assertThat(run(0, address, "undo", "--all").out())
                .contains(
                        "Taken back: " + fifth + ", " + second + ", " + first + ".",
                        "Taken back but for what was left as it is: " + fourth + ".")
                .doesNotContain("Not taken back", "Remove the cause");
        assertThat(indexes(address)).isEmpty();
        String last = apply(address, index("walks_e", "team"));
        assertThat(run(0, address, "undo", "--all", "--format", "json").out())
                .startsWith("[")
                .contains(last);
        assertThat(indexes(address)).isEmpty();
        assertThat(run(2, address, "undo", "--all").err()).contains("no deployment to take back");
    }
}
