package dev.hone.cli;

import dev.hone.Json;
import dev.hone.measure.Load;
import dev.hone.measure.LoadOptions;
import dev.hone.measure.LoadResult;
import dev.hone.postgres.AddressParser;
import dev.hone.workload.ScriptParser;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "bench",
        description = "Put the load of a workload script on a database and measure it.",
        mixinStandardHelpOptions = true)
final class BenchCommand implements Callable<Integer> {

    private final Main main;

    @Parameters(index = "0", paramLabel = "WORKLOAD", description = "A workload script (docs/workload.md).")
    private Path script;

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "URL",
            description = "Address of the database; the PG* environment if left out.")
    private @Nullable String url;

    @Option(names = "--connections", description = "Clients at the same time; ${DEFAULT-VALUE} if left out.")
    private int connections = LoadOptions.DEFAULT.connections();

    @Option(names = "--duration", paramLabel = "TIME", description = "How long to measure; 30s if left out.")
    private Duration duration = LoadOptions.DEFAULT.duration();

    @Option(names = "--warm-up", paramLabel = "TIME", description = "Load before that, not counted; 5s if left out.")
    private Duration warmUp = LoadOptions.DEFAULT.warmUp();

    @Option(names = "--seed", description = "Decides the order of requests and values; ${DEFAULT-VALUE} if left out.")
    private long seed = LoadOptions.DEFAULT.seed();

    @Option(
            names = "--statement-timeout",
            paramLabel = "TIME",
            description = "After which a statement counts as failed; 30s if left out.")
    private Duration statementTimeout = LoadOptions.DEFAULT.statementTimeout();

    @Option(names = "--allow-writes", description = "Let the script write; otherwise every transaction is read-only.")
    private boolean allowWrites;

    @Option(names = "--out", paramLabel = "FILE", description = "Keep the result for `hone compare`.")
    private @Nullable Path out;

    @Option(names = "--format", description = "${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} if left out.")
    private Format format = Format.TEXT;

    BenchCommand(Main main) {
        this.main = main;
    }

    @Override
    public Integer call() {
        Terminal terminal = main.terminal();
        LoadOptions options = new LoadOptions(connections, warmUp, duration, seed, allowWrites, statementTimeout, 0);
        LoadResult result = Load.run(
                AddressParser.of(main.environment()).parse(url),
                ScriptParser.read(script),
                options,
                Clock.systemUTC(),
                new TerminalProgress(terminal));
        if (out != null) {
            result.save(out);
        }
        switch (format) {
            case TEXT -> {
                new LoadText(terminal).print(result);
                if (out != null) {
                    terminal.println("Kept in " + out + ": hone compare BEFORE AFTER");
                }
            }
            case JSON -> terminal.out().print(Json.pretty(result));
        }
        return 0;
    }
}
