package dev.hone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Json;
import dev.hone.postgres.Catalog;
import dev.hone.postgres.Installation;
import dev.hone.postgres.ServerAddress;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code hone plan} on a snapshot's file, so that nothing can be asked of the server any more. */
class PlanCommandTest {

    private static final String LONG = "a table whose name is exactly sixty-three bytes long, so it is!";
    private static final String OPEN_LOANS = "SELECT * FROM lending.copy WHERE NOT returned AND title = 77";

    @TempDir
    private static Path folder;

    private static Library library;
    private static ServerAddress address;
    private static String snapshot;
    private static Catalog before;

    private final InputStream standardInput = System.in;

    @BeforeAll
    static void start() throws Exception {
        library = Library.start(Installation.embedded(), Map.of());
        address = library.copy("Plan");
        before = Library.catalog(address);
        snapshot = folder.resolve("library.hone").toString();
        CommandLineRun saved = CommandLineRun.of(CommandLineRun.environment(address), "snapshot", "--out", snapshot);
        assertThat(saved.exitCode()).as(saved.err()).isZero();
    }

    @AfterAll
    static void stop() {
        assertThat(Library.catalog(address)).isEqualTo(before);
        library.close();
    }

    @AfterEach
    void restoreInput() {
        System.setIn(standardInput);
    }

    private static CommandLineRun plan(String... arguments) {
        List<String> all = new ArrayList<>(List.of("plan", snapshot));
        all.addAll(Arrays.asList(arguments));
        return CommandLineRun.of(Map.of(), all.toArray(String[]::new));
    }

    private static String printed(String... arguments) {
        CommandLineRun run = plan(arguments);
        assertThat(run.exitCode()).as(run.err()).isZero();
        return run.out();
    }

    @Test
    void a_plan_shows_its_steps_with_cost_and_rows() {
        assertThat(printed("SELECT email FROM lending.member WHERE email = 'member7@example.org'"))
                .containsPattern("Index Only Scan using member_email_key on lending.member +[0-9.]+ +1\n")
                .contains("index cond: (member.email = 'member7@example.org'::text)")
                .contains("Nothing was run, and nothing was changed")
                .doesNotContain("→");
    }

    @Test
    void an_index_is_shown_with_its_use_and_size_and_what_it_changes() {
        String out = printed(
                OPEN_LOANS,
                "--with",
                "CREATE INDEX CONCURRENTLY \"Open; \"\"copies\"\"\" ON lending.copy (title) WHERE NOT returned",
                "--with",
                "CREATE INDEX useless ON lending.copy (mark)");
        assertThat(out)
                .containsPattern("- Seq Scan on lending.copy +[0-9,]+")
                .containsPattern("\\+ Index Scan using Open; \"copies\" on lending.copy +[0-9.,]+")
                .containsPattern("cost [0-9,]+ → [0-9.]+ \\([0-9,.]+ times cheaper\\)")
                .containsPattern("✔ create index Open; \"copies\" on \"lending\".\"copy\": used, about [0-9.]+ kB")
                .containsPattern("– create index useless on \"lending\".\"copy\": not used, about [0-9.]+ kB");
    }

    @Test
    void indexes_can_be_gone_and_settings_different() {
        String out = printed(
                "SELECT * FROM \"Catalogue\".\"Title\" WHERE lower(name) = 'title 7'",
                "--without",
                "Title name",
                "--without",
                "lending.member_email_key",
                "--set",
                "work_mem=64MB",
                "--with",
                "SET random_page_cost = 1.1");
        assertThat(out)
                .contains("✔ without index \"Catalogue\".\"Title name\": the plan used it")
                .contains("– without index \"lending\".\"member_email_key\": the plan did not use it")
                .contains("▲ The constraint member_email_key rests on")
                .contains("✔ set work_mem = 64MB")
                .contains("✔ set random_page_cost = 1.1")
                .contains("times dearer");
    }

