package dev.hone.cli;

import dev.hone.Json;
import dev.hone.advise.Proposal;
import dev.hone.advise.ProposalFolder;
import dev.hone.advise.Recommendation;
import dev.hone.change.Change;
import dev.hone.change.DeployOptions;
import dev.hone.change.Deployer;
import dev.hone.change.DeploymentPlan;
import dev.hone.change.DeploymentResult;
import dev.hone.change.PreCheck;
import dev.hone.guard.GuardResult;
import dev.hone.guard.Guarding;
import dev.hone.guard.Promise;
import dev.hone.postgres.AddressParser;
import dev.hone.postgres.ServerAddress;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "apply",
        description =
                "Apply a proposal without blocking the database's users; a second run goes on where a first one ended.",
        mixinStandardHelpOptions = true)
final class ApplyCommand implements Callable<Integer> {

    private static final String INTERRUPTED =
            "Interrupted. The server may still work on the statement it was given; nothing is lost. Run the same command"
                    + " again: it goes on where this one stopped. `hone undo` takes back what is done.";

    private final Main main;

    @Parameters(index = "0", paramLabel = "PROPOSAL", description = "The folder that `hone advise --out` wrote.")
    private Path folder;

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "URL",
            description = "Address of the database; the one the proposal was worked out for if left out.")
    private @Nullable String url;

    @Option(names = "--dry-run", description = "Say what would be done, and change nothing.")
    private boolean dryRun;

    @Mixin
    private LimitArguments limits = new LimitArguments();

    @Mixin
    private GuardArguments guard = new GuardArguments();

    @Option(names = "--format", description = "${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} if left out.")
    private Format format = Format.TEXT;

    ApplyCommand(Main main) {
        this.main = main;
    }

    @Override
    public Integer call() {
        Terminal terminal = main.terminal();
        boolean guarded = guard.wanted();
        Proposal proposal = ProposalFolder.read(folder);
        List<Change> changes =
                proposal.recommendations().stream().map(Recommendation::change).toList();
        AddressParser parser = AddressParser.of(main.environment());
        ServerAddress address = url != null ? parser.parse(url) : parser.parseFound(proposal.address());
        terminal.err().println("On " + terminal.harmless(address.toString()));
        DeployOptions options = limits.options();
        if (dryRun) {
            DeploymentPlan plan = Deployer.plan(address, changes, options);
            switch (format) {
                case TEXT -> new DeploymentText(terminal).print(plan);
                case JSON -> terminal.out().print(Json.pretty(plan));
            }
            return plan.ready() ? 0 : 4;
        }
        return guarded ? guarded(address, proposal, changes, options) : unguarded(address, changes, options);
    }

    private int unguarded(ServerAddress address, List<Change> changes, DeployOptions options) {
        Terminal terminal = main.terminal();
        DeploymentResult result = Interrupted.saying(
                terminal,
                INTERRUPTED,
                () -> Deployer.apply(
                        address, changes, options, new TerminalProgress(terminal), null, this::beforehand));
        switch (format) {
            case TEXT -> new DeploymentText(terminal).print(result);
            case JSON -> terminal.out().print(Json.pretty(result));
        }
        return result.complete() ? 0 : 1;
    }

    private int guarded(ServerAddress address, Proposal proposal, List<Change> changes, DeployOptions options) {
        Terminal terminal = main.terminal();
        GuardResult result = Interrupted.saying(
                terminal,
                INTERRUPTED + " What is applied already stays, unguarded, until then.",
                () -> Guarding.apply(
                        address,
                        changes,
                        promises(proposal),
                        options,
                        guard.options(),
                        guard.sources(address),
                        new TerminalProgress(terminal),
                        this::beforehand));
        switch (format) {
            case TEXT -> new GuardText(terminal).print(result);
            case JSON -> terminal.out().print(Json.pretty(result));
        }
        return result.kept() ? 0 : 1;
    }

    /** Before the first step runs: what cannot be taken back is to be known before it is made, also beside a program. */
    private void beforehand(DeploymentPlan plan) {
        Terminal terminal = main.terminal();
        switch (format) {
            case TEXT -> new DeploymentText(terminal).printChecks(plan.checks());
            case JSON ->
                new DeploymentText(terminal.ofErrors())
                        .printChecks(plan.checks().stream()
                                .filter(check -> check.level() == PreCheck.Level.WARNING)
                                .toList());
        }
    }

    /** Which queries are to gain, and which are to pay for it. */
    private static List<Promise> promises(Proposal proposal) {
        Map<String, Promise> promises = new LinkedHashMap<>();
        for (Recommendation one : proposal.recommendations()) {
            for (Recommendation.Effect effect : one.effects()) {
                double gain = effect.calls() * (effect.costBefore() - effect.costAfter());
                promises.merge(
                        effect.query(),
                        new Promise(effect.query(), effect.sql(), gain),
                        (first, second) -> first.gain() > second.gain() ? first : second);
            }
            for (Recommendation.Upkeep upkeep : one.upkeep()) {
                promises.putIfAbsent(
                        upkeep.query(),
                        new Promise(upkeep.query(), upkeep.sql(), -upkeep.calls() * upkeep.costPerCall()));
            }
        }
        return List.copyOf(promises.values());
    }
}
