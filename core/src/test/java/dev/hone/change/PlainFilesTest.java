package dev.hone.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.hone.advise.Proposal;
import dev.hone.advise.ProposalFolder;
import dev.hone.advise.Recommendation;
import dev.hone.postgres.Installation;
import dev.hone.postgres.Installed;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Secret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A proposal's SQL files, run by psql without Hone, do and undo what Hone does and undoes: for every kind of change. */
class PlainFilesTest {

    private static LocalServer local;

    @BeforeAll
    static void start() {
        local = LocalServer.start(Installed.chosen(), Map.of("autovacuum", "off"));
        // Undo without a journal goes back to the server's defaults, and says so in the file.
        Kinds.template(
                local, "ALTER TABLE plain RESET (fillfactor)", "ALTER TABLE plain ALTER COLUMN a SET STATISTICS -1");
    }

    @AfterAll
    static void stop() {
        local.close();
    }

    @Test
    void psql_and_hone_come_to_the_same_and_both_come_back(@TempDir Path folder) throws Exception {
        Bench byHand = Kinds.copy(local);
        State initial = State.of(byHand);
        String function = String.valueOf(byHand.ask("SELECT pg_get_functiondef('public.f()'::regprocedure)"));
        List<Path> files = write(folder, Kinds.all().filter(Kinds.Kind::reversible));
        assertThat(files).hasSizeGreaterThan(15);

        for (Path file : files) {
            psql(byHand, file);
        }
        State done = State.of(byHand);
        for (Path file : files.reversed()) {
            psql(byHand, undo(file));
            if (file.toString().contains("replace-function")) {
                assertThat(Files.readString(undo(file))).contains("SELECT pg_get_functiondef('\"public\".\"f\"()'");
                byHand.run(function);
            }
        }
        assertThat(State.of(byHand).since(initial)).isNotEmpty().allMatch(line -> line.contains("events_2"));
        byHand.run("ALTER TABLE events_2 DROP CONSTRAINT events_2_pkey");
        assertThat(State.of(byHand).since(initial)).isEmpty();

        Bench byHone = Kinds.copy(local);
        List<Change> changes = ProposalFolder.read(folder).recommendations().stream()
                .map(Recommendation::change)
                .toList();
        DeploymentResult applied = byHone.apply(changes.toArray(Change[]::new));
        assertThat(applied.complete()).as(applied.toString()).isTrue();
        assertThat(CatalogDiff.between(done.catalog(), byHone.catalog())).isEmpty();
        assertThat(State.of(byHone).since(done)).isEmpty();
        assertThat(byHone.ask("SELECT n FROM counter")).isEqualTo("1");
        assertThat(byHone.undo().complete()).isTrue();
        assertThat(State.of(byHone).since(initial)).isEmpty();
    }

    @Test
    void what_cannot_be_taken_back_is_the_same_too(@TempDir Path folder) throws Exception {
        Bench byHand = Kinds.copy(local);
        Bench byHone = Kinds.copy(local);
        Path file =
                write(folder, Kinds.all().filter(kind -> !kind.reversible())).getFirst();
        if ("f".equals(byHand.ask("SELECT current_setting('server_version_num')::int >= 140000"))) {
            assertThat(Files.readString(file)).contains("Before PostgreSQL 14");
            Files.writeString(file, Files.readString(file).replace(" CONCURRENTLY", ""));
        }
        psql(byHand, file);
        assertThat(Files.readString(undo(file))).contains("The rows of the dropped partitions are gone.");
        psql(byHand, undo(file));
        assertThat(byHone.apply(ProposalFolder.read(folder)
                                .recommendations()
                                .getFirst()
                                .change())
                        .complete())
                .isTrue();
        assertThat(State.of(byHone).since(State.of(byHand))).isEmpty();
        assertThat(byHand.ask("SELECT count(*) FROM events")).isEqualTo("100");
    }

    private static List<Path> write(Path folder, Stream<Kinds.Kind> kinds) throws IOException {
        List<Recommendation> all = kinds.map(kind ->
                        new Recommendation(kind.change(), "a reason;\n\\! -- of any kind", 0, List.of(), List.of()))
                .toList();
        ProposalFolder.write(
                new Proposal(Proposal.FORMAT, Instant.now(), "d", null, "by hand", 0, 0, all, List.of()), folder);
        try (Stream<Path> files = Files.list(folder.resolve("sql"))) {
            return files.filter(file -> !file.toString().endsWith(".undo.sql"))
                    .sorted()
                    .toList();
        }
    }

    private static Path undo(Path file) {
        return file.resolveSibling(file.getFileName().toString().replace(".sql", ".undo.sql"));
    }

    private static void psql(Bench bench, Path file) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Installation.local(15)
                .map(installation -> installation.bin().resolve("psql").toString())
                .orElse("psql"));
        command.addAll(List.of("--no-psqlrc", "--set=ON_ERROR_STOP=1", "--quiet", "--file=" + file));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        Secret password = bench.address().password();
        builder.environment()
                .putAll(Map.of(
                        "PGHOST", String.valueOf(bench.address().host()),
                        "PGPORT", Integer.toString(bench.address().port()),
                        "PGDATABASE", String.valueOf(bench.address().database()),
                        "PGUSER", String.valueOf(bench.address().user()),
                        "PGPASSWORD", password == null ? "" : password.reveal()));
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            if ("true".equals(System.getenv("HONE_REQUIRE_REAL"))) {
                throw e;
            }
            abort("no psql here");
            throw e;
        }
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(file + ": " + said).isZero();
    }
}
