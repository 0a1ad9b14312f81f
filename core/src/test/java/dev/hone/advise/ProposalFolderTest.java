package dev.hone.advise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.HoneException;
import dev.hone.change.Analyze;
import dev.hone.change.CreateIndex;
import dev.hone.change.DropIndex;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProposalFolderTest {

    private static final String EVIL = "t\"; DROP TABLE victim; --\n; DROP TABLE victim;\r\u2028\u202e../../x";

    private static final CreateIndex INDEX = new CreateIndex(
            "public", EVIL, "evil\nidx", false, "btree", List.of("\"a\""), List.of("\"b\""), "\"a\" > 0");

    private static Proposal proposal() {
        return new Proposal(
                Proposal.FORMAT,
                Instant.parse("2026-11-01T10:00:00Z"),
                "shop\n# x",
                "postgres://ann@h:5432/shop",
                "workload.sql",
                1000,
                10,
                List.of(
                        new Recommendation(
                                new Analyze("public", EVIL), "stale\n; DROP TABLE victim;", 0, List.of(), List.of()),
                        new Recommendation(
                                INDEX,
                                "because",
                                123_456,
                                List.of(new Recommendation.Effect(
                                        "q | 1\n; DROP TABLE victim;", "SELECT 1", 100, 1.5, 7)),
                                List.of(new Recommendation.Alternative("CREATE INDEX x", 99, null, "slower"))),
                        new Recommendation(
                                new DropIndex("public", "old", "CREATE INDEX old ON public.victim USING btree (a)"),
                                "unused",
                                -5_000_000,
                                List.of(),
                                List.of())),
                List.of("a note"));
    }

    @Test
    void what_is_written_is_read_again_and_can_be_replaced(@TempDir Path folder) throws IOException {
        Path out = folder.resolve("new/out");
        ProposalFolder.write(proposal(), out);
        assertThat(ProposalFolder.read(out)).isEqualTo(proposal());
        assertThat(ProposalFolder.read(out.resolve("proposal.json"))).isEqualTo(proposal());
        Files.writeString(out.resolve("sql/mine.sql"), "keep");

        Proposal shorter = new Proposal(
                Proposal.FORMAT,
                proposal().createdAt(),
                "shop",
                null,
                "w",
                0,
                0,
                proposal().recommendations().subList(0, 1),
                List.of());
        ProposalFolder.write(shorter, out);
        assertThat(ProposalFolder.read(out)).isEqualTo(shorter);
        assertThat(files(out.resolve("sql")))
                .hasSize(3)
                .contains("mine.sql")
                .filteredOn(name -> !name.equals("mine.sql"))
                .allMatch(name -> name.startsWith("001-analyze-"));
    }

    @Test
    void hostile_names_break_neither_files_nor_comments(@TempDir Path folder) throws IOException {
        ProposalFolder.write(proposal(), folder);
        assertThat(files(folder.resolve("sql"))).hasSize(6).allMatch(name -> name.matches("[a-z0-9_.-]+"));
        assertThat(files(folder)).containsExactlyInAnyOrder("proposal.json", "proposal.md", "proposal.html", "sql");
        try (LocalServer local = LocalServer.start(Installation.embedded(), Map.of());
                Server server = Server.connect(local.address("postgres"))) {
            server.handle().execute("CREATE TABLE victim (a int)");
            server.handle().execute("CREATE INDEX old ON victim (a)");
            server.handle()
                    .execute("CREATE TABLE " + dev.hone.postgres.Sql.identifier("public", EVIL) + " (a int, b int)");
            for (String file : files(folder.resolve("sql"))) {
                String text = Files.readString(folder.resolve("sql").resolve(file));
                if (!text.lines().allMatch(line -> line.startsWith("-- "))) {
                    server.handle().execute(text);
                }
            }
            assertThat(server.handle()
                            .createQuery("SELECT count(*) FROM pg_class WHERE relname IN ('victim', 'old')")
                            .mapTo(Integer.class)
                            .one())
                    .isEqualTo(2);
        }
    }

    @Test
    void the_text_says_why_how_big_and_what_it_locks(@TempDir Path folder) throws IOException {
        ProposalFolder.write(proposal(), folder);
        String sql = Files.readString(folder.resolve("sql")
                .resolve(files(folder.resolve("sql")).stream()
                        .filter(name -> name.startsWith("002") && !name.contains("undo"))
                        .findFirst()
                        .orElseThrow()));
        assertThat(sql)
                .contains("-- Why: because", "-- Locks: SHARE UPDATE EXCLUSIVE", "-- Size: 120 kB", "cost 100 -> 1.5");
        assertThat(Files.readString(folder.resolve("proposal.md")))
                .contains("CREATE INDEX CONCURRENTLY", "1.0 % of before", "Gives back: 4,882 kB", "a note", "slower")
                .doesNotContain("\n# x");
    }

    @Test
    void a_folder_of_something_else_is_left_alone(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("thesis.txt"), "years of work");
        assertThatThrownBy(() -> ProposalFolder.write(proposal(), folder))
                .isInstanceOfSatisfying(
                        HoneException.class, e -> assertThat(e.kind()).isEqualTo(HoneException.Kind.REFUSED));
        assertThat(files(folder)).containsExactly("thesis.txt");
        assertThatThrownBy(() -> ProposalFolder.write(proposal(), folder.resolve("thesis.txt")))
                .isInstanceOf(HoneException.class);
    }

    @Test
    void bad_files_are_refused_with_a_reason(@TempDir Path folder) throws IOException {
        assertUsage(folder, "There is no proposal");
        for (String bad : List.of("", "{", "[]", "{}", "{\"format\":1}", "{\"format\":\"x\"}", "nonsense")) {
            Files.writeString(folder.resolve("proposal.json"), bad);
            assertUsage(folder, "is not a proposal");
        }
        Files.writeString(
                folder.resolve("proposal.json"),
                "{\"format\":1,\"recommendations\":[{\"change\":{\"type\":\"format_disk\"}}],\"notes\":[]}");
        assertUsage(folder, "is not a proposal");
        Files.writeString(folder.resolve("proposal.json"), "{\"format\":99}");
        assertUsage(folder, "is of format 99");
    }

    private static void assertUsage(Path folder, String message) {
        assertThatThrownBy(() -> ProposalFolder.read(folder)).isInstanceOfSatisfying(HoneException.class, e -> {
            assertThat(e.kind()).isEqualTo(HoneException.Kind.USAGE);
            assertThat(e.getMessage()).contains(message);
        });
    }

    private static List<String> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
