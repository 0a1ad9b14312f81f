package dev.hone.cli;

import dev.hone.advise.Guide;
import dev.hone.advise.Proposal;
import dev.hone.advise.ProposalFolder;
import dev.hone.change.DeployOptions;
import dev.hone.postgres.AddressParser;
import dev.hone.postgres.ServerAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "guide",
        description =
                "Write the deployment guide of a proposal: what to prepare, run, watch, verify, roll back and hand over.",
        mixinStandardHelpOptions = true)
final class GuideCommand implements Callable<Integer> {

    /** How the guide is printed. */
    enum GuideFormat {
        MARKDOWN,
        HTML
    }

    private final Main main;

    @Parameters(index = "0", paramLabel = "PROPOSAL", description = "The folder that `hone advise --out` wrote.")
    private Path folder;

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "URL",
            description =
                    "Address of the database, to add what is found there; nothing there is changed. Without it the guide"
                            + " is written from the proposal alone.")
    private @Nullable String url;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Where to write guide.md and guide.html; the proposal's folder if left out.")
    private @Nullable Path out;

    @Option(names = "--format", description = "Print it instead: ${COMPLETION-CANDIDATES}.")
    private @Nullable GuideFormat format;

    GuideCommand(Main main) {
        this.main = main;
    }

    @Override
    public Integer call() {
        Terminal terminal = main.terminal();
        Proposal proposal = ProposalFolder.read(folder);
        Guide guide = new Guide(proposal, look(proposal));
        if (format == null) {
            guide.write(home()).forEach(file -> terminal.println("  " + file));
        } else {
            terminal.out()
                    .print(
                            switch (format) {
                                case MARKDOWN -> guide.markdown();
                                case HTML -> guide.html();
                            });
        }
        return 0;
    }

    private Path home() {
        Path named = out;
        if (named != null) {
            return named;
        }
        return Files.isDirectory(folder) ? folder : folder.resolveSibling(".");
    }

    private Guide.@Nullable Look look(Proposal proposal) {
        if (url == null) {
            return null;
        }
        ServerAddress address = AddressParser.of(main.environment()).parse(url);
        Terminal terminal = main.terminal();
        terminal.err().println("Looking at " + terminal.harmless(address.toString()));
        Guide.Look look = Guide.Look.at(address, proposal, DeployOptions.DEFAULT, Clock.systemUTC());
        if (look.plan() == null) {
            terminal.err().println(terminal.harmless("Could not look there: " + look.failure()));
            terminal.err().println("The guide is written from the proposal alone, and says so.");
        }
        return look;
    }
}
