package dev.hone.cli;

import dev.hone.HoneException;
import dev.hone.monitoring.MonitoringSchema;
import dev.hone.postgres.ServerAddress;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "uninstall",
        description = "Remove what `hone install` made. The journal of deployments stays, unless you ask for more.",
        mixinStandardHelpOptions = true)
final class UninstallCommand implements Callable<Integer> {

    private final Main main;

    @Mixin
    private Address address = new Address();

    @Option(names = "--dry-run", description = "Say what would go and what would stay, and change nothing.")
    private boolean dryRun;

    @Option(names = "--with-journal", description = "Remove the journal of deployments too.")
    private boolean withJournal;

    @Option(names = "--force", description = "Even if deployments could not be undone any more.")
    private boolean force;

    UninstallCommand(Main main) {
        this.main = main;
    }

    @Override
    public Integer call() {
        if (force && !withJournal) {
            throw HoneException.usage(
                    "--force is for --with-journal",
                    "Nothing was changed. Without it the journal stays, and nothing is lost.");
        }
        Terminal terminal = main.terminal();
        ServerAddress server = address.in(main.environment());
        terminal.err().println("On " + terminal.harmless(server.toString()));
        MonitoringSchema.Removal removal = MonitoringSchema.removal(server, withJournal);
        removal.goes().forEach(what -> terminal.println("  goes:  " + what));
        removal.stays().forEach(what -> terminal.println("  stays: " + what));
        removal.undoable()
                .forEach(id -> terminal.println("  deployment " + id + " could not be undone or ended any more"));
        if (dryRun) {
            return 0;
        }
        MonitoringSchema.remove(server, withJournal, force);
        terminal.println("Removed.");
        return 0;
    }
}
