package dev.hone.cli;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.check.Checks;
import dev.hone.postgres.BlindSpot;
import dev.hone.postgres.Server;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotFile;
import dev.hone.postgres.SnapshotReader;
import dev.hone.twin.KeyEvidence;
import dev.hone.workload.PgStatStatements;
import dev.hone.workload.WorkloadEvidence;
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
        Snapshot snapshot = snapshot(new TerminalProgress(terminal));
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
        terminal.println(WorkloadEvidence.of(snapshot)
                .map(workload -> "Workload: "
                        + Words.count(workload.queries().size(), "statement", "statements") + " from "
                        + workload.source())
                .orElseGet(() ->
                        "No workload: " + WorkloadEvidence.reason(snapshot).orElse("none was asked for.")));
        terminal.println("It holds sample values of your data (planner statistics): keep it as you keep the data.");
        for (BlindSpot blind : snapshot.blindSpots()) {
            terminal.println("Blind: " + blind.what() + "\n       " + blind.cure());
        }
        return 0;
    }

    private Snapshot snapshot(Progress progress) {
        if (source.isFile()) {
            return source.file();
        }
        try (Server server = Server.connect(source.address(main.environment()))) {
            Snapshot snapshot = KeyEvidence.count(
                    server,
                    SnapshotReader.whole(Checks.queries(server.version())).read(server, progress),
                    progress);
            try {
                PgStatStatements.Reading reading = PgStatStatements.read(server, Advising.MOST_STATEMENTS);
                return WorkloadEvidence.keep(reading.workload(), reading.blindSpots(), snapshot);
            } catch (HoneException e) {
                return WorkloadEvidence.missing(e.getMessage() + ". " + e.advice(), snapshot);
            }
        }
    }
}
