package dev.hone.advise;

import dev.hone.HoneException;
import dev.hone.change.Change;
import dev.hone.change.DeployOptions;
import dev.hone.change.Deployer;
import dev.hone.change.DeploymentPlan;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.Sql;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The deployment guide of a Proposal: what to look at before, the steps with their locks and times, what to watch, how
 * to see that it worked, how to take it back, and what operations must know afterwards. Immutable.
 *
 * @param look what was found on the server; null if none was asked
 */
public record Guide(Proposal proposal, @Nullable Look look) {

    static final String MARKDOWN = "guide.md";
    static final String HTML = "guide.html";

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /**
     * What was found on the server the Proposal is for.
     *
     * @param address without a password
     * @param plan the steps as they would be made, and what was checked before; null if the server could not be asked
     * @param bytes for each step what it must read, in bytes; 0 for nothing, or not known
     * @param failure why it could not be asked; empty if it could
     */
    public record Look(String address, Instant at, @Nullable DeploymentPlan plan, List<Long> bytes, String failure) {

        public Look {
            bytes = List.copyOf(bytes);
        }

        /** Asks a server, and changes nothing; a server that cannot be asked is a finding like others. */
        public static Look at(ServerAddress address, Proposal proposal, DeployOptions options, Clock clock) {
            List<Change> changes = proposal.recommendations().stream()
                    .map(Recommendation::change)
                    .toList();
            try (Server server = Server.connect(address)) {
                DeploymentPlan plan = Deployer.plan(address, changes, options);
                List<Long> bytes =
                        changes.stream().map(change -> bytes(server, change)).toList();
                return new Look(address.toString(), clock.instant(), plan, bytes, "");
            } catch (HoneException e) {
                return new Look(address.toString(), clock.instant(), null, List.of(), String.valueOf(e.getMessage()));
            }
        }

        private static long bytes(Server server, Change change) {
            Optional<String> reads = change.reads();
            return reads.isEmpty()
                    ? 0
                    : server.read(
                            PATIENCE,
                            handle -> handle.createQuery(Sql.load(Guide.class, "guide_size", server.version()))
                                    .bind("name", reads.get())
                                    .mapTo(Long.class)
                                    .findOne()
                                    .orElse(0L));
        }
    }

    /** In Markdown. */
    public String markdown() {
        return BlockFormat.markdown(blocks());
    }

    /** As one HTML file. */
    public String html() {
        return BlockFormat.html(GuideText.title(proposal), blocks());
    }

    private List<Block> blocks() {
        return new GuideText(proposal, look).blocks();
    }

    /**
     * Writes it into a folder in both formats, in the place of an earlier one.
     *
     * @return the files
     * @throws HoneException of kind {@code FAILED} if the folder cannot be written
     */
    public List<Path> write(Path folder) {
        try {
            if (!Files.isDirectory(folder)) {
                // It names what the database holds: for its owner alone, as the proposal is.
                Files.createDirectories(
                        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
            List<Path> files = new ArrayList<>();
            files.add(Files.writeString(folder.resolve(MARKDOWN), markdown()));
            files.add(Files.writeString(folder.resolve(HTML), html()));
            return files;
        } catch (IOException e) {
            throw HoneException.failed(
                    "Cannot write the guide to " + folder + ": " + e.getClass().getSimpleName() + " " + e.getMessage(),
                    "No database was touched. Name a folder that can be written with --out.",
                    e);
        }
    }
}
