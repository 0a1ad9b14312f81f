package dev.hone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.advise.Proposal;
import dev.hone.advise.ProposalFolder;
import dev.hone.advise.Recommendation;
import dev.hone.change.CatalogDiff;
import dev.hone.change.Change;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Catalog;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.ServerAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What cannot be applied or undone changes nothing, and says what to do. */
class RefusalsTest {

    private static final Change INDEX =
            new CreateIndex("s \"1", "T", "T a", false, "btree", List.of("\"A\""), List.of(), null);

    private LocalServer local;
    private ServerAddress address;
    private Map<String, String> environment;
    private Catalog before;

    @BeforeEach
    void start() throws Exception {
        local = LocalServer.start(Installation.embedded(), Map.of("fsync", "on", "full_page_writes", "on"));
        address = local.address("postgres");
        environment = CommandLineRun.environment(address);
        Library.execute(address, "CREATE SCHEMA \"s \"\"1\"", "CREATE TABLE \"s \"\"1\".\"T\" (\"A\" int)");
        before = Library.catalog(address);
    }

    @AfterEach
    void stop() {
        local.close();
    }

    private String proposal(Path folder, Change... changes) {
        Path written = folder.resolve("proposal");
        ProposalFolder.write(
                new Proposal(
                        Proposal.FORMAT,
                        Instant.EPOCH,
                        "postgres",
                        address.toString(),
                        "by hand",
                        0,
                        0,
                        Stream.of(changes)
                                .map(change -> new Recommendation(change, "a test", 0, List.of(), List.of()))
                                .toList(),
                        List.of()),
                written);
        return written.toString();
    }

    private void nothingChanged() {
        assertThat(CatalogDiff.between(before, Library.catalog(address))).isEmpty();
        assertThat(Library.ask(address, "SELECT nspname::text FROM pg_namespace"))
                .doesNotContain("performance_monitoring");
    }

    @Test
    void a_standby_is_read_and_not_changed(@TempDir Path folder) throws Exception {
        String proposal = proposal(folder, INDEX);
        local.stop(LocalServer.StopMode.FAST);
        Files.createFile(local.data().resolve("standby.signal"));
        local.start();

        assertThat(CommandLineRun.of(environment, "check").exitCode()).isZero();
        for (String[] command : List.of(new String[] {"apply", proposal}, new String[] {"undo", proposal})) {
            CommandLineRun run = CommandLineRun.of(environment, command);
            assertThat(run.exitCode()).as(run.out() + run.err()).isEqualTo(4);
            assertThat(run.out() + run.err()).contains("is a standby", "primary");
        }
        CommandLineRun dry = CommandLineRun.of(environment, "apply", proposal, "--dry-run");
        assertThat(dry.exitCode()).isEqualTo(4);
        assertThat(dry.out()).contains("is a standby", "Nothing was changed");
        assertThat(CommandLineRun.of(environment, "status", proposal).out()).contains("changed nothing");
        nothingChanged();
    }

    @Test
    void a_table_that_is_gone(@TempDir Path folder) throws Exception {
        String proposal = proposal(
                folder,
                INDEX,
                new CreateIndex("s \"1", "Gone", "Gone a", false, "btree", List.of("\"A\""), List.of(), null));
        CommandLineRun run = CommandLineRun.of(environment, "apply", proposal);
        assertThat(run.exitCode()).as(run.out() + run.err()).isEqualTo(4);
        assertThat(run.out() + run.err()).contains("\"s \"\"1\".\"Gone\" does not exist");
        nothingChanged();
    }

    @Test
    void a_proposal_that_is_missing_broken_or_newer(@TempDir Path folder) throws Exception {
        assertThat(apply(folder.resolve("nowhere"))).contains("There is no proposal in");
        Path broken = Path.of(proposal(folder, INDEX));
        Path json = broken.resolve("proposal.json");
        String text = Files.readString(json);
        for (String corrupt : List.of(
                "",
                "[]",
                "{}",
                text.substring(0, text.length() / 2),
                text.replace("\"recommendations\"", "\"other\""),
                text.replace("\"keys\"", "\"other\""),
                text.replace("\"btree\"", "null"),
                text.replace("createIndex", "formatDisk").replace("create_index", "format_disk"))) {
            Files.writeString(json, corrupt);
            assertThat(apply(broken)).as(corrupt).contains("is not a proposal", "Nothing was changed");
        }
        Files.writeString(json, text.replace("\"keys\"", "\"colums\""));
        assertThat(apply(broken))
                .contains(
                        "the field \"keys\" of create_index is missing",
                        "there is no field \"colums\" of create_index",
                        "Nothing was changed",
                        "docs/changes/create_index.md");
        Files.writeString(json, text.replaceFirst("\"format\"\\s*:\\s*1", "\"format\": 2"));
        assertThat(apply(broken)).contains("is of format 2");
        nothingChanged();
    }

    private String apply(Path folder) {
        CommandLineRun run = CommandLineRun.of(environment, "apply", folder.toString());
        assertThat(run.exitCode()).as(run.out() + run.err()).isEqualTo(2);
        return run.err();
    }

