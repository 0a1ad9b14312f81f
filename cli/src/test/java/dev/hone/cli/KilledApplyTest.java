package dev.hone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Json;
import dev.hone.advise.Proposal;
import dev.hone.advise.ProposalFolder;
import dev.hone.advise.Recommendation;
import dev.hone.change.CatalogDiff;
import dev.hone.change.Change;
import dev.hone.change.CreateIndex;
import dev.hone.change.DropIndex;
import dev.hone.postgres.Catalog;
import dev.hone.postgres.Installation;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code hone apply}, ended by SIGKILL while the server builds an index for it, and run again. */
class KilledApplyTest {

    private static final Change CREATE = new CreateIndex(
            "Catalogue", "Title", "Title's author", false, "btree", List.of("\"Author Id\""), List.of("name"), null);
    private static final Change DROP = new DropIndex(
            "lending", "Copy Mark again", "CREATE INDEX \"Copy Mark again\" ON lending.copy USING btree (mark)");

    private static Library library;

    @BeforeAll
    static void start() throws Exception {
        library = Library.start(Installation.embedded(), Map.of());
    }

    @AfterAll
    static void stop() {
        library.close();
    }

    private static Path proposal(Path folder, ServerAddress address) {
        Path written = folder.resolve("proposal");
        ProposalFolder.write(
                new Proposal(
                        Proposal.FORMAT,
                        Instant.EPOCH,
                        "library",
                        address.toString(),
                        "by hand",
                        0,
                        0,
                        Stream.of(CREATE, DROP)
                                .map(change -> new Recommendation(change, "a test", 0, List.of(), List.of()))
                                .toList(),
                        List.of()),
                written);
        return written;
    }

    private static List<String> invalid(ServerAddress address) {
        return Library.ask(address, "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid");
    }

    private static List<List<String>> states(Map<String, String> environment) {
        List<?> deployments = Json.read(
                CommandLineRun.of(environment, "status", "--format", "json").out(), List.class);
        return deployments.stream()
                .map(deployment -> ((List<?>) ((Map<?, ?>) deployment).get("steps"))
                        .stream()
                                .map(step -> String.valueOf(((Map<?, ?>) step).get("state")))
                                .toList())
                .toList();
    }

    /** Starts an apply, waits until the server builds, and kills it. The writer keeps the build from its end. */
    private static void applyAndKill(Path proposal, ServerAddress address) throws Exception {
        Map<String, String> environment = CommandLineRun.environment(address);
        ChildHone child = ChildHone.start(proposal.getParent(), environment, "apply", proposal.toString());
        for (int i = 0; i < 1200 && invalid(address).isEmpty(); i++) {
            assertThat(child.process().isAlive())
                    .as(() -> child + " ended before it was killed")
                    .isTrue();
            Thread.sleep(50);
        }
        assertThat(invalid(address)).hasSize(1);
        child.process().destroyForcibly();
        assertThat(child.end().exitCode()).as("ended by SIGKILL").isEqualTo(128 + 9);
        assertThat(Files.readString(child.out()))
                .as("what was looked at, and nothing of what was made")
                .contains("The server is a primary")
                .doesNotContain(CREATE.title());
        assertThat(states(environment)).containsExactly(List.of("INTENDED", "PLANNED"));
        assertThat(CommandLineRun.of(environment, "status").out())
                .contains("unfinished: apply the same proposal again");
    }

    private static void finish(ServerAddress address, Path proposal, Catalog before) {
        Map<String, String> environment = CommandLineRun.environment(address);
        CommandLineRun again = CommandLineRun.of(environment, "apply", proposal.toString());
        assertThat(again.exitCode()).as(again.out() + again.err()).isZero();
        assertThat(invalid(address)).isEmpty();
        assertThat(CatalogDiff.between(before, Library.catalog(address)))
                .filteredOn(line -> line.contains(" index "))
                .hasSize(2)
                .anyMatch(line -> line.startsWith("added") && line.contains("Title's author"))
                .anyMatch(line -> line.startsWith("removed") && line.contains("Copy Mark again"));
        assertThat(states(environment)).containsExactly(List.of("APPLIED", "APPLIED"));

        CommandLineRun undone = CommandLineRun.of(environment, "undo");
        assertThat(undone.exitCode()).as(undone.out() + undone.err()).isZero();
        assertThat(CatalogDiff.between(before, Library.catalog(address))).isEmpty();
        assertThat(states(environment)).containsExactly(List.of("UNDONE", "UNDONE"));
    }

    @Test
    void the_next_apply_ends_what_a_killed_one_began(@TempDir Path folder) throws Exception {
        ServerAddress address = library.copy("killed");
        Path proposal = proposal(folder, address);
        Catalog before = Library.catalog(address);
        try (Server writer = Server.connect(address)) {
            writer.handle().begin();
            writer.handle().execute("UPDATE \"Catalogue\".\"Title\" SET extra = '{}' WHERE \"Id\" = 1");
            applyAndKill(proposal, address);
            writer.handle().rollback();
        }
        finish(address, proposal, before);
    }

    @Test
    void an_invalid_index_that_the_server_was_left_with_is_built_anew(@TempDir Path folder) throws Exception {
        ServerAddress address = library.copy("crashed");
        Path proposal = proposal(folder, address);
        Catalog before = Library.catalog(address);
        try (Server writer = Server.connect(address)) {
            writer.handle().begin();
            writer.handle().execute("UPDATE \"Catalogue\".\"Title\" SET extra = '{}' WHERE \"Id\" = 1");
            applyAndKill(proposal, address);
            // The server notices that its client is gone, or crashes: the build ends, and leaves its index invalid.
            Library.ask(address, "SELECT pg_terminate_backend(pid)::text FROM pg_stat_progress_create_index");
            for (int i = 0;
                    i < 1200
                            && !Library.ask(address, "SELECT pid::text FROM pg_stat_progress_create_index")
                                    .isEmpty();
                    i++) {
                Thread.sleep(50);
            }
            writer.handle().rollback();
        }
        assertThat(invalid(address)).hasSize(1);
        finish(address, proposal, before);
    }
}
