package dev.hone.cli;

import dev.hone.HoneException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The {@code hone} command. */
@Command(
        name = "hone",
        description = "Takes a PostgreSQL database from slow to fast, proves it, and keeps it fast.",
        versionProvider = Version.class,
        mixinStandardHelpOptions = true,
        subcommands = {
            DemoCommand.class,
            CheckCommand.class,
            PlanCommand.class,
            AdviseCommand.class,
            ExportCommand.class,
            GuideCommand.class,
            ApplyCommand.class,
            UndoCommand.class,
            StatusCommand.class,
            InstallCommand.class,
            UninstallCommand.class,
            TriggerCommand.class,
            LeaderboardCommand.class,
            RefreshCommand.class,
            BenchCommand.class,
            CompareCommand.class,
            SnapshotCommand.class,
            CommandLine.HelpCommand.class
        },
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "",
            "URL is postgres://USER@HOST:PORT/DATABASE or jdbc:postgresql://…, service=NAME, a file that"
                    + " `hone snapshot` wrote, or nothing for what PGHOST, PGDATABASE … say. A password belongs into PGPASSWORD,"
                    + " ~/.pgpass or the service file.",
            "Exit codes: 0 fine, 1 findings or a failed target, 2 usage, 3 server not reached, 4 refused for safety."
        })
public final class Main implements Runnable {

    @Spec
    private CommandSpec spec;

    @Option(names = "--debug", scope = ScopeType.INHERIT, description = "Show the whole error when something fails.")
    private boolean debug;

    private final Terminal terminal;
    private final Map<String, String> environment;

    Main(Terminal terminal, Map<String, String> environment) {
        this.terminal = terminal;
        this.environment = environment;
    }

    public static void main(String[] arguments) {
        Map<String, String> environment = System.getenv();
        System.exit(run(Terminal.ofThisProcess(environment), environment, arguments));
    }

    /** Runs one command line and returns its exit code. */
    static int run(Terminal terminal, Map<String, String> environment, String... arguments) {
        Main main = new Main(terminal, environment);
        CommandLine commandLine = new CommandLine(main, new Commands(main))
                .setOut(new PrintWriter(terminal.out(), true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8))
                .setColorScheme(CommandLine.Help.defaultColorScheme(
                        terminal.colour() ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF))
                .setUsageHelpAutoWidth(false)
                .setUsageHelpWidth(Math.min(120, terminal.columns()))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .registerConverter(Duration.class, new DurationConverter())
                .registerConverter(Bytes.class, new Bytes.Converter())
                .setExecutionExceptionHandler(main::explain);
        return commandLine.execute(arguments);
    }

    Terminal terminal() {
        return terminal;
    }

    Map<String, String> environment() {
        return environment;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Which command?");
    }

    private int explain(Exception failure, CommandLine commandLine, ParseResult parsed) {
        if (debug) {
            failure.printStackTrace(terminal.err());
        }
        if (failure instanceof HoneException explained) {
            terminal.err()
                    .println(terminal.styled(Terminal.Style.RED, "hone: ")
                            + terminal.harmless(String.valueOf(explained.getMessage())));
            terminal.err().println(terminal.harmless(explained.advice()));
            return explained.kind().exitCode();
        }
        terminal.err()
                .println(terminal.styled(Terminal.Style.RED, "hone: ") + "unexpected: "
                        + terminal.harmless(failure.toString()));
        terminal.err().println("This is a defect of Hone. Run again with --debug and report what it prints.");
        return HoneException.Kind.FAILED.exitCode();
    }

    /** Gives every command the root it belongs to. */
    private record Commands(Main main) implements CommandLine.IFactory {
        @Override
        public <K> K create(Class<K> type) throws Exception {
            try {
                return type.getDeclaredConstructor(Main.class).newInstance(main);
            } catch (NoSuchMethodException e) {
                return CommandLine.defaultFactory().create(type);
            }
        }
    }
}
