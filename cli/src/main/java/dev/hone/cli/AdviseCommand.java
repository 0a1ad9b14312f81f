package dev.hone.cli;

import dev.hone.HoneException;
import dev.hone.Json;
import dev.hone.Progress;
import dev.hone.advise.AdviceOptions;
import dev.hone.advise.Proposal;
import dev.hone.advise.ProposalFolder;
import dev.hone.advise.ProposalHtml;
import dev.hone.advise.ProposalMarkdown;
import dev.hone.check.Checks;
import dev.hone.check.Diagnosis;
import dev.hone.postgres.AddressParser;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotReader;
import dev.hone.verify.LearnedTimes;
import dev.hone.verify.Place;
import dev.hone.verify.Trial;
import dev.hone.verify.Verification;
import dev.hone.verify.VerifyOptions;
import dev.hone.workload.SampleValues;
import dev.hone.workload.ScriptParser;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "advise",
        description =
                "Work out changes that make the workload faster, on a twin of the database's planner. Only reads the database, unless --verify-on says otherwise.",
        mixinStandardHelpOptions = true)
final class AdviseCommand implements Callable<Integer> {

    private final Main main;

    @Mixin
    private Source source = new Source();

    @Option(
            names = "--workload",
            paramLabel = "FILE",
            description = "A workload script (docs/workload.md); pg_stat_statements if left out.")
    private @Nullable Path workload;

    @Option(
            names = "--budget",
            paramLabel = "SIZE",
            description =
                    "The most that all new indexes together may take, such as 500MB; a fifth of the database if left out.")
    private @Nullable Bytes budget;

    @Option(names = "--time", paramLabel = "TIME", description = "When to stop searching, such as 60s; 2m if left out.")
    private Duration time = AdviceOptions.DEFAULT.timeLimit();

    @Option(
            names = "--verify",
            description = "Build the advice and its runners-up on a copy, measure, and keep what helps.")
    private boolean verify;

    @Option(
            names = "--verify-on",
            paramLabel = "URL",
            description =
                    "The copy to measure at, left as it was found; one on this machine if left out. `self` is the database itself: indexes are built there for a while, and only what reads is measured.")
    private @Nullable String verifyOn;

    @Option(
            names = "--verify-time",
            paramLabel = "TIME",
            description = "The most to spend on measuring, such as 5m; 10m if left out.")
    private @Nullable Duration verifyTime;

    @Option(
            names = "--verify-size",
            paramLabel = "SIZE",
            description = "Larger tables are sampled for the copy on this machine; 2GB if left out.")
    private @Nullable Bytes verifySize;

    @Option(names = "--out", paramLabel = "DIR", description = "Write the proposal into a folder, for `hone apply`.")
    private @Nullable Path out;

    @Option(names = "--explain", description = "Show for every change the queries it serves and what else was tried.")
    private boolean explain;

    @Option(
            names = "--count",
            description =
                    "Look harder for wrong estimates: also count the values of whole columns, and combinations, by at"
                            + " most 20 read-only statements of 5 s.")
    private boolean count;

    @Option(
            names = "--role",
            paramLabel = "ROLE",
            description =
                    "Plan with the settings that ALTER ROLE and ALTER DATABASE give this role, as the application's;"
                            + " those of the role that connects if left out.")
    private @Nullable String role;

    @Option(names = "--format", description = "${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} if left out.")
    private AdviceFormat format = AdviceFormat.TEXT;

    private @Nullable Verification verification;

    AdviseCommand(Main main) {
        this.main = main;
    }

    @Override
    public Integer call() {
        if (count && source.isFile()) {
            throw HoneException.usage(
                    "--count needs the database itself: a snapshot's file holds no rows",
                    "Nothing was read. Give the database's address instead of the file, or leave --count out.");
        }
        Terminal terminal = main.terminal();
        Progress progress = new TerminalProgress(terminal);
        AdviceOptions options = AdviceOptions.DEFAULT.withTimeLimit(time);
        if (budget != null) {
            options = options.withBudget(budget.count());
        }
        Proposal proposal = source.isFile() ? fromFile(options, progress) : fromServer(options, progress);
        if (out != null) {
            ProposalFolder.write(proposal, out);
        }
        switch (format) {
            case TEXT -> {
                new ProposalText(terminal, explain).print(proposal);
                if (verification != null) {
                    new VerificationText(terminal).print(verification);
                }
                next(terminal, proposal);
            }
            case JSON -> terminal.out().print(Json.pretty(proposal));
            case MARKDOWN -> terminal.out().print(ProposalMarkdown.of(proposal));
            case HTML -> terminal.out().print(ProposalHtml.of(proposal));
        }
        return 0;
    }

