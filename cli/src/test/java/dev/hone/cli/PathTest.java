package dev.hone.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.HoneException;
import dev.hone.Json;
import dev.hone.Progress;
import dev.hone.advise.Proposal;
import dev.hone.advise.ProposalFolder;
import dev.hone.advise.Recommendation;
import dev.hone.change.CatalogDiff;
import dev.hone.change.CreateIndex;
import dev.hone.change.DropIndex;
import dev.hone.postgres.Catalog;
import dev.hone.postgres.Installation;
import dev.hone.postgres.ServerAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The way from slow to fast and back, command by command, on a database that Hone does not know. */
class PathTest {

    private static final Pattern INDEX_NAME = Pattern.compile("\"Index Name\": \"((?:[^\"\\\\]|\\\\.)*)\"");

    /** The workload's requests with values that are there. */
    private static final List<String> REQUESTS = List.of(
            "SELECT id, copy, lent, due FROM lending.loan"
                    + " WHERE member = (md5('680'))::uuid AND state = 'out' ORDER BY due",
            "SELECT \"Id\", name, \"Größe in mm\" FROM \"Catalogue\".\"Title\" WHERE \"Author Id\" = 17"
                    + " ORDER BY name LIMIT 20",
            "SELECT id, mark FROM lending.copy WHERE title = 4711 AND NOT returned",
            "SELECT \"a \"\"quoted\"\" column\" FROM \"weird \"\" schema\"."
                    + "\"a table whose name is exactly sixty-three bytes long, so it is!\""
                    + " WHERE \"select id; drop table x; --\" = 42");

    private static Library on18;
    private static @Nullable Library on15;

    @BeforeAll
    static void start() throws Exception {
        on18 = Library.start(Installation.embedded(), Map.of("shared_preload_libraries", "pg_stat_statements"));
        Optional<Installation> debian = Installation.local(15);
        if (debian.isPresent()) {
            on15 = Library.start(debian.get(), Map.of());
        }
    }

    @AfterAll
    static void stop() {
        on18.close();
        if (on15 != null) {
            on15.close();
        }
    }

    private static Library library(int major) {
        if (major == Installation.EMBEDDED_MAJOR) {
            return on18;
        }
        assumeTrue(on15 != null || "true".equals(System.getenv("HONE_REQUIRE_REAL")), "no PostgreSQL 15 here");
        return on15;
    }

    private static CommandLineRun succeed(Map<String, String> environment, String... arguments) {
        CommandLineRun run = CommandLineRun.of(environment, arguments);
        assertThat(run.exitCode())
                .as(() -> String.join(" ", arguments) + "\n" + run.out() + run.err())
                .isZero();
        return run;
    }

    /** What the command printed, read as one JSON document. */
    private static <T> T json(Class<T> type, Map<String, String> environment, String... arguments) {
        String[] all = java.util.Arrays.copyOf(arguments, arguments.length + 2);
        all[arguments.length] = "--format";
        all[arguments.length + 1] = "json";
        return Json.read(succeed(environment, all).out(), type);
    }

    private static List<String> states(Object deployment) {
        return ((List<?>) ((Map<?, ?>) deployment).get("steps"))
                .stream()
                        .map(step -> String.valueOf(((Map<?, ?>) step).get("state")))
                        .toList();
    }

    private static boolean journalled(ServerAddress address) {
        return Library.ask(address, "SELECT to_regclass('performance_monitoring.optimization_log')::text").stream()
                .anyMatch(name -> name != null);
    }

