package dev.hone.cli;

import dev.hone.HoneException;
import dev.hone.advise.Proposal;
import dev.hone.advise.ProposalFolder;
import dev.hone.advise.Recommendation;
import dev.hone.change.Change;
import dev.hone.monitoring.MonitoringSchema;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.upkeep.Pace;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.function.Function;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What commands have in common that write triggers and their functions as a proposal. */
final class Generated {

    @Mixin
    private Address address = new Address();

    @Option(
            names = "--table",
            required = true,
            paramLabel = "TABLE",
            description = "The table, as in SQL; in public if it names no schema.")
    private String table = "";

    @Option(
            names = "--min-interval",
            paramLabel = "TIME",
            description = "The least time between two refreshes, and the lull to wait for; 1s if left out.")
    private Duration minInterval = Duration.ofSeconds(1);

    @Option(
            names = "--max-staleness",
            paramLabel = "TIME",
            description = "The longest that a change waits for a lull; 1m if left out.")
    private Duration maxStaleness = Duration.ofMinutes(1);

    @Option(
            names = "--alert",
            paramLabel = "TIME",
            description = "What the triggers may take of a statement before they raise an alert; 100ms if left out.")
    private Duration alert = Duration.ofMillis(100);

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "The folder to write the proposal to; ${DEFAULT-VALUE} if left out.")
    private Path out = Path.of("proposal");

    String table() {
        return table;
    }

    /** Works the changes out on the server, reading only, and writes them. */
    int write(Main main, String command, String reason, Function<Server, List<Change>> changes) {
        Terminal terminal = main.terminal();
        ServerAddress place = address.in(main.environment());
        try (Server server = Server.connect(place)) {
            if (!MonitoringSchema.installed(server)) {
                throw HoneException.refused(
                        "Schema performance_monitoring is not installed in " + place,
                        "Nothing was changed. Its tables tell the worker what to refresh: run `hone install` first.");
            }
            List<Recommendation> steps = changes.apply(server).stream()
                    .map(change -> new Recommendation(change, reason, 0, List.of(), List.of()))
                    .toList();
            String database = server.handle()
                    .createQuery("SELECT current_database()")
                    .mapTo(String.class)
                    .one();
            ProposalFolder.write(
                    new Proposal(
                            Proposal.FORMAT,
                            Clock.systemUTC().instant().truncatedTo(ChronoUnit.SECONDS),
                            database,
                            place.toString(),
                            command,
                            0,
                            0,
                            steps,
                            List.of(
                                    "`hone refresh`, or SELECT performance_monitoring.refresh_now(…) from anywhere, works off what"
                                            + " the triggers queue.")),
                    out);
            steps.forEach(step -> terminal.println("  " + step.change().title()));
            terminal.println("Written to " + out + ": `hone apply " + out + "` makes it, `hone undo` takes it back.");
            return 0;
        }
    }

    /** How often to refresh. */
    Pace pace() {
        try {
            return new Pace(minInterval, maxStaleness, Pace.DEFAULT.batchRows(), alert);
        } catch (IllegalArgumentException e) {
            throw HoneException.usage(
                    "--min-interval, --max-staleness and --alert do not fit: " + e.getMessage(),
                    "Nothing was changed.");
        }
    }
}
