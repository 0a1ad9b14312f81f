package dev.hone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** install, trigger, leaderboard, apply, refresh, undo, uninstall: the way as somebody walks it. */
class UpkeepCommandsTest {

    private static LocalServer local;

    @BeforeAll
    static void start() {
        local = LocalServer.start(Installation.embedded(), Map.of());
    }

    @AfterAll
    static void stop() {
        local.close();
    }

    private static CommandLineRun fine(Map<String, String> environment, String... arguments) {
        CommandLineRun run = CommandLineRun.of(environment, arguments);
        assertThat(run.exitCode()).as(run.out() + run.err()).isZero();
        return run;
    }

    private static ServerAddress database(String name) throws Exception {
        Library.execute(local.address("postgres"), "CREATE DATABASE " + name);
        ServerAddress address = local.address(name);
        Library.execute(
                address,
                "CREATE TABLE walks (id int PRIMARY KEY, team int, km int)",
                "INSERT INTO walks SELECT g, g % 3, g FROM generate_series(1, 30) g",
                "CREATE TABLE totals (team int PRIMARY KEY, km bigint)");
        return address;
    }

    private static final String TOTALS =
            "INSERT INTO totals SELECT team, sum(km) FROM walks JOIN dirty USING (team) GROUP BY team"
                    + " ON CONFLICT (team) DO UPDATE SET km = excluded.km";
    private static final String WRONG =
            "SELECT team::text FROM (SELECT team, sum(km) AS km FROM walks GROUP BY team) w FULL JOIN totals USING (team, km)"
                    + " WHERE w.team IS NULL OR totals.team IS NULL";

    /** The command that keeps totals up to date with walks, at once. */
    private static String[] trigger(String out) {
        return ("trigger --table walks --columns km --key team --name totals --min-interval 0s --out " + out + " --run "
                        + TOTALS)
                .split(" ", 15);
    }

    @Test
    void the_whole_way_and_back(@TempDir Path folder) throws Exception {
        ServerAddress address = database("way");
        Map<String, String> environment = CommandLineRun.environment(address);
        String triggers = folder.resolve("triggers").toString();
        String[] trigger = trigger(triggers);
        CommandLineRun early = CommandLineRun.of(environment, trigger);
        assertThat(early.exitCode()).isEqualTo(4);
        assertThat(early.err()).contains("hone install");

        assertThat(fine(environment, "install").out()).contains("is installed");
        assertThat(fine(environment, "install").out()).contains("up to date");
        fine(environment, trigger);
        assertThat(Files.readString(
                        folder.resolve("triggers/sql/001-create-queue-and-functions-of-public-totals.undo.sql")))
                .contains("DROP TABLE IF EXISTS \"public\".\"totals_dirty\"");
        fine(environment, "apply", triggers);
        assertThat(fine(environment, "refresh", "--once").out()).contains("public.totals: 3 changes in ");
        assertThat(fine(environment, "refresh", "--once").out()).contains("Nothing is due");
        assertThat(Library.ask(address, WRONG)).isEmpty();

        Library.execute(
                address,
                "CREATE ROLE clerk",
                "ALTER TABLE totals OWNER TO clerk",
                "UPDATE walks SET km = km + 1",
                "UPDATE walks SET km = km - 1");
        CommandLineRun refused = CommandLineRun.of(environment, "refresh", "--once");
        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.out())
                .contains("public.totals: not refreshed: ", "table public.totals belongs to role clerk", "--trust");
        assertThat(fine(environment, "refresh", "--once", "--trust", "clerk").out())
                .contains("public.totals: ");
        assertThat(Library.ask(address, WRONG)).isEmpty();

        String ranks = folder.resolve("ranks").toString();
        fine(environment, "leaderboard", "--table", "public.walks", "--score", "km", "--out", ranks);
        fine(environment, "apply", ranks);
        assertThat(Library.ask(address, "SELECT walks_km_rank(28)::text")).containsExactly("3");

        CommandLineRun used = CommandLineRun.of(environment, "uninstall");
        assertThat(used.exitCode()).isEqualTo(4);
        assertThat(used.err()).contains("public.totals").contains("hone undo");
        fine(environment, "undo");
        fine(environment, "undo");
        assertThat(fine(environment, "uninstall", "--dry-run").out()).contains("stays: the journal");
        assertThat(CommandLineRun.of(environment, "uninstall", "--force").exitCode())
                .isEqualTo(2);
        assertThat(fine(environment, "uninstall", "--with-journal").out())
                .contains("goes:  the journal")
                .contains("Removed.");
        assertThat(Library.ask(address, "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'perf%'"))
                .isEmpty();
    }

    @Test
    void usage_is_checked() throws Exception {
        Map<String, String> environment = CommandLineRun.environment(database("usage"));
        assertThat(CommandLineRun.of(environment, "trigger", "--table", "walks", "--columns", "km")
                        .exitCode())
                .isEqualTo(2);
        assertThat(CommandLineRun.of(environment, "refresh", "--poll", "0s").exitCode())
                .isEqualTo(2);
        assertThat(CommandLineRun.of(environment, "refresh", "--once").exitCode())
                .isEqualTo(4);
        fine(environment, "install", "--grant-to", "pg_monitor");
        CommandLineRun column = CommandLineRun.of(environment, "leaderboard", "--table", "walks", "--score", "nothing");
        assertThat(column.exitCode()).isEqualTo(2);
        assertThat(column.err()).contains("has no column \"nothing\"").contains("id, team, km");
    }

    @Test
    void a_worker_that_is_killed_in_its_work_loses_nothing(@TempDir Path folder) throws Exception {
        ServerAddress address = database("killed");
        Map<String, String> environment = CommandLineRun.environment(address);
        String triggers = folder.resolve("triggers").toString();
        fine(environment, "install");
        fine(environment, trigger(triggers));
        fine(environment, "apply", triggers);
        try (Server blocker = Server.connect(address)) {
            blocker.handle().begin();
            blocker.handle().execute("LOCK TABLE totals IN ACCESS EXCLUSIVE MODE");
            ChildHone child = ChildHone.start(folder, environment, "refresh", "--poll", "100ms");
            String waiting =
                    "SELECT pid::text FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%refresh_now%'";
            for (int i = 0; i < 1200 && Library.ask(address, waiting).isEmpty(); i++) {
                assertThat(child.process().isAlive())
                        .as(() -> child + " ended before it was killed")
                        .isTrue();
                Thread.sleep(50);
            }
            assertThat(Library.ask(address, waiting)).hasSize(1);
            child.process().destroyForcibly();
            assertThat(child.end().exitCode()).isEqualTo(128 + 9);
            // Its session works on or is ended by the server; either way all of it happens or nothing.
            Library.ask(
                    address,
                    "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity WHERE query LIKE '%refresh_now%' AND pid <> pg_backend_pid()");
            blocker.handle().rollback();
        }
        for (int i = 0; i < 1200 && !Library.ask(address, WRONG).isEmpty(); i++) {
            fine(environment, "refresh", "--once");
            Thread.sleep(20);
        }
        assertThat(Library.ask(address, WRONG)).isEmpty();
        assertThat(Library.ask(address, "SELECT k_1::text FROM totals_dirty WHERE spent_ms IS NULL"))
                .isEmpty();
    }
}
