package dev.hone.cli;

import dev.hone.Json;
import dev.hone.change.DeploymentRecord;
import dev.hone.change.Journal;
import dev.hone.postgres.Server;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "status",
        description = "Show what Hone has changed in a database, and how far it came.",
        mixinStandardHelpOptions = true)
final class StatusCommand implements Callable<Integer> {

    private final Main main;

    @Mixin
    private Journaled journaled = new Journaled();

    @Option(names = "--format", description = "${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} if left out.")
    private Format format = Format.TEXT;

    StatusCommand(Main main) {
        this.main = main;
    }

    @Override
    public Integer call() {
        @Nullable String wanted = journaled.deployment();
        List<DeploymentRecord> deployments;
        try (Server server = Server.connect(journaled.address(main.environment()))) {
            deployments = Journal.read(server).stream()
                    .filter(deployment -> wanted == null || deployment.id().equals(wanted))
                    .map(DeploymentRecord::withoutEvidence)
                    .toList();
        }
        switch (format) {
            case TEXT -> new DeploymentText(main.terminal()).print(deployments);
            case JSON -> main.terminal().out().print(Json.pretty(deployments));
        }
        return 0;
    }
}