    @Test
    void partitions_and_statistics_can_be_pretended() {
        String out = printed(
                "SELECT * FROM lending.member WHERE joined >= '2021-03-01' AND joined < '2021-03-03'",
                "--with",
                "PARTITION TABLE lending.member BY RANGE (joined) EVERY '1 month'",
                "--with",
                "CREATE STATISTICS lending.s ON blocked, joined FROM lending.member");
        assertThat(out)
                .containsPattern("\\+ .*on lending.member_p[0-9]+ member")
                .contains("cheaper")
                .contains("cannot be unique over all partitions without \"joined\"");
    }

    @Test
    void json_holds_both_plans_and_everything_pretended() {
        Map<String, Object> document =
                Json.object(printed(OPEN_LOANS, "--with", "CREATE INDEX ON lending.copy (title)", "--format", "json"));
        assertThat(document)
                .containsOnlyKeys("statement", "parameters", "before", "after", "costRatio", "whatIfs", "omissions")
                .containsEntry("statement", OPEN_LOANS);
        assertThat((double) document.get("costRatio")).isLessThan(0.1);
        assertThat((List<?>) document.get("whatIfs"))
                .singleElement()
                .asString()
                .contains("used=true", "copy_title_idx");
    }

    @Test
    void statements_come_from_a_file_or_standard_input_with_or_without_parameters() throws Exception {
        Path file = Files.writeString(folder.resolve("query.sql"), "SELECT id FROM lending.copy\nWHERE mark = $1;\n");
        assertThat(printed("--file", file.toString())).contains("copy.mark)::text = $1");
        System.setIn(new ByteArrayInputStream(Files.readAllBytes(file)));
        assertThat(printed("-", "--params", "S\\,1")).contains("= 'S,1'::text");
        CommandLineRun none = CommandLineRun.of(CommandLineRun.environment(address), "plan", "SELECT 1");
        assertThat(none.exitCode()).as(none.err()).isZero();
        assertThat(none.out()).contains("Result");
    }

    @Test
    void names_that_want_quotes_and_have_63_bytes_fit_a_narrow_terminal() {
        String table = "\"weird \"\" schema\".\"" + LONG + "\"";
        String out = printed(
                "SELECT * FROM " + table + " WHERE \"select id; drop table x; --\" = 5",
                "--with",
                "CREATE INDEX ON " + table + " (\"select id; drop table x; --\")");
        assertThat(out).contains(LONG).contains(": used, about");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT 1; DROP TABLE lending.copy",
                "SELECT 1 FROM lending.copy; COMMIT; DELETE FROM lending.loan",
                "DROP TABLE lending.copy",
                "COMMIT",
                "COPY lending.copy TO PROGRAM 'true'",
                "$$",
                "SELECT 'open",
                "SELECT * FROM lending.nowhere",
                "(ANALYZE) DELETE FROM lending.copy"
            })
    void what_is_not_one_statement_to_plan_is_refused(String sql) {
        CommandLineRun run = plan(sql);
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).contains("Cannot plan the statement: ").contains("Nothing was changed");
    }

    @Test
    void an_error_is_postgres_own_and_points_to_its_place() {
        CommandLineRun run = plan("SELECT id\nFROM lending.copy WHERE titel = 5");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err())
                .contains(
                        "column \"titel\" does not exist\n  FROM lending.copy WHERE titel = 5\n                          ^\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CREATE INDEX x ON lending.copy (mark); DROP TABLE lending.copy",
                "DROP TABLE lending.copy",
                "SET ROLE postgres",
                "CREATE INDEX x ON lending.copy (nothing)"
            })
    void what_cannot_be_pretended_is_refused(String sql) {
        CommandLineRun run = plan("SELECT 1", "--with", sql);
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("Nothing was changed");
    }

    @Test
    void usage_is_explained() {
        assertThat(plan().err()).contains("Which statement?");
        assertThat(plan("SELECT 1", "--without", "no such index").err()).contains("There is no index no such index");
        assertThat(plan("SELECT 1", "--set", "work_mem").err()).contains("--set work_mem=64MB");
        assertThat(plan("SELECT 1", "--set", "fsync=off").err()).contains("fsync is no setting");
    }
}
