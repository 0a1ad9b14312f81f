package dev.hone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Json;
import dev.hone.advise.Proposal;
import dev.hone.advise.Recommendation;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code hone advise --verify} from the command line. */
class VerifyCommandTest {

    private static final String WORKLOAD = """
            -- request: user
            -- weight: 10
            -- sample user: SELECT DISTINCT user_id FROM public.bets ORDER BY 1 LIMIT 5
            SELECT sum(stake) FROM public.bets WHERE user_id = :user;
            """;

    private static LocalServer local;

    @BeforeAll
    static void start() {
        local = LocalServer.start(Installation.embedded(), Map.of("jit", "off"));
        try (Server server = Server.connect(local.address("postgres"))) {
            Handle h = server.handle();
            h.execute("CREATE TABLE public.bets (id int PRIMARY KEY, user_id int NOT NULL, stake int NOT NULL)");
            h.execute("INSERT INTO public.bets SELECT i, i % 9000, i % 100 FROM generate_series(1, 150000) i");
            h.execute("VACUUM ANALYZE public.bets");
        }
    }

    @AfterAll
    static void stop() {
        local.close();
    }

    private static CommandLineRun run(Path folder, String... more) throws Exception {
        Path workload = Files.writeString(folder.resolve("workload.sql"), WORKLOAD);
        String[] arguments = new String[more.length + 4];
        arguments[0] = "advise";
        arguments[1] = "postgres:///";
        arguments[2] = "--workload";
        arguments[3] = workload.toString();
        System.arraycopy(more, 0, arguments, 4, more.length);
        return CommandLineRun.of(CommandLineRun.environment(local.address("postgres")), arguments);
    }

    @Test
    void what_was_measured_is_shown_and_looks_different_from_what_was_estimated(@TempDir Path folder) throws Exception {
        CommandLineRun text = run(folder, "--verify", "--verify-time", "20s");
        assertThat(text.exitCode()).as(text.out() + text.err()).isZero();
        assertThat(text.out())
                .contains("✔ verified: measured", "Measured at a copy on this machine", "measured (95 %)", "faster");
        CommandLineRun again = run(folder, "--format", "json", "--verify", "--verify-time", "20s");
        Proposal proposal = Json.read(again.out(), Proposal.class);
        // The counters may also ask for an ANALYZE: the server tells of the rows of the set-up when it likes.
        assertThat(proposal.recommendations())
                .filteredOn(one -> one.change() instanceof CreateIndex)
                .singleElement()
                .matches(Recommendation::verified);
        assertThat(proposal.notes()).anyMatch(note -> note.startsWith("Verified at a copy on this machine"));
    }

    @Test
    void the_database_itself_is_refused_as_staging_copy_and_stays_as_it_is(@TempDir Path folder) throws Exception {
        CommandLineRun refused = run(folder, "--verify-on", "postgres:///");
        assertThat(refused.exitCode()).isEqualTo(4);
        assertThat(refused.err()).contains("is the database itself", "Nothing was built");
        try (Server server = Server.connect(local.address("postgres"))) {
            assertThat(server.handle()
                            .createQuery("SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'")
                            .mapTo(Integer.class)
                            .one())
                    .isEqualTo(1);
        }
    }
}
