package dev.hone.cli;

import dev.hone.Json;
import dev.hone.cases.Case;
import dev.hone.cases.Cases;
import dev.hone.measure.Verdict;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "demo",
        description =
                "Make a slow application fast on a PostgreSQL of Hone's own, and measure it. Exits with 1 if a target"
                        + " is missed.",
        mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {

    private final Main main;

    @Parameters(arity = "0..1", paramLabel = "CASE", description = "Which application; ${DEFAULT-VALUE} if left out.")
    private String name = Cases.all().getFirst().name();

    @Option(
            names = "--scale",
            description = "Size of the data, relative to the case's own; ${DEFAULT-VALUE} if left out.")
    private double scale = 1;

    @Option(names = "--connections", description = "Clients at the same time; ${DEFAULT-VALUE} if left out.")
    private int connections = 50;

    @Option(
            names = "--duration",
            paramLabel = "TIME",
            description = "How long to measure, before and after; 30s if left out.")
    private Duration duration = Duration.ofSeconds(30);

    @Option(names = "--warm-up", paramLabel = "TIME", description = "Load before that, not counted; 5s if left out.")
    private Duration warmUp = Duration.ofSeconds(5);

    @Option(names = "--budget", paramLabel = "SIZE", description = "The most that new indexes may take, such as 200MB.")
    private @Nullable Bytes budget;

    @Option(names = "--explain", description = "Show for every change the queries it serves and what else was tried.")
    private boolean explain;

    @Option(names = "--out", paramLabel = "DIR", description = "Keep the proposal and both measurements in a folder.")
    private @Nullable Path out;

    @Option(names = "--format", description = "${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} if left out.")
    private Format format = Format.TEXT;

    DemoCommand(Main main) {
        this.main = main;
    }

    @Override
    public Integer call() {
        Terminal terminal = main.terminal();
        Case shown = Cases.find(name);
        Demo demo = new Demo(
                terminal,
                format == Format.TEXT ? terminal : terminal.silent(),
                new Demo.Options(scale, connections, warmUp, duration, budget, explain, out));
        Demo.Outcome outcome = demo.run(shown);
        if (format == Format.JSON) {
            terminal.out().print(Json.pretty(outcome));
        }
        return outcome.results().stream().anyMatch(result -> result.verdict() == Verdict.FAIL) ? 1 : 0;
    }
}
