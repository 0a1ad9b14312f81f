package dev.hone.cli;

import dev.hone.Json;
import dev.hone.check.Checks;
import dev.hone.check.Diagnosis;
import dev.hone.check.Severity;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotReader;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "check",
        description = "Diagnose a database: what is wrong, why it matters, what to do. Reads only.",
        mixinStandardHelpOptions = true)
final class CheckCommand implements Callable<Integer> {

    private final Main main;

    @Mixin
    private Source source = new Source();

    @Option(names = "--format", description = "${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} if left out.")
    private Format format = Format.TEXT;

    @Option(
            names = "--fail-on",
            paramLabel = "LEVEL",
            description = "Exit with 1 if there is a finding of this severity or worse: info, warning, critical.")
    private @Nullable Severity failOn;

    @Option(names = "--all", description = "Show every finding; otherwise the first ten of each check.")
    private boolean all;

    CheckCommand(Main main) {
        this.main = main;
    }

    @Override
    public Integer call() {
        Terminal terminal = main.terminal();
        Snapshot snapshot = source.snapshot(
                main.environment(),
                version -> SnapshotReader.only(Checks.queries(version)),
                new TerminalProgress(terminal));
        Diagnosis diagnosis = Checks.diagnose(snapshot);
        switch (format) {
            case TEXT -> new DiagnosisText(terminal, all).print(snapshot, diagnosis);
            case JSON -> terminal.out().print(Json.pretty(CheckDocument.of(snapshot, diagnosis)));
        }
        return failOn != null
                        && diagnosis
                                .worst()
                                .filter(worst -> worst.compareTo(failOn) >= 0)
                                .isPresent()
                ? 1
                : 0;
    }
}
