package dev.hone.cli;

import dev.hone.HoneException;
import dev.hone.postgres.ServerAddress;
import dev.hone.upkeep.Refresher;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "refresh",
        description = "Refresh what triggers have queued, and run maintenance that is due, until it is ended.",
        mixinStandardHelpOptions = true)
final class RefreshCommand implements Callable<Integer> {

    private static final Set<Refresher.Outcome> FAILURES =
            EnumSet.of(Refresher.Outcome.FAILED, Refresher.Outcome.REFUSED);

    private final Main main;

    @Mixin
    private Address address = new Address();

    @Option(names = "--once", description = "Do what is due now, and end.")
    private boolean once;

    @Option(
            names = "--poll",
            paramLabel = "TIME",
            description = "How often to look without being notified; 1s if left out.")
    private Duration poll = Duration.ofSeconds(1);

    @Option(names = "--no-maintenance", description = "Leave scheduled maintenance to others.")
    private boolean noMaintenance;

    @Option(
            names = "--trust",
            paramLabel = "ROLE",
            description = "A role whose functions, views and triggers may run with your rights; as often as needed.")
    private List<String> trusted = List.of();

    RefreshCommand(Main main) {
        this.main = main;
    }

    @Override
    public Integer call() {
        if (poll.toMillis() < 10 || poll.toHours() >= 1) {
            throw HoneException.usage("--poll must be from 10ms to 1h", "Nothing was done.");
        }
        Terminal terminal = main.terminal();
        ServerAddress server = address.in(main.environment());
        if (once) {
            try (Refresher refresher = Refresher.connect(server, !noMaintenance, trusted)) {
                List<Refresher.Event> events = refresher.passes();
                events.forEach(event -> print(terminal, event));
                if (events.isEmpty()) {
                    terminal.println("Nothing is due.");
                }
                return events.stream().map(Refresher.Event::outcome).anyMatch(FAILURES::contains) ? 1 : 0;
            }
        }
        terminal.err()
                .println("Refreshing in " + terminal.harmless(server.toString())
                        + "; end it with Ctrl-C, nothing is lost.");
        Refresher.run(server, !noMaintenance, trusted, poll, event -> print(terminal, event), () -> false);
        return 0;
    }

    private static void print(Terminal terminal, Refresher.Event event) {
        switch (event.outcome()) {
            case DONE ->
                terminal.println("%s: %s%s"
                        .formatted(
                                event.what(),
                                event.changed() == 0 ? "" : Words.count(event.changed(), "change", "changes") + " in ",
                                Words.millis(event.millis())));
            case FAILED -> terminal.println(event.what() + ": failed, and is tried again: " + event.error());
            case BUSY -> terminal.println(event.what() + ": another worker is at it");
            case REFUSED ->
                terminal.println(
                        event.what() + ": not refreshed: " + event.error()
                                + ". It is unchanged. Run `hone refresh` as that role, change the owner, or add --trust with the role.");
            case DISCONNECTED -> terminal.println("The connection broke and is made anew: " + event.error());
        }
    }
}