    @ParameterizedTest
    @ValueSource(ints = {18, 15})
    void the_same_path_command_by_command(int major, @TempDir Path folder) throws Exception {
        ServerAddress address = library(major).copy("path");
        Map<String, String> environment = CommandLineRun.environment(address);
        String url = "postgres:///";
        String proposal = folder.resolve("Propo sal").toString();
        Catalog before = Library.catalog(address);

        assertThat(succeed(environment, "check", url).out()).contains("Duplicate index", "\"Copy Mark again\"");
        assertThat(json(Map.class, environment, "check", url).get("findings")).isNotNull();

        CommandLineRun advised = succeed(
                environment,
                "advise",
                url,
                "--workload",
                Library.workload(folder).toString(),
                "--out",
                proposal);
        Proposal written = ProposalFolder.read(Path.of(proposal));
        assertThat(written.recommendations().stream().map(Recommendation::change))
                .anySatisfy(change -> assertThat(change).isInstanceOf(DropIndex.class));
        assertThat(written.recommendations().stream().map(Recommendation::change))
                .anySatisfy(change -> assertThat(change).isInstanceOf(CreateIndex.class));
        assertThat(written.costAfter()).isLessThan(written.costBefore());
        assertThat(advised.out()).contains("Nothing was changed");

        assertThat(succeed(environment, "apply", proposal, "--dry-run").out())
                .contains("DROP INDEX CONCURRENTLY", "Nothing was changed");
        assertThat((List<?>) json(Map.class, environment, "apply", proposal, "--dry-run")
                        .get("steps"))
                .hasSameSizeAs(written.recommendations());
        assertThat(CatalogDiff.between(before, Library.catalog(address))).isEmpty();
        assertThat(journalled(address)).as("a dry run keeps no journal").isFalse();
        assertThat(succeed(environment, "status", url).out()).contains("changed nothing");

        Map<?, ?> applied = json(Map.class, environment, "apply", proposal);
        assertThat(applied.get("complete")).isEqualTo(true);
        assertThat(states(applied)).containsOnly("APPLIED").hasSameSizeAs(written.recommendations());
        assertThat(Library.ask(
                        address,
                        "SELECT i::text FROM (SELECT count(*) i FROM pg_index WHERE NOT indisvalid) x WHERE i > 0"))
                .isEmpty();
        assertThat(CatalogDiff.between(before, Library.catalog(address)))
                .as("what was changed")
                .hasSizeGreaterThanOrEqualTo(written.recommendations().size());

        CommandLineRun again = succeed(environment, "apply", proposal);
        assertThat(again.out()).contains("already").doesNotContain("  applied");

        assertThat(succeed(environment, "status", proposal).out()).contains("applied", "already");
        List<?> deployments = json(List.class, environment, "status", url);
        assertThat(deployments).hasSize(2);
        assertThat(states(deployments.getFirst())).containsOnly("APPLIED");
        assertThat(states(deployments.getLast())).containsOnly("ALREADY");

        // Without a name it is the first deployment: of the second there is nothing to take back.
        Map<?, ?> undone = json(Map.class, environment, "undo", proposal);
        assertThat(undone.get("complete")).isEqualTo(true);
        assertThat(undone.get("deployment")).isEqualTo(((Map<?, ?>) deployments.getFirst()).get("id"));

        assertThat(CatalogDiff.between(before, Library.catalog(address))).isEmpty();
        List<?> kept = json(List.class, environment, "status", url);
        assertThat(kept).hasSize(2);
        assertThat(states(kept.getFirst())).containsOnly("UNDONE").hasSameSizeAs(written.recommendations());
    }

    @Test
    void recommended_indexes_are_used_and_the_queries_take_less_time(@TempDir Path folder) throws Exception {
        ServerAddress address = on18.copy("measured");
        Map<String, String> environment = CommandLineRun.environment(address);
        String workload = Library.workload(folder).toString();
        String slow = folder.resolve("slow.json").toString();
        String fast = folder.resolve("fast.json").toString();
        String proposal = folder.resolve("proposal").toString();
        String[] bench = {"bench", workload, "--connections", "2", "--warm-up", "500ms", "--duration", "3s", "--out"};

        succeed(environment, with(bench, slow));
        Set<String> old = indexes(address);
        succeed(environment, "advise", "--workload", workload, "--out", proposal);
        succeed(environment, "apply", proposal);
        Set<String> created = indexes(address);
        created.removeAll(old);
        for (String request : REQUESTS) {
            assertThat(used(address, request)).as(request).isNotEmpty().allMatch(created::contains);
        }
        succeed(environment, with(bench, fast));

        Map<?, ?> comparison = json(Map.class, environment, "compare", slow, fast);
        List<?> rows = (List<?>) comparison.get("requests");
        assertThat(rows).hasSize(REQUESTS.size());
        for (Object row : rows) {
            Map<?, ?> median = (Map<?, ?>) ((List<?>) ((Map<?, ?>) row).get("figures")).getFirst();
            assertThat(median.get("metric")).isEqualTo("p50");
            assertThat(median.get("difference")).as(row.toString()).isEqualTo("faster");
        }
    }

