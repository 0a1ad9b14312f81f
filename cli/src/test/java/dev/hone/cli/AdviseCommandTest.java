package dev.hone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Json;
import dev.hone.advise.Proposal;
import dev.hone.advise.Recommendation;
import dev.hone.change.CreateIndex;
import dev.hone.change.CreateStatistics;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Options of {@code hone advise} that have no test class of their own. */
class AdviseCommandTest {

    /** A model has one make only, so that the planner takes the two together to be rarer than they are. */
    private static final String TOGETHER = """
            -- request: services
            SELECT c.id, s.at FROM public.cars c JOIN public.service s ON s.car = c.id WHERE c.make = 7 AND c.model = 1007;
            """;

    /** Found by the search path of the application's role only. */
    private static final String UNQUALIFIED = """
            -- request: visits
            SELECT page FROM visit WHERE visitor = 42;
            """;

    private static LocalServer local;

    @BeforeAll
    static void start() {
        local = LocalServer.start(
                Installation.embedded(), Map.of("jit", "off", "max_parallel_workers_per_gather", "0"));
        try (Server server = Server.connect(local.address("postgres"))) {
            Handle h = server.handle();
            h.execute("CREATE TABLE public.cars (id int PRIMARY KEY, make int, model int)");
            h.execute("INSERT INTO public.cars SELECT i, i % 100, 1000 + i % 100 FROM generate_series(1, 200000) i");
            h.execute("CREATE TABLE public.service (id int PRIMARY KEY, car int, at int)");
            h.execute("INSERT INTO public.service SELECT i, i % 200000 + 1, i FROM generate_series(1, 200000) i");
            h.execute("CREATE INDEX ON public.service (car)");
            h.execute("CREATE ROLE \"The App\"");
            h.execute("CREATE SCHEMA \"The App\"");
            h.execute("CREATE TABLE \"The App\".visit (id int PRIMARY KEY, visitor int, page text)");
            h.execute("INSERT INTO \"The App\".visit SELECT i, i % 20000, 'p' || i FROM generate_series(1, 100000) i");
            h.execute("VACUUM ANALYZE");
        }
    }

    @AfterAll
    static void stop() {
        local.close();
    }

    private static CommandLineRun run(String... arguments) {
        return CommandLineRun.of(CommandLineRun.environment(local.address("postgres")), arguments);
    }

    private static Proposal advise(Path folder, String workload, String... more) throws Exception {
        Path file = Files.writeString(folder.resolve("workload.sql"), workload);
        List<String> arguments = new ArrayList<>(List.of("advise", "--workload", file.toString(), "--format", "json"));
        arguments.addAll(List.of(more));
        CommandLineRun run = run(arguments.toArray(String[]::new));
        assertThat(run.exitCode()).as(run.err()).isZero();
        return Json.read(run.out(), Proposal.class);
    }

    @Test
    void count_finds_a_wrong_estimate_and_without_it_nobody_counts(@TempDir Path folder) throws Exception {
        assertThat(advise(folder, TOGETHER, "--budget", "8kB", "--count").recommendations())
                .extracting(Recommendation::change)
                .hasAtLeastOneElementOfType(CreateStatistics.class);
        assertThat(advise(folder, TOGETHER, "--budget", "8kB").recommendations())
                .extracting(Recommendation::change)
                .doesNotHaveAnyElementsOfTypes(CreateStatistics.class);
    }

    @Test
    void count_is_refused_where_there_are_no_rows(@TempDir Path folder) {
        String file = folder.resolve("s.hone").toString();
        assertThat(run("snapshot", "--out", file).exitCode()).isZero();
        CommandLineRun refused = run("advise", file, "--count");
        assertThat(refused.exitCode()).isEqualTo(2);
        assertThat(refused.err()).contains("--count needs the database itself");
    }

    @Test
    void role_plans_as_the_application_does(@TempDir Path folder) throws Exception {
        Proposal own = advise(folder, UNQUALIFIED);
        assertThat(own.recommendations())
                .extracting(Recommendation::change)
                .doesNotHaveAnyElementsOfTypes(CreateIndex.class);
        assertThat(own.notes()).anyMatch(note -> note.startsWith("Not planned"));
        assertThat(advise(folder, UNQUALIFIED, "--role", "The App").recommendations())
                .extracting(Recommendation::change)
                .filteredOn(CreateIndex.class::isInstance)
                .singleElement()
                .isInstanceOfSatisfying(CreateIndex.class, index -> {
                    assertThat(index.schema()).isEqualTo("The App");
                    assertThat(index.keys()).containsExactly("\"visitor\"");
                });
    }
}
