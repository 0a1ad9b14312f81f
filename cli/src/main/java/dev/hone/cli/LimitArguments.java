package dev.hone.cli;

import dev.hone.HoneException;
import dev.hone.change.DeployOptions;
import dev.hone.change.Limits;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a deployment bears before it pauses, and how much disk it may use. */
final class LimitArguments {

    @Option(
            names = "--max-replica-lag",
            paramLabel = "SIZE|TIME",
            converter = ReplicaLag.Converter.class,
            description = "Pause between steps, and between the parts of one, while a replica is further behind.")
    private @Nullable ReplicaLag replicaLag;

    @Option(
            names = "--max-active",
            paramLabel = "N",
            description = "Pause likewise while more sessions of others work at the same time.")
    private @Nullable Integer active;

    @Option(
            names = "--longest-pause",
            paramLabel = "TIME",
            description = "After which a pause ends the deployment, to be gone on with later; 1h if left out.")
    private Duration longestPause = Limits.NONE.longestPause();

    @Option(
            names = "--free-disk",
            paramLabel = "SIZE",
            description = "What is free on the server's disk, which cannot be seen from another machine.")
    private @Nullable Bytes freeDisk;

    DeployOptions options() {
        Limits limits = Limits.NONE.withLongestPause(longestPause);
        if (replicaLag != null) {
            limits = replicaLag.limit(limits);
        }
        if (active != null) {
            if (active < 1) {
                throw HoneException.usage("--max-active must be at least 1: " + active, "Nothing was changed.");
            }
            limits = limits.withActiveSessions(active);
        }
        DeployOptions options = DeployOptions.DEFAULT.withLimits(limits);
        return freeDisk == null ? options : options.withFreeDisk(freeDisk.count());
    }
}
