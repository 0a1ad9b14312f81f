package dev.hone.advise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Progress;
import dev.hone.change.AddForeignKeyIndex;
import dev.hone.change.AlterSetting;
import dev.hone.change.AlterTable;
import dev.hone.change.CatalogDiff;
import dev.hone.change.Change;
import dev.hone.change.CreateIndex;
import dev.hone.change.CreateMaterializedView;
import dev.hone.change.DeployOptions;
import dev.hone.change.DropIndex;
import dev.hone.change.RunSql;
import dev.hone.change.ValidateConstraint;
import dev.hone.postgres.Catalog;
import dev.hone.postgres.Installed;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.SnapshotReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.postgresql.core.NativeQuery;
import org.postgresql.core.Parser;

class GuideTest {

    /** Markdown, HTML and SQL at once. */
    private static final String HOSTILE = "a|b `x` <script>alert(1)</script> @all [l](http://e) **\"'\\";

    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-01-02T03:04:05Z"), ZoneOffset.UTC);

    private static final Pattern STEP = Pattern.compile("(?m)^### Step");
    private static final Pattern FENCE = Pattern.compile("(?ms)^(`{3,})sql\n(.*?)\n\\1$");

    private static LocalServer local;
    private static ServerAddress address;

    @BeforeAll
    static void start() throws Exception {
        local = LocalServer.start(
                Installed.chosen(), Map.of("autovacuum", "off", "shared_preload_libraries", "pg_stat_statements"));
        address = local.address("postgres");
        String name = identifier(HOSTILE);
        run(
                "CREATE EXTENSION pg_stat_statements",
                "CREATE TABLE parents (id int PRIMARY KEY)",
                "INSERT INTO parents SELECT generate_series(0, 9)",
                "CREATE TABLE " + name + " (id serial, " + name + " int REFERENCES parents, b int)",
                "INSERT INTO " + name + " (" + name + ", b) SELECT i % 10, i FROM generate_series(1, 1000) i",
                "ALTER TABLE " + name + " ADD CONSTRAINT \"c h\" CHECK (b > 0) NOT VALID",
                "CREATE INDEX old_idx ON " + name + " (b)");
    }

    @AfterAll
    static void stop() {
        local.close();
    }

    private static String identifier(String name) {
        return dev.hone.postgres.Sql.identifier(name);
    }

    private static Proposal proposal(Change... changes) {
        List<Recommendation> all = new ArrayList<>();
        for (Change change : changes) {
            all.add(new Recommendation(change, "Because of " + HOSTILE, 5L << 20, List.of(), List.of()));
        }
        return new Proposal(
                Proposal.FORMAT, Instant.EPOCH, HOSTILE, null, HOSTILE, 0, 0, all, List.of("A note: " + HOSTILE));
    }

    private static Proposal ofEverySort() {
        String definition;
        try (Server server = Server.connect(address)) {
            definition = server.handle()
                    .createQuery("SELECT pg_get_indexdef('old_idx'::regclass)")
                    .mapTo(String.class)
                    .one();
        }
        return proposal(
                AlterSetting.ofDatabase("postgres", "work_mem", "7MB"),
                new AlterTable("public", HOSTILE, Map.of("fillfactor", "80"), List.of()),
                new CreateIndex("public", HOSTILE, "n " + HOSTILE, false, "btree", List.of("b"), List.of(), "b > 10"),
                new AddForeignKeyIndex("public", HOSTILE, foreignKey(), List.of(HOSTILE), "fk_idx"),
                new ValidateConstraint("public", HOSTILE, "c h"),
                new CreateMaterializedView(
                        "public",
                        "v " + HOSTILE,
                        "SELECT b, count(*) AS n FROM " + identifier(HOSTILE) + " GROUP BY b",
                        List.of("b"),
                        60L),
                new RunSql(HOSTILE, List.of("CREATE TABLE ran (n int) -- why"), List.of("DROP TABLE ran"), true),
                new DropIndex("public", "old_idx", definition));
    }

    private static String foreignKey() {
        try (Server server = Server.connect(address)) {
            return server.handle()
                    .createQuery("SELECT conname FROM pg_constraint WHERE contype = 'f'")
                    .mapTo(String.class)
                    .one();
        }
    }

    private static Catalog catalog() {
        try (Server server = Server.connect(address)) {
            return SnapshotReader.whole(List.of()).read(server, Progress.NONE).catalog();
        }
    }

