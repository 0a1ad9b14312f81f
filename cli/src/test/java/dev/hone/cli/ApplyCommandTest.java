package dev.hone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Json;
import dev.hone.advise.Proposal;
import dev.hone.advise.ProposalFolder;
import dev.hone.advise.Recommendation;
import dev.hone.change.AlterTable;
import dev.hone.change.Change;
import dev.hone.change.RunSql;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code hone apply} while somebody holds a lock: what it says, and when. */
class ApplyCommandTest {

    private static final String LOCK = "LOCK TABLE plain IN ACCESS EXCLUSIVE MODE";
    private static final String IRREVERSIBLE = "▲ Step 1 (cut TEXT) cannot be taken back.";

    private static LocalServer local;
    private static ServerAddress address;

    @BeforeAll
    static void start() throws Exception {
        local = LocalServer.start(Installation.embedded(), Map.of());
        address = local.address("postgres");
        Library.execute(address, "CREATE TABLE plain (id int)", "INSERT INTO plain VALUES (1)");
    }

    @AfterAll
    static void stop() {
        local.close();
    }

    /** A command that runs, and what it has printed so far. */
    private record Running(ByteArrayOutputStream out, ByteArrayOutputStream err, CompletableFuture<Integer> exitCode) {

        static Running start(Path folder, Change change, String... more) {
            Path proposal = folder.resolve("proposal");
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
                    proposal);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            ByteArrayOutputStream err = new ByteArrayOutputStream();
            Terminal terminal = new Terminal(
                    new PrintStream(out, true, StandardCharsets.UTF_8),
                    new PrintStream(err, true, StandardCharsets.UTF_8),
                    false,
                    false,
                    300);
            String[] arguments = new String[2 + more.length];
            arguments[0] = "apply";
            arguments[1] = proposal.toString();
            System.arraycopy(more, 0, arguments, 2, more.length);
            return new Running(
                    out,
                    err,
                    CompletableFuture.supplyAsync(
                            () -> Main.run(terminal, CommandLineRun.environment(address), arguments),
                            Thread::startVirtualThread));
        }

        String printed() {
            return out.toString(StandardCharsets.UTF_8);
        }

        String said() {
            return err.toString(StandardCharsets.UTF_8);
        }

        void awaitSaying(String words) throws InterruptedException {
            for (int i = 0; i < 600 && !said().contains(words) && !exitCode.isDone(); i++) {
                Thread.sleep(50);
            }
            assertThat(said()).as(printed()).contains(words);
            assertThat(exitCode).isNotDone();
        }
    }

    private static String pid(Server server) {
        return server.handle()
                .createQuery("SELECT pg_backend_pid()")
                .mapTo(String.class)
                .one();
    }

    private static Server locking() {
        Server other = Server.connect(address);
        other.handle().begin();
        other.handle().execute(LOCK);
        return other;
    }

    @ParameterizedTest
    @ValueSource(strings = {"TEXT", "JSON"})
    void what_cannot_be_taken_back_is_said_before_it_is_made_and_whom_the_step_waits_for_at_once(
            String format, @TempDir Path folder) throws Exception {
        RunSql cut = new RunSql("cut " + format, List.of("DELETE FROM plain WHERE id < 0"), List.of(), true);
        String warning = IRREVERSIBLE.replace("TEXT", format);
        Running running;
        try (Server other = locking()) {
            running = Running.start(folder, cut, "--format", format);
            running.awaitSaying("waiting for process " + pid(other));

            assertThat(format.equals("JSON") ? running.said() : running.printed())
                    .contains(warning);
            // The first that it says of the step, not what it says every ten seconds.
            assertThat(running.said().lines().filter(line -> line.startsWith(cut.title())))
                    .hasSize(2);
            other.handle().rollback();
        }
        assertThat(running.exitCode().get()).as(running.said()).isZero();
        if (format.equals("JSON")) {
            assertThat(Json.object(running.printed())).containsEntry("complete", true);
        } else {
            assertThat(running.printed())
                    .containsOnlyOnce(warning)
                    .contains("There is nothing to take back.")
                    .doesNotContain("hone undo");
        }
    }

    @Test
    void a_lock_that_keeps_a_change_from_being_judged_is_waited_for(@TempDir Path folder) throws Exception {
        AlterTable change = new AlterTable("public", "plain", Map.of("fillfactor", "80"), List.of());
        Running running;
        try (Server other = locking()) {
            running = Running.start(folder, change);
            running.awaitSaying("waiting for process " + pid(other));
            assertThat(running.printed()).contains("▲ public.plain is locked: process " + pid(other));
            CommandLineRun dry = CommandLineRun.of(
                    CommandLineRun.environment(address),
                    "apply",
                    folder.resolve("proposal").toString(),
                    "--dry-run");
            assertThat(dry.exitCode()).as(dry.out()).isZero();
            assertThat(dry.out()).contains("cannot be judged now");
            other.handle().rollback();
        }
        assertThat(running.exitCode().get()).as(running.said()).isZero();
        assertThat(running.printed()).contains("To take it back: hone undo");
    }

    @Test
    void whom_the_statement_of_an_earlier_run_waits_for_is_said_at_once(@TempDir Path folder) throws Exception {
        RunSql change = new RunSql("nothing", List.of("SELECT 1"), List.of("SELECT 1"), true);
        Running running;
        try (Server other = locking()) {
            Server earlier = Server.connect(address);
            String left = pid(earlier);
            earlier.handle()
                    .createQuery("SELECT pg_advisory_lock(" + 0x686f6e65 + ", 2)::text")
                    .mapTo(String.class)
                    .list();
            CompletableFuture<Void> statement = CompletableFuture.runAsync(
                    () -> {
                        try (earlier) {
                            earlier.handle().execute("DELETE FROM plain WHERE id < 0");
                        }
                    },
                    Thread::startVirtualThread);
            running = Running.start(folder, change);
            running.awaitSaying("; it waits for process " + pid(other));
            assertThat(running.said()).contains("Waiting for the statement of an earlier run, process " + left);
            other.handle().rollback();
            statement.get();
        }
        assertThat(running.exitCode().get()).as(running.said()).isZero();
    }
}
