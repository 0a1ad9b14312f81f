package dev.hone.cli;

import dev.hone.Json;
import dev.hone.advise.Proposal;
import dev.hone.advise.ProposalFolder;
import dev.hone.advise.Recommendation;
import dev.hone.change.Change;
import dev.hone.change.DeployOptions;
import dev.hone.change.Deployer;
import dev.hone.change.DeploymentPlan;
import dev.hone.change.DeploymentResult;
import dev.hone.postgres.AddressParser;
import dev.hone.postgres.ServerAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "apply",
        description =
                "Apply a proposal without blocking the database's users; a second run goes on where a first one ended.",
        mixinStandardHelpOptions = true)
final class ApplyCommand implements Callable<Integer> {

    private final Main main;

    @Parameters(index = "0", paramLabel = "PROPOSAL", description = "The folder that `hone advise --out` wrote.")
    private Path folder;

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "URL",
            description = "Address of the database; the one the proposal was worked out for if left out.")
    private @Nullable String url;

    @Option(names = "--dry-run", description = "Say what would be done, and change nothing.")
    private boolean dryRun;

    @Option(names = "--format", description = "${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} if left out.")
    private Format format = Format.TEXT;

    ApplyCommand(Main main) {
        this.main = main;
    }

    @Override
    public Integer call() {
        Terminal terminal = main.terminal();
        Proposal proposal = ProposalFolder.read(folder);
        List<Change> changes =
                proposal.recommendations().stream().map(Recommendation::change).toList();
        AddressParser parser = AddressParser.of(main.environment());
        ServerAddress address = url != null ? parser.parse(url) : parser.parseFound(proposal.address());
        terminal.err().println("On " + terminal.harmless(address.toString()));
        DeploymentText text = new DeploymentText(terminal);
        if (dryRun) {
            DeploymentPlan plan = Deployer.plan(address, changes, DeployOptions.DEFAULT);
            switch (format) {
                case TEXT -> text.print(plan);
                case JSON -> terminal.out().print(Json.pretty(plan));
            }
            return plan.ready() ? 0 : 4;
        }
        DeploymentResult result = Interrupted.saying(
                terminal,
                "Interrupted. The server may still work on the statement it was given; nothing is lost. Run the same"
                        + " command again: it goes on where this one stopped. `hone undo` takes back what is done.",
                () -> Deployer.apply(address, changes, DeployOptions.DEFAULT, new TerminalProgress(terminal)));
        switch (format) {
            case TEXT -> text.print(result);
            case JSON -> terminal.out().print(Json.pretty(result));
        }
        return result.complete() ? 0 : 1;
    }
}
