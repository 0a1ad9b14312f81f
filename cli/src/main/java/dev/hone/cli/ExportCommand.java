package dev.hone.cli;

import dev.hone.advise.Migrations;
import dev.hone.advise.Proposal;
import dev.hone.advise.ProposalFolder;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "export",
        description = "Write a proposal as migrations of Flyway or Liquibase, each with its undo.",
        mixinStandardHelpOptions = true)
final class ExportCommand implements Callable<Integer> {

    private final Main main;

    @Parameters(index = "0", paramLabel = "PROPOSAL", description = "The folder that `hone advise --out` wrote.")
    private Path folder;

    @Option(names = "--to", required = true, paramLabel = "TOOL", description = "${COMPLETION-CANDIDATES}.")
    private Migrations.Tool tool = Migrations.Tool.FLYWAY;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "DIR",
            description = "Where to write them; other migrations may be there.")
    private Path out = Path.of("");

    ExportCommand(Main main) {
        this.main = main;
    }

    @Override
    public Integer call() {
        Terminal terminal = main.terminal();
        Proposal proposal = ProposalFolder.read(folder);
        List<Path> written = Migrations.write(proposal, tool, out);
        written.forEach(file -> terminal.println("  " + file));
        terminal.println(
                written.isEmpty()
                        ? "The proposal holds no change; nothing was written."
                        : switch (tool) {
                            case FLYWAY ->
                                "Let Flyway lock without a transaction, or building an index waits for Flyway itself:"
                                        + " flyway.postgresql.transactional.lock=false";
                            case LIQUIBASE -> "Run it by liquibase update; liquibase rollback-count takes it back.";
                        });
        return 0;
    }
}