    /** The document's SQL blocks: those of each step under its number and all others under 0. */
    private static Map<Integer, List<String>> blocks(String markdown) {
        String watch = "\n## 3. Watch";
        List<String> parts = STEP.splitAsStream(markdown.substring(0, markdown.indexOf(watch)))
                .toList();
        Map<Integer, List<String>> all = new LinkedHashMap<>();
        all.put(0, blocksOf(parts.getFirst() + markdown.substring(markdown.indexOf(watch))));
        for (int i = 1; i < parts.size(); i++) {
            all.put(i, blocksOf(parts.get(i)));
        }
        return all;
    }

    private static List<String> blocksOf(String text) {
        return FENCE.matcher(text).results().map(fence -> fence.group(2)).toList();
    }

    /** Each on its own, as psql would. */
    private static void runBlock(String block) throws SQLException {
        for (NativeQuery one : Parser.parseJdbcSql(block, true, false, true, false, false)) {
            run(one.nativeSql);
        }
    }

    private static void run(String... statements) throws SQLException {
        try (Connection connection = Server.open(address, "test");
                Statement jdbc = connection.createStatement()) {
            jdbc.setEscapeProcessing(false);
            for (String statement : statements) {
                jdbc.execute(statement);
            }
        }
    }

    @Test
    void every_statement_in_it_runs_and_takes_back_what_it_made() throws Exception {
        Catalog before = catalog();
        Proposal proposal = ofEverySort();
        Guide guide = new Guide(proposal, Guide.Look.at(address, proposal, DeployOptions.DEFAULT, CLOCK));

        Map<Integer, List<String>> blocks = blocks(guide.markdown());

        assertThat(blocks).hasSize(9);
        assertThat(blocks.get(0)).hasSizeGreaterThan(15);
        for (String block : blocks.get(0)) {
            runBlock(block);
        }
        for (int i = 1; i < blocks.size(); i++) {
            List<String> step = blocks.get(i);
            for (String block : step.subList(0, step.size() - 1)) {
                runBlock(block);
            }
        }
        assertThat(CatalogDiff.between(before, catalog())).hasSizeGreaterThan(8);
        for (int i = blocks.size() - 1; i > 0; i--) {
            runBlock(blocks.get(i).getLast());
        }
        assertThat(CatalogDiff.between(before, catalog())).isEmpty();
    }

    @Test
    void what_was_found_on_the_server_is_in_it_and_a_server_out_of_reach_is_said() {
        Proposal proposal = proposal(
                new CreateIndex("public", HOSTILE, "other_idx", false, "btree", List.of("b", "id"), List.of(), null));
        Guide.Look look = Guide.Look.at(address, proposal, DeployOptions.DEFAULT, CLOCK);
        assertThat(look.bytes().getFirst()).isPositive();
        assertThat(new Guide(proposal, look).markdown())
                .contains("2026-01-02T03:04:05Z", "Nothing stands against", "The server is a primary", "to read");

        Proposal impossible = proposal(
                new CreateIndex("public", "nowhere", "other_idx", false, "btree", List.of("b"), List.of(), null));
        assertThat(new Guide(impossible, Guide.Look.at(address, impossible, DeployOptions.DEFAULT, CLOCK)).markdown())
                .contains("would be refused", "Refused on this server", "does not exist");

        Guide.Look none = Guide.Look.at(local.address("no such"), proposal, DeployOptions.DEFAULT, CLOCK);
        assertThat(none.plan()).isNull();
        assertThat(new Guide(proposal, none).markdown()).contains("could not be looked at", "no such");
    }

    @Test
    void hostile_names_are_text_in_both_formats() {
        Guide guide = new Guide(ofEverySort(), null);
        String markdown = FENCE.matcher(guide.markdown()).replaceAll("");
        assertThat(markdown).doesNotContain("<script>", "@all", "**\"'", "[l](").contains("\\<script\\>");
        for (String line : markdown.lines().filter(one -> one.startsWith("|")).toList()) {
            assertThat(line.replace("\\|", "").chars().filter(c -> c == '|').count())
                    .as(line)
                    .isBetween(4L, 5L);
        }
        assertThat(guide.html())
                .doesNotContain("<script>", "\"'\\")
                .contains("&lt;script&gt;alert(1)&lt;/script&gt;", "default-src 'none'");
    }

    @Test
    void a_proposal_without_changes_is_nothing_to_deploy() {
        assertThat(new Guide(proposal(), null).markdown())
                .contains("There is nothing to deploy")
                .doesNotContain("## ");
    }
}