    private static String[] with(String[] arguments, String last) {
        String[] all = java.util.Arrays.copyOf(arguments, arguments.length + 1);
        all[arguments.length] = last;
        return all;
    }

    private static Set<String> indexes(ServerAddress address) {
        return new HashSet<>(Library.ask(address, "SELECT relname::text FROM pg_class WHERE relkind = 'i'"));
    }

    /** The indexes that the server's own plan of a statement reads. */
    private static Set<String> used(ServerAddress address, String sql) {
        Set<String> names = new HashSet<>();
        String plan = Library.ask(address, "EXPLAIN (FORMAT JSON) " + sql).getFirst();
        INDEX_NAME.matcher(plan).results().forEach(found -> names.add(found.group(1)));
        return names;
    }

    @Test
    void status_and_undo_find_the_database_by_themselves(@TempDir Path folder) throws Exception {
        ServerAddress address = on18.copy("found");
        Map<String, String> environment = CommandLineRun.environment(address);
        Catalog before = Library.catalog(address);
        String proposal = folder.resolve("proposal").toString();
        succeed(environment, "advise", "--workload", Library.workload(folder).toString(), "--out", proposal);
        assertThat(ProposalFolder.read(Path.of(proposal)).address()).doesNotContain(environment.get("PGPASSWORD"));

        // All that leads to the database is the proposal, and the password.
        Map<String, String> password = Map.of("PGPASSWORD", environment.get("PGPASSWORD"));
        assertThat(succeed(password, "apply", proposal).out()).contains("applied");
        CommandLineRun status = ChildHone.run(folder, password, "status");
        assertThat(status.exitCode()).as(status.err()).isZero();
        assertThat(status.out()).contains("applied");
        CommandLineRun undone = ChildHone.run(folder, password, "undo");
        assertThat(undone.exitCode()).as(undone.err()).isZero();
        assertThat(CatalogDiff.between(before, Library.catalog(address))).isEmpty();

        assertThat(succeed(environment, "apply", proposal).out()).contains("applied");
        assertThat(succeed(environment, "status").out()).contains("applied", "undone");
        assertThat(succeed(environment, "undo").out()).contains("is taken back");
        assertThat(CatalogDiff.between(before, Library.catalog(address))).isEmpty();
    }

    @Test
    void advice_comes_from_pg_stat_statements(@TempDir Path folder) throws Exception {
        ServerAddress address = on18.copy("counted");
        Map<String, String> environment = CommandLineRun.environment(address);

        CommandLineRun uncreated = succeed(environment, "advise");
        assertThat(uncreated.out()).contains("CREATE EXTENSION pg_stat_statements;", "--workload FILE");

        Library.execute(address, "CREATE EXTENSION pg_stat_statements");
        String workload = Library.workload(folder).toString();
        succeed(environment, "bench", workload, "--connections", "2", "--warm-up", "0s", "--duration", "1s");
        CommandLineRun advised =
                succeed(environment, "advise", "--out", folder.resolve("p").toString());
        assertThat(ProposalFolder.read(folder.resolve("p")).recommendations().stream()
                        .map(Recommendation::change)
                        .filter(CreateIndex.class::isInstance)
                        .map(change -> ((CreateIndex) change).table()))
                .as(advised.out())
                .contains("loan", "Title", "copy", "a table whose name is exactly sixty-three bytes long, so it is!");
    }

