package dev.hone.cli;

import dev.hone.monitoring.MonitoringSchema;
import dev.hone.postgres.ServerAddress;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "install",
        description = "Install schema performance_monitoring: functions and views to use in plain SQL, without Hone.",
        mixinStandardHelpOptions = true)
final class InstallCommand implements Callable<Integer> {

    private final Main main;

    @Mixin
    private Address address = new Address();

    @Option(names = "--grant-to", paramLabel = "ROLE", description = "A role that shall be able to use it.")
    private @Nullable String role;

    InstallCommand(Main main) {
        this.main = main;
    }

    @Override
    public Integer call() {
        Terminal terminal = main.terminal();
        ServerAddress server = address.in(main.environment());
        terminal.err().println("On " + terminal.harmless(server.toString()));
        MonitoringSchema.Installed installed = MonitoringSchema.install(server, role);
        if (installed.steps().isEmpty()) {
            terminal.println("Schema performance_monitoring is there, and up to date.");
        } else {
            installed.steps().forEach(step -> terminal.println("  " + step));
            terminal.println("Schema performance_monitoring is installed. Try: SELECT * FROM"
                    + " performance_monitoring.check_index_usage();");
        }
        if (role != null) {
            terminal.println("Role " + role + " may use it.");
        }
        return 0;
    }
}