    private void next(Terminal terminal, Proposal proposal) {
        String next = proposal.recommendations().isEmpty()
                ? "Nothing was changed."
                : out == null
                        ? "Nothing was changed. --out DIR writes the proposal as SQL with its undo, for `hone apply`."
                        : "Written to " + out + ". Nothing was changed. Next: hone apply " + out + " --dry-run";
        terminal.println(Paragraph.wrap("", next, terminal.columns()));
    }

    private Proposal fromServer(AdviceOptions options, Progress progress) {
        ServerAddress address = source.address(main.environment());
        try (Server server = Server.connect(address)) {
            Snapshot snapshot = planned(
                    SnapshotReader.whole(Checks.queries(server.version())).read(server, progress));
            Diagnosis diagnosis = Checks.diagnose(snapshot);
            Advising.Learnt learnt = learn(server).counting(new Advising.Count(server, count));
            Optional<Path> times = LearnedTimes.file(server);
            Optional<LearnedTimes> known = times.flatMap(LearnedTimes::read);
            AdviceOptions using =
                    known.map(LearnedTimes::model).map(options::withTimeModel).orElse(options);
            Proposal proposal = Advising.propose(
                    snapshot,
                    address.toString(),
                    diagnosis,
                    known.map(AdviseCommand::note).map(learnt::withNote).orElse(learnt),
                    using,
                    trying(address, using, progress),
                    progress);
            Verification found = verification;
            if (times.isPresent() && found != null && found.model() != null) {
                LearnedTimes.write(
                        times.get(),
                        snapshot.database().name(),
                        found.model(),
                        Clock.systemUTC().instant().truncatedTo(ChronoUnit.SECONDS));
            }
            return proposal;
        }
    }

    private static String note(LearnedTimes known) {
        return "Costs are corrected by what a verification of this database learned at " + known.learnedAt() + " from "
                + known.model().plans() + " measured plans.";
    }

    /** The Snapshot whose settings are planned with. */
    private Snapshot planned(Snapshot snapshot) {
        return role == null ? snapshot : snapshot.asRole(role);
    }

    private Proposal fromFile(AdviceOptions options, Progress progress) {
        Snapshot snapshot = planned(source.file());
        Advising.Learnt learnt = workload == null
                ? Advising.Learnt.from(snapshot)
                : new Advising.Learnt(ScriptParser.read(workload).workload(SampleValues.none()), List.of());
        return Advising.propose(
                snapshot, null, Checks.diagnose(snapshot), learnt, options, trying(null, options, progress), progress);
    }

    /** Trying on a copy, if that was asked for. */
    private Advising.Trying trying(@Nullable ServerAddress address, AdviceOptions options, Progress progress) {
        if (!verify && verifyOn == null) {
            if (verifyTime != null || verifySize != null) {
                throw HoneException.usage(
                        (verifyTime != null ? "--verify-time" : "--verify-size")
                                + " is for --verify, which is not there",
                        "Add --verify, or leave it out.");
            }
            return Advising.Trying.NOT;
        }
        if (verifyOn != null && verifySize != null) {
            throw HoneException.usage(
                    "--verify-size is for a copy that Hone makes, and --verify-on names another place",
                    "Leave one of them out.");
        }
        VerifyOptions chosen =
                new VerifyOptions(place(), verifyTime == null ? VerifyOptions.DEFAULT.time() : verifyTime);
        return (twin, snapshot, queries, advice) -> {
            Verification found = Interrupted.saying(
                    main.terminal(),
                    "Interrupted. Indexes that were being tried in a database are journaled there: the same command removes"
                            + " them first, and so does `hone undo`.",
                    () -> Trial.run(twin, snapshot, address, queries, advice, options, chosen, progress));
            verification = found;
            return found.applied(advice);
        };
    }

    private Place place() {
        if (verifyOn == null) {
            return new Place.OwnCopy(verifySize == null ? VerifyOptions.SIZE_BYTES : verifySize.count());
        }
        if (verifyOn.equals("self") && workload == null) {
            throw HoneException.usage(
                    "--verify-on self runs the workload as a superuser in the database itself, and what pg_stat_statements holds"
                            + " may be anybody's",
                    "Say what is to be run: --workload FILE (docs/workload.md).");
        }
        return verifyOn.equals("self")
                ? new Place.Source()
                : new Place.StagingCopy(AddressParser.of(main.environment()).parse(verifyOn));
    }

    private Advising.Learnt learn(Server server) {
        return workload != null
                ? Advising.Learnt.from(server, ScriptParser.read(workload))
                : Advising.Learnt.from(server);
    }
}