    @Test
    void without_pg_stat_statements_there_is_advice_from_findings_and_a_word_on_what_to_do() throws Exception {
        ServerAddress address = library(15).copy("uncounted");
        CommandLineRun advised = succeed(CommandLineRun.environment(address), "advise");
        assertThat(advised.out())
                .contains(
                        "pg_stat_statements is not loaded",
                        "shared_preload_libraries",
                        "--workload FILE",
                        "Copy Mark again");
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 14, 15, 16, 17, 18})
    void a_snapshot_file_is_all_that_advice_needs_workload_included(int major, @TempDir Path folder) throws Exception {
        String snapshot = folder.resolve("library.hone").toString();
        String workload = Library.workload(folder).toString();
        Map<String, String> nowhere = Map.of("PGHOST", "127.0.0.1", "PGPORT", "1");
        // The server is gone before anything is worked out.
        try (Library library =
                Library.start(installation(major), Map.of("shared_preload_libraries", "pg_stat_statements"))) {
            ServerAddress address = library.copy("saved");
            Map<String, String> environment = CommandLineRun.environment(address);
            Library.execute(address, "CREATE EXTENSION pg_stat_statements");
            succeed(environment, "bench", workload, "--connections", "2", "--warm-up", "0s", "--duration", "1s");
            assertThat(succeed(environment, "snapshot", "--out", snapshot).out())
                    .contains("PostgreSQL " + major + ".", "statements from pg_stat_statements");
        }
        String proposal = folder.resolve("p").toString();
        succeed(nowhere, "advise", snapshot, "--out", proposal);
        assertThat(creations(proposal)).isNotEmpty();
        assertThat(ProposalFolder.read(Path.of(proposal)).costAfter())
                .isLessThan(ProposalFolder.read(Path.of(proposal)).costBefore());

        String other = folder.resolve("q").toString();
        succeed(nowhere, "advise", snapshot, "--workload", workload, "--out", other);
        assertThat(creations(other)).isNotEmpty();
    }

    private static List<CreateIndex> creations(String proposal) {
        return ProposalFolder.read(Path.of(proposal)).recommendations().stream()
                .map(Recommendation::change)
                .filter(CreateIndex.class::isInstance)
                .map(CreateIndex.class::cast)
                .toList();
    }

    private static Installation installation(int major) {
        try {
            return Installation.of(major, Progress.NONE);
        } catch (HoneException e) {
            assumeTrue("true".equals(System.getenv("HONE_REQUIRE_REAL")), e.getMessage());
            throw e;
        }
    }

    @Test
    void advice_is_worked_out_offline_from_a_snapshot(@TempDir Path folder) throws Exception {
        ServerAddress address = on18.copy("offline");
        Map<String, String> environment = CommandLineRun.environment(address);
        String snapshot = folder.resolve("library.hone").toString();
        String workload = Library.workload(folder).toString();
        succeed(environment, "snapshot", "--out", snapshot);

        Map<String, String> nowhere = new HashMap<>(Map.of("PGHOST", "127.0.0.1", "PGPORT", "1"));
        succeed(
                nowhere,
                "advise",
                snapshot,
                "--workload",
                workload,
                "--out",
                folder.resolve("p").toString());
        Proposal offline = ProposalFolder.read(folder.resolve("p"));
        assertThat(offline.address()).isNull();
        assertThat(offline.recommendations().stream().map(Recommendation::change))
                .anySatisfy(change -> assertThat(change).isInstanceOf(CreateIndex.class));
        assertThat(Files.readString(folder.resolve("p").resolve("proposal.md"))).contains("CREATE INDEX CONCURRENTLY");

        // The extension is not created in this database, so the file holds no workload, and says why.
        assertThat(succeed(nowhere, "advise", snapshot).out())
                .contains("The snapshot holds no workload", "--workload FILE", "CREATE EXTENSION pg_stat_statements");
        // Worked out from a file, it is applied where the environment says.
        assertThat(succeed(environment, "apply", folder.resolve("p").toString(), "--dry-run")
                        .out())
                .contains("CREATE INDEX CONCURRENTLY");
    }
}
