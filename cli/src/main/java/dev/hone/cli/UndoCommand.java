package dev.hone.cli;

import dev.hone.Json;
import dev.hone.change.DeployOptions;
import dev.hone.change.Deployer;
import dev.hone.change.DeploymentResult;
import dev.hone.postgres.ServerAddress;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "undo",
        description = "Take a deployment back, last step first; the last one that is not undone if none is named.",
        mixinStandardHelpOptions = true)
final class UndoCommand implements Callable<Integer> {

    private final Main main;

    @Mixin
    private Journaled journaled = new Journaled();

    @Option(names = "--format", description = "${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} if left out.")
    private Format format = Format.TEXT;

    UndoCommand(Main main) {
        this.main = main;
    }

    @Override
    public Integer call() {
        Terminal terminal = main.terminal();
        ServerAddress address = journaled.address(main.environment());
        terminal.err().println("On " + terminal.harmless(address.toString()));
        DeploymentResult result = Interrupted.saying(
                terminal,
                "Interrupted. Run the same command again: it goes on where this one stopped.",
                () -> Deployer.undo(
                        address, journaled.deployment(), DeployOptions.DEFAULT, new TerminalProgress(terminal)));
        switch (format) {
            case TEXT -> {
                DeploymentText text = new DeploymentText(terminal);
                text.printChecks(result.checks());
                text.print(result);
            }
            case JSON -> terminal.out().print(Json.pretty(result));
        }
        return result.complete() ? 0 : 1;
    }
}
