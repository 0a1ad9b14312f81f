package dev.hone.cli;

import dev.hone.HoneException;
import dev.hone.Json;
import dev.hone.change.DeployOptions;
import dev.hone.change.Deployer;
import dev.hone.change.DeploymentResult;
import dev.hone.postgres.ServerAddress;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "undo",
        description =
                "Take a deployment back, last step first, or one step of it; the last one that is not undone if none is named.",
        mixinStandardHelpOptions = true)
final class UndoCommand implements Callable<Integer> {

    private final Main main;

    @Mixin
    private Journaled journaled = new Journaled();

    @Option(names = "--step", paramLabel = "N", description = "Take back this step alone; the others stay.")
    private @Nullable Integer step;

    @Option(
            names = "--all",
            description =
                    "Take back every deployment that is not undone, the newest first, up to the first that fails.")
    private boolean all;

    @Option(names = "--format", description = "${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} if left out.")
    private Format format = Format.TEXT;

    UndoCommand(Main main) {
        this.main = main;
    }

    @Override
    public Integer call() {
        if (all && (step != null || journaled.deployment() != null)) {
            throw HoneException.usage(
                    "--all takes every deployment back: it goes with neither --step nor a deployment's id",
                    "Nothing was changed.");
        }
        Terminal terminal = main.terminal();
        ServerAddress address = journaled.address(main.environment());
        terminal.err().println("On " + terminal.harmless(address.toString()));
        List<DeploymentResult> results = Interrupted.saying(
                terminal,
                "Interrupted. Run the same command again: it goes on where this one stopped.",
                () -> undo(address, new TerminalProgress(terminal)));
        switch (format) {
            case TEXT -> {
                DeploymentText text = new DeploymentText(terminal);
                results.forEach(result -> {
                    text.printChecks(result.checks());
                    text.print(result);
                });
                if (all) {
                    text.printUndone(results);
                }
            }
            case JSON -> terminal.out().print(Json.pretty(all ? results : results.getFirst()));
        }
        return results.stream().allMatch(DeploymentResult::complete) ? 0 : 1;
    }

    private List<DeploymentResult> undo(ServerAddress address, TerminalProgress progress) {
        if (all) {
            return Deployer.undoAll(address, DeployOptions.DEFAULT, progress);
        }
        @Nullable String deployment = journaled.deployment();
        return List.of(
                step == null
                        ? Deployer.undo(address, deployment, DeployOptions.DEFAULT, progress)
                        : Deployer.undoStep(address, deployment, step, DeployOptions.DEFAULT, progress));
    }
}
