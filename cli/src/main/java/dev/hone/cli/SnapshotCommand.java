package dev.hone.cli;

import dev.hone.check.Checks;
import dev.hone.postgres.BlindSpot;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotFile;
import dev.hone.postgres.SnapshotReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "snapshot",
        description = "Save what Hone reads of a server to a file, to be diagnosed and advised on elsewhere.",
        mixinStandardHelpOptions = true)
final class SnapshotCommand implements Callable<Integer> {

    private final Main main;

    @Mixin
    private Source source = new Source();

    @Option(names = "--out", paramLabel = "FILE", description = "File to write; DATABASE.hone if left out.")
    private @Nullable Path out;

    SnapshotCommand(Main main) {
        this.main = main;
    }

    @Override
    public Integer call() throws IOException {
        Terminal terminal = main.terminal();
        Snapshot snapshot = source.snapshot(
                main.environment(),
                version -> SnapshotReader.whole(Checks.queries(version)),
                new TerminalProgress(terminal));
        Path file = out != null ? out : Path.of(snapshot.database().name().replaceAll("[^\\w.-]", "_") + ".hone");
        SnapshotFile.write(snapshot, file);
        terminal.println("%s: PostgreSQL %s, %s, %s, %s"
                .formatted(
                        file,
                        snapshot.database().version(),
                        Words.count(
                                snapshot.catalog().relations().stream()
                                        .filter(relation -> relation.kind().matches("[rp]"))
                                        .count(),
                                "table",
                                "tables"),
                        Words.count(snapshot.catalog().indexes().size(), "index", "indexes"),
                        Words.bytes(Files.size(file))));
        terminal.println("It holds sample values of your data (planner statistics): keep it as you keep the data.");
        for (BlindSpot blind : snapshot.blindSpots()) {
            terminal.println("Blind: " + blind.what() + "\n       " + blind.cure());
        }
        return 0;
    }
}