    @Test
    void statements_hidden_in_a_proposal_do_not_run(@TempDir Path folder) throws Exception {
        for (Change hostile : List.of(
                new CreateIndex(
                        "s \"1",
                        "T",
                        "T a",
                        false,
                        "btree",
                        List.of("\"A\"); DROP TABLE \"s \"\"1\".\"T\"; --"),
                        List.of(),
                        null),
                new CreateIndex(
                        "s \"1",
                        "T",
                        "T a",
                        false,
                        "btree",
                        List.of("\"A\""),
                        List.of(),
                        "true; DROP TABLE \"s \"\"1\".\"T\""),
                new CreateIndex(
                        "s \"1",
                        "T",
                        "T a",
                        false,
                        "btree (\"A\"); DROP TABLE \"s \"\"1\".\"T\"; --",
                        List.of("\"A\""),
                        List.of(),
                        null))) {
            CommandLineRun run = CommandLineRun.of(environment, "apply", proposal(folder, hostile));
            assertThat(run.exitCode()).as(run.out() + run.err()).isEqualTo(4);
            nothingChanged();
        }
    }

    @Test
    void a_role_that_does_not_own_the_table_is_told_the_grant(@TempDir Path folder) throws Exception {
        Library.execute(
                address,
                "CREATE ROLE \"the owner\"",
                "ALTER TABLE \"s \"\"1\".\"T\" OWNER TO \"the owner\"",
                "GRANT USAGE, CREATE ON SCHEMA \"s \"\"1\" TO \"the owner\"",
                "CREATE ROLE deployer LOGIN PASSWORD 'd3ployer-pw'",
                "GRANT CREATE ON DATABASE postgres TO deployer");
        before = Library.catalog(address);
        String proposal = proposal(folder, INDEX);
        Map<String, String> other = new HashMap<>(environment);
        other.put("PGUSER", "deployer");
        other.put("PGPASSWORD", "d3ployer-pw");
        String url = "postgres://deployer@" + address.host() + ":" + address.port() + "/postgres";
        CommandLineRun run = CommandLineRun.of(other, "apply", proposal, url);
        assertThat(run.exitCode()).as(run.out() + run.err()).isEqualTo(4);
        assertThat(run.out() + run.err())
                .contains("\"deployer\" does not own", "GRANT \"the owner\" TO \"deployer\";")
                .doesNotContain("d3ployer-pw");
        nothingChanged();

        // The grant is the cure.
        Library.execute(address, "GRANT \"the owner\" TO deployer");
        CommandLineRun granted = CommandLineRun.of(other, "apply", proposal, url);
        assertThat(granted.exitCode()).as(granted.out() + granted.err()).isZero();
        assertThat(CommandLineRun.of(other, "undo", url).exitCode()).isZero();
        assertThat(CatalogDiff.between(before, Library.catalog(address))).isEmpty();
    }

    @Test
    void a_role_that_may_not_keep_a_journal_is_told_the_grant(@TempDir Path folder) throws Exception {
        Library.execute(
                address,
                "CREATE ROLE owner LOGIN PASSWORD '0wner-pw'",
                "ALTER TABLE \"s \"\"1\".\"T\" OWNER TO owner",
                "GRANT USAGE, CREATE ON SCHEMA \"s \"\"1\" TO owner");
        Map<String, String> other = new HashMap<>(environment);
        other.put("PGUSER", "owner");
        other.put("PGPASSWORD", "0wner-pw");
        CommandLineRun run = CommandLineRun.of(
                other,
                "apply",
                proposal(folder, INDEX),
                "postgres://owner@" + address.host() + ":" + address.port() + "/postgres");
        assertThat(run.exitCode()).as(run.out() + run.err()).isEqualTo(4);
        assertThat(run.out() + run.err())
                .contains("may not create the journal", "GRANT CREATE ON DATABASE \"postgres\" TO \"owner\";");
        nothingChanged();
    }

    @Test
    void a_deployment_that_is_not_there(@TempDir Path folder) throws Exception {
        CommandLineRun none = CommandLineRun.of(environment, "undo");
        assertThat(none.exitCode()).as(none.out() + none.err()).isEqualTo(2);
        assertThat(none.err()).contains("no deployment to take back", "Nothing was changed");
        nothingChanged();

        String proposal = proposal(folder, INDEX);
        assertThat(CommandLineRun.of(environment, "apply", proposal).exitCode()).isZero();
        Catalog applied = Library.catalog(address);
        CommandLineRun unknown = CommandLineRun.of(environment, "undo", "no'such-deployment");
        assertThat(unknown.exitCode()).as(unknown.out() + unknown.err()).isEqualTo(2);
        assertThat(unknown.err()).contains("no'such-deployment", "hone status");
        assertThat(CatalogDiff.between(applied, Library.catalog(address))).isEmpty();

        // Two words, neither an address nor a folder.
        assertThat(CommandLineRun.of(environment, "undo", "one", "other").exitCode())
                .isEqualTo(2);
    }
}
