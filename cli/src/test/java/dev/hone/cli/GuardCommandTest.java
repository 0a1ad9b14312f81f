package dev.hone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Json;
import dev.hone.advise.Proposal;
import dev.hone.advise.ProposalFolder;
import dev.hone.advise.Recommendation;
import dev.hone.change.RunSql;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code hone apply --guard} from the command line, on a server with traffic. */
class GuardCommandTest {

    private static final String[] QUICK = {"--guard-window", "200ms", "--guard-before", "1200ms"};

    private static LocalServer local;
    private static ServerAddress address;
    private static Map<String, String> environment;
    private static Thread traffic;
    private static final AtomicBoolean ENDED = new AtomicBoolean();

    @BeforeAll
    static void start() {
        local = LocalServer.start(
                Installation.embedded(), Map.of("shared_preload_libraries", "pg_stat_statements", "jit", "off"));
        address = local.address("postgres");
        environment = CommandLineRun.environment(address);
        try (Server server = Server.connect(address)) {
            server.handle().execute("CREATE EXTENSION pg_stat_statements");
            for (String table : List.of("effort", "other")) {
                server.handle().execute("CREATE TABLE " + table + " (n int)");
                server.handle().execute("INSERT INTO " + table + " VALUES (4000)");
            }
        }
        traffic = Thread.startVirtualThread(() -> {
            try (Server server = Server.connect(address)) {
                Handle handle = server.handle();
                while (!ENDED.get()) {
                    for (String table : List.of("effort", "other")) {
                        handle.createQuery(
                                        "SELECT count(*) FROM generate_series(1, (SELECT n FROM " + table + ")) AS g")
                                .mapTo(Long.class)
                                .one();
                    }
                }
            }
        });
    }

    @AfterAll
    static void stop() throws Exception {
        ENDED.set(true);
        traffic.join();
        local.close();
    }

    private static Path proposal(Path folder, String title, String sql, String undo) {
        Path written = folder.resolve("proposal");
        RunSql change = new RunSql(title, List.of(sql), List.of(undo), true);
        ProposalFolder.write(
                new Proposal(
                        Proposal.FORMAT,
                        Instant.EPOCH,
                        "postgres",
                        address.toString(),
                        "by hand",
                        0,
                        0,
                        List.of(new Recommendation(change, "a test", 0, List.of(), List.of())),
                        List.of()),
                written);
        return written;
    }

    private static CommandLineRun apply(Path proposal, String... more) {
        String[] arguments = new String[2 + more.length + QUICK.length];
        arguments[0] = "apply";
        arguments[1] = proposal.toString();
        System.arraycopy(QUICK, 0, arguments, 2, QUICK.length);
        System.arraycopy(more, 0, arguments, 2 + QUICK.length, more.length);
        return CommandLineRun.of(environment, arguments);
    }

    private static void run(String statement) {
        try (Server server = Server.connect(address)) {
            server.handle().execute(statement);
        }
    }

    private static String comment() {
        try (Server server = Server.connect(address)) {
            return server.handle()
                    .createQuery("SELECT obj_description('effort'::regclass, 'pg_class')")
                    .mapTo(String.class)
                    .findOne()
                    .orElse(null);
        }
    }

    @Test
    void a_guard_that_was_killed_is_gone_on_with_and_takes_back_what_slows_down(@TempDir Path folder) throws Exception {
        // Harmless at first, so that the guard does not judge before it is killed.
        Path proposal =
                proposal(folder, "comment", "COMMENT ON TABLE effort IS 'killed'", "COMMENT ON TABLE effort IS NULL");
        ChildHone child = ChildHone.start(
                folder,
                environment,
                "apply",
                proposal.toString(),
                "--guard",
                QUICK[0],
                QUICK[1],
                QUICK[2],
                QUICK[3],
                "--guard-time",
                "10m");
        while (!CommandLineRun.of(environment, "status").out().contains("not guarded to the end")) {
            assertThat(child.process().isAlive()).as(() -> child + " ended").isTrue();
            Thread.sleep(50);
        }
        child.process().destroyForcibly();
        assertThat(child.end().out()).as("said before it was made").contains("✔ The server is a primary");
        run("UPDATE effort SET n = 12000");

        CommandLineRun resumed = apply(proposal, "--guard", "--guard-time", "3s");

        assertThat(resumed.exitCode()).as(resumed.out() + resumed.err()).isEqualTo(1);
        assertThat(resumed.out())
                .contains("after ÷ before", "✖ too slow", "control")
                .contains("✖ taken back")
                .contains("the limit is 1.20×");
        run("UPDATE effort SET n = 4000");
        assertThat(comment()).isNull();
        CommandLineRun status = CommandLineRun.of(environment, "status");
        assertThat(status.out()).contains("guarded: taken back", "guard: taken back");
        assertThat(CommandLineRun.of(environment, "status", "--format", "json").out())
                .contains("\"ROLLED_BACK\"")
                .doesNotContain("windowMillis");
    }

    @Test
    void what_changes_nothing_stays_and_a_program_reads_why(@TempDir Path folder) {
        Path proposal =
                proposal(folder, "another comment", "COMMENT ON TABLE other IS 'x'", "COMMENT ON TABLE other IS NULL");

        CommandLineRun run = apply(
                proposal,
                "--guard",
                "--guard-time",
                "1s",
                "--format",
                "json",
                "--max-active",
                "500",
                "--free-disk",
                "1GB");

        assertThat(run.exitCode()).as(run.out() + run.err()).isZero();
        Map<String, Object> result = Json.object(run.out());
        assertThat(result.get("undo")).isNull();
        assertThat(run.out())
                .containsPattern("\"verdict\" : \"(kept|inconclusive)\"")
                .contains("\"role\" : \"CONTROL\"");
    }

    @Test
    void options_that_make_no_sense_together_are_refused(@TempDir Path folder) {
        Path proposal = proposal(folder, "x", "SELECT 1", "SELECT 1");
        refused(proposal, "Add --guard", "--guard-time", "1s");
        refused(proposal, "Add --probe", "--guard", "--probe-rate", "5");
        refused(proposal, "Add --latency URL", "--guard", "--latency-query", "p95=x");
        refused(proposal, "no size and no time", "--max-replica-lag", "500");
        refused(proposal, "at least 1", "--max-active", "0");
        refused(proposal, "at least 4 windows", "--guard", "--guard-time", "100ms");
        refused(proposal, "is no address", "--guard", "--latency", "ftp://x");
    }

    private static void refused(Path proposal, String why, String... more) {
        CommandLineRun run = CommandLineRun.of(
                environment,
                Stream.concat(Stream.of("apply", proposal.toString()), Stream.of(more))
                        .toArray(String[]::new));
        assertThat(run.exitCode()).as(run.err()).isEqualTo(2);
        assertThat(run.err()).contains(why);
    }
}
