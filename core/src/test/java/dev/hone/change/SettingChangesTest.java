package dev.hone.change;

import static dev.hone.change.Bench.ofKind;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.HoneException;
import dev.hone.Json;
import dev.hone.postgres.Installed;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Secret;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class SettingChangesTest {

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
        return Bench.on(local, "CREATE TABLE plain (a int)");
    }

    @Test
    void a_setting_of_the_server_takes_effect_and_undo_restores_the_earlier_one() {
        Bench bench = bench();
        bench.run("ALTER SYSTEM SET work_mem = '5MB'", "SELECT pg_reload_conf()");
        State before = State.of(bench);

        DeploymentResult applied = bench.apply(
                AlterSetting.ofSystem("work_mem", "12MB"), AlterSetting.ofSystem("Random_Page_Cost", "1.1"));

        assertThat(applied.complete()).as(applied.toString()).isTrue();
        assertThat(applied.steps()).extracting(DeploymentResult.Step::detail).containsOnly("in effect");
        assertThat(bench.ask("SELECT current_setting('work_mem')")).isEqualTo("12MB");
        assertThat(bench.ask("SELECT current_setting('random_page_cost')")).isEqualTo("1.1");

        assertThat(bench.undo().complete()).isTrue();
        assertThat(State.of(bench).since(before)).isEmpty();
        assertThat(bench.ask("SELECT current_setting('work_mem')")).isEqualTo("5MB");
        assertThat(bench.ask("SELECT current_setting('random_page_cost')")).isEqualTo("4");
        bench.run("ALTER SYSTEM RESET work_mem", "SELECT pg_reload_conf()");
    }

    @Test
    void a_setting_that_needs_a_restart_says_so_and_a_list_keeps_its_names() throws Exception {
        try (LocalServer own = LocalServer.start(Installed.chosen(), Map.of())) {
            Bench bench = Bench.on(own);
            State before = State.of(bench);

            DeploymentResult applied = bench.apply(
                    AlterSetting.ofSystem("shared_preload_libraries", "auto_explain, \"pg_stat_statements\""),
                    AlterSetting.ofSystem("max_connections", "55"));

            assertThat(applied.complete()).as(applied.toString()).isTrue();
            assertThat(applied.steps())
                    .extracting(DeploymentResult.Step::detail)
                    .allMatch(detail -> detail.contains("when the server is restarted; until then it is"));
            own.stop(LocalServer.StopMode.FAST);
            own.start();
            assertThat(bench.ask("SELECT current_setting('max_connections')")).isEqualTo("55");
            assertThat(bench.ask("SELECT current_setting('shared_preload_libraries')"))
                    .isEqualTo("auto_explain, pg_stat_statements");
            assertThat(bench.undo().complete()).isTrue();
            assertThat(State.of(bench).since(before)).isEmpty();
        }
    }

    @Test
    void settings_of_databases_and_roles_are_set_and_restored() {
        Bench bench = bench();
        String database = String.valueOf(bench.address().database());
        bench.run(
                "DROP ROLE IF EXISTS \"Odd \"\"R\"",
                "CREATE ROLE \"Odd \"\"R\"",
                "ALTER DATABASE " + database + " SET work_mem = '6MB'");
        State before = State.of(bench);

        DeploymentResult applied = bench.apply(
                AlterSetting.ofDatabase(database, "work_mem", "7MB"),
                AlterSetting.ofDatabase(database, "search_path", "\"$user\", \"Odd, one\", public"),
                AlterSetting.ofRole("Odd \"R", "statement_timeout", "30s"),
                AlterSetting.ofRoleInDatabase("Odd \"R", database, "my.own", "it's"),
                AlterSetting.ofDatabase(database, "random_page_cost", "1.5"));

        assertThat(applied.complete()).as(applied.toString()).isTrue();
        assertThat(bench.ask("SELECT current_setting('work_mem')")).isEqualTo("7MB");
        assertThat(bench.ask("SELECT current_setting('search_path')")).isEqualTo("\"$user\", \"Odd, one\", public");
        assertThat(bench.ask("SELECT setconfig::text FROM pg_db_role_setting WHERE setrole <> 0 AND setdatabase <> 0"))
                .isEqualTo("{my.own=it's}");
        assertThat(bench.undo().complete()).isTrue();
        assertThat(State.of(bench).since(before)).isEmpty();
        bench.run("DROP ROLE \"Odd \"\"R\"");
    }

    @Test
    void taking_a_value_away_is_undone_and_what_somebody_set_since_is_kept() {
        Bench bench = bench();
        String database = String.valueOf(bench.address().database());
        bench.run("ALTER DATABASE " + database + " SET work_mem = '6MB'");
        State before = State.of(bench);
        AlterSetting reset = AlterSetting.ofDatabase(database, "work_mem", null);

        assertThat(bench.apply(reset).complete()).isTrue();
        assertThat(bench.ask(
                        "SELECT setconfig::text FROM pg_db_role_setting s JOIN pg_database d ON d.oid = setdatabase AND datname = '"
                                + database + "'"))
                .isNull();
        assertThat(bench.undo().complete()).isTrue();
        assertThat(State.of(bench).since(before)).isEmpty();

        assertThat(bench.apply(AlterSetting.ofDatabase(database, "work_mem", "8MB"))
                        .complete())
                .isTrue();
        bench.run("ALTER DATABASE " + database + " SET work_mem = '9MB'");
        DeploymentResult undone = bench.undo();
        assertThat(undone.steps().getFirst().state()).isEqualTo(StepState.KEPT);
        assertThat(undone.steps().getFirst().detail()).contains("work_mem is 9MB");
    }

    @Test
    void a_value_that_cannot_be_is_refused_before_anything_is_changed() {
        Bench bench = bench();
        String database = String.valueOf(bench.address().database());
        State before = State.of(bench);
        Map<Change, String> refused = new LinkedHashMap<>();
        refused.put(AlterSetting.ofSystem("work_mem", "much"), "not a number");
        refused.put(AlterSetting.ofSystem("work_mem", "1kB"), "outside of 64 to");
        refused.put(AlterSetting.ofSystem("work_mem", "5min"), "not a unit");
        refused.put(AlterSetting.ofSystem("wal_level", "some"), "none of minimal, replica, logical");
        refused.put(AlterSetting.ofSystem("fsync", "perhaps"), "neither on nor off");
        refused.put(AlterSetting.ofSystem("no_such", "1"), "knows no setting");
        refused.put(AlterSetting.ofSystem("block_size", "16384"), "cannot be set at all");
        refused.put(AlterSetting.ofDatabase(database, "work_mem", "much"), "invalid value");
        refused.put(AlterSetting.ofDatabase(database, "shared_buffers", "1GB"), "without restarting");
        refused.put(AlterSetting.ofDatabase("nowhere", "work_mem", "7MB"), "does not exist");
        refused.put(AlterSetting.ofRole("nobody", "work_mem", "7MB"), "does not exist");
        refused.forEach((change, why) -> assertThatThrownBy(
                        () -> bench.apply(AlterSetting.ofDatabase(database, "work_mem", "7MB"), change))
                .as(change.title())
                .satisfies(ofKind(HoneException.Kind.REFUSED))
                .hasMessageContaining(why));
        assertThat(State.of(bench).since(before)).isEmpty();
    }

    @Test
    void a_role_without_the_privilege_is_told_what_to_grant() {
        assumeTrue(Installed.chosenIsAtLeast(15), "before PostgreSQL 15 only a superuser may");
        Bench bench = bench();
        bench.run("DROP ROLE IF EXISTS tuner", "CREATE ROLE tuner LOGIN PASSWORD 'open sesame'");
        bench.run("GRANT CREATE ON DATABASE " + bench.address().database() + " TO tuner");
        Bench tuner = new Bench(bench.address().withUser("tuner", new Secret("open sesame")));
        AlterSetting change = AlterSetting.ofSystem("work_mem", "12MB");

        for (String needed : List.of(
                "GRANT ALTER SYSTEM ON PARAMETER work_mem TO tuner",
                "GRANT EXECUTE ON FUNCTION pg_reload_conf() TO tuner",
                "GRANT SELECT ON pg_file_settings TO tuner; GRANT EXECUTE ON FUNCTION pg_show_all_file_settings() TO tuner")) {
            assertThatThrownBy(() -> tuner.apply(change))
                    .extracting(e -> ((HoneException) e).advice() + e.getMessage())
                    .asString()
                    .contains("may not alter")
                    .contains(needed);
            bench.run(needed.split("; "));
        }
        assertThat(tuner.apply(change).complete()).isTrue();
        assertThat(tuner.undo().complete()).isTrue();
        assertThatThrownBy(() -> tuner.apply(AlterSetting.ofDatabase("postgres", "work_mem", "12MB")))
                .hasMessageContaining("must be owner");
        bench.run("DROP OWNED BY tuner", "DROP ROLE tuner");
    }

    @Test
    void they_come_and_go_as_json_and_need_what_their_scope_names() {
        AlterSetting change = AlterSetting.ofRoleInDatabase("r", "d", "work_mem", null);
        String json = Json.MAPPER.writerFor(Change.class).writeValueAsString(change);
        assertThat(Json.read(json, Change.class)).isEqualTo(change);
        assertThatThrownBy(() -> new AlterSetting(AlterSetting.Scope.ROLE, null, null, "work_mem", "1MB"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> AlterSetting.ofSystem("work_mem = '1'; DROP TABLE x", "1"))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
