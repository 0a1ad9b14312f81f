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

    @Test
    void what_is_wrong_with_a_change_is_named_by_its_kind_and_field(@TempDir Path folder) throws IOException {
        String index = "{'type':'create_index','schema':'s','table':'t','name':'i','method':'btree','keys':['a']}";
        Files.writeString(folder.resolve("proposal.json"), withChange(index));
        assertThat(ProposalFolder.read(folder).recommendations().getFirst().change())
                .isEqualTo(new CreateIndex("s", "t", "i", false, "btree", List.of("a"), List.of(), null));

        assertWrong(
                folder,
                index.replace("create_index", "format_disk"),
                "recommendation 1: the field \"type\" must be one of create_index, add_foreign_key_index, ",
                "not \"format_disk\"",
                "docs/changes/README.md");
        assertWrong(folder, index.replace("'type'", "'kind'"), "the field \"type\" is missing: it must be one of ");
        assertWrong(
                folder,
                index.replace("'keys'", "'columns'"),
                "the field \"keys\" of create_index is missing: it must be a list",
                "there is no field \"columns\" of create_index (its fields: schema, table, name, ",
                "docs/changes/create_index.md");
        assertWrong(folder, index.replace("'name'", "'uniqe':true,'name'"), "there is no field \"uniqe\"");
        assertWrong(folder, index.replace("['a']", "null"), "\"keys\" of create_index must be a list, not null");
        assertWrong(folder, index.replace("['a']", "'a'"), "\"keys\" of create_index must be a list, not \"a\"");
        assertWrong(folder, index.replace("['a']", "[null]"), "\"keys[0]\" of create_index must be a text, not null");
        assertWrong(
                folder,
                index.replace("['a']", "[]"),
                "recommendation 1: create_index: an index without a key column: i");
        assertWrong(folder, index.replace("'t'", "7"), "\"table\" of create_index must be a text, not 7");
        assertWrong(folder, index.replace("'name'", "'unique':'yes','name'"), "must be true or false, not \"yes\"");
        assertWrong(folder, index.replace("'name'", "'table':'u','name'"), "table");
        assertWrong(
                folder,
                index.replace("'name'", "'partitions':[{'schema':'s','tabel':'p'}],'name'"),
                "the field \"partitions[0].table\" of create_index is missing",
                "there is no field \"partitions[0].tabel\" of create_index");
        assertWrong(folder, "[]", "the field \"change\" must be an object");
        assertWrong(
                folder,
                "{'type':'alter_table','schema':'s','table':'t','set':{'fillfactor':70}}",
                "\"set.fillfactor\" of alter_table must be a text, not 70");
        assertWrong(
                folder,
                "{'type':'alter_setting','scope':'GALAXY','name':'work_mem'}",
                "\"scope\" of alter_setting must be one of SYSTEM, DATABASE, ROLE, ROLE_IN_DATABASE, not \"GALAXY\"");
        assertWrong(
                folder,
                "{'type':'alter_setting','scope':'ROLE','database':'d','name':'work_mem','value':null}",
                "alter_setting: the scope ROLE takes a role and no database");
        assertWrong(
                folder,
                "{'type':'alter_column_statistics','schema':'s','table':'t','column':'c','target':99999999999}",
                "\"target\" of alter_column_statistics must be a whole number, not 99999999999");
        String partition = "{'type':'partition_table','schema':'s','table':'t','column':'c','scheme':";
        assertWrong(
                folder,
                partition + "{'type':'ranges','interval':'moon','ahead':3}}",
                "\"scheme.interval\" of partition_table must be one of day, week, month, year, not \"moon\"");
        assertWrong(
                folder,
                partition + "{'type':'ranges','interval':'day'}}",
                "\"scheme.ahead\" of partition_table is missing: it must be a whole number");
        assertWrong(
                folder,
                partition + "{'type':'lists'}}",
                "\"scheme.type\" of partition_table must be one of ranges, steps, hashes, not \"lists\"");
    }

    @Test
    void what_a_proposal_itself_lacks_is_named(@TempDir Path folder) throws IOException {
        String text = withChange("{'type':'analyze','schema':'s','table':'t'}");
        for (String field : List.of("createdAt", "database", "workload", "recommendations", "change", "reason")) {
            Files.writeString(folder.resolve("proposal.json"), text.replace('"' + field + '"', "\"other\""));
            assertUsage(folder, "the field \"" + field + "\" is missing: it must be ");
        }
        Files.writeString(folder.resolve("proposal.json"), text.replace("2026-11-01T", "yesterday "));
        assertUsage(folder, "must be a time such as");
    }

    private static String withChange(String change) {
        return ("{'format':1,'createdAt':'2026-11-01T10:00:00Z','database':'d','workload':'w','recommendations':"
                        + "[{'reason':'r','change':" + change + "}]}")
                .replace('\'', '"');
    }

    private static void assertWrong(Path folder, String change, String... messages) throws IOException {
        Files.writeString(folder.resolve("proposal.json"), withChange(change));
        assertThatThrownBy(() -> ProposalFolder.read(folder)).isInstanceOfSatisfying(HoneException.class, e -> {
            assertThat(e.kind()).isEqualTo(HoneException.Kind.USAGE);
            assertThat(e.getMessage() + e.advice())
                    .contains("is not a proposal: ", "Nothing was changed.")
                    .contains(messages)
                    .doesNotContain("dev.hone", "java.");
        });
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
