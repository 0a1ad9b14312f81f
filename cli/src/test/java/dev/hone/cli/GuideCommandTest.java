package dev.hone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.advise.Proposal;
import dev.hone.advise.ProposalFolder;
import dev.hone.advise.Recommendation;
import dev.hone.change.AlterSetting;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GuideCommandTest {

    @TempDir
    private Path folder;

    private Path proposal;

    @BeforeEach
    void write() {
        proposal = folder.resolve("proposal");
        Recommendation one = new Recommendation(
                AlterSetting.ofDatabase("shop", "work_mem", "64MB"), "sorts spill", 0, List.of(), List.of());
        ProposalFolder.write(
                new Proposal(Proposal.FORMAT, Instant.EPOCH, "shop", null, "w", 0, 0, List.of(one), List.of()),
                proposal);
    }

    @Test
    void without_a_server_it_writes_both_files_beside_the_proposal_and_a_new_proposal_removes_them() {
        CommandLineRun run = CommandLineRun.of(Map.of(), "guide", proposal.toString());

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(proposal.resolve("guide.md")).content().contains("work\\_mem", "No server was looked at");
        assertThat(proposal.resolve("guide.html")).content().startsWith("<!DOCTYPE html>");
        assertThat(run.out()).contains("guide.md", "guide.html");
        write();
        assertThat(proposal.resolve("guide.md")).doesNotExist();
    }

    @Test
    void it_is_printed_or_written_elsewhere_and_a_server_out_of_reach_is_said() throws Exception {
        CommandLineRun printed = CommandLineRun.of(Map.of(), "guide", proposal.toString(), "--format", "html");
        assertThat(printed.out()).startsWith("<!DOCTYPE html>").endsWith("</html>\n");
        assertThat(proposal.resolve("guide.html")).doesNotExist();

        Path out = folder.resolve("out");
        CommandLineRun run = CommandLineRun.of(
                Map.of(), "guide", proposal.toString(), "postgres://nobody@127.0.0.1:1/shop", "--out", out.toString());
        assertThat(run.exitCode()).isZero();
        assertThat(run.err()).contains("Could not look there");
        assertThat(Files.readString(out.resolve("guide.md"))).contains("could not be looked at");

        assertThat(CommandLineRun.of(Map.of(), "guide", folder.toString()).exitCode())
                .isEqualTo(2);
    }
}
