package dev.hone.cli;

import dev.hone.Progress;
import dev.hone.advise.AdviceOptions;
import dev.hone.advise.Proposal;
import dev.hone.advise.ProposalFolder;
import dev.hone.advise.Recommendation;
import dev.hone.cases.Case;
import dev.hone.change.DeployOptions;
import dev.hone.change.Deployer;
import dev.hone.change.DeploymentResult;
import dev.hone.check.Checks;
import dev.hone.check.Diagnosis;
import dev.hone.cli.Terminal.Style;
import dev.hone.measure.Comparison;
import dev.hone.measure.Load;
import dev.hone.measure.LoadOptions;
import dev.hone.measure.LoadResult;
import dev.hone.measure.Metric;
import dev.hone.measure.Result;
import dev.hone.measure.Targets;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotReader;
import dev.hone.postgres.Sql;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The whole path on a case: a slow database, diagnosed, advised on, changed under the eyes of the reader, and measured. */
final class Demo {

    /** What the reader chose; see the command's options. */
    record Options(
            double scale,
            int connections,
            Duration warmUp,
            Duration duration,
            @Nullable Bytes budget,
            boolean explain,
            @Nullable Path out) {}

    /** All that came of it. */
    record Outcome(String name, LoadResult before, Proposal proposal, LoadResult after, List<Result> results) {}

    private static final long SEED = 1;

    private final Terminal terminal;
    private final Progress progress;
    private final Options options;

    Demo(Terminal progressTerminal, Terminal terminal, Options options) {
        this.terminal = terminal;
        this.progress = new TerminalProgress(progressTerminal);
        this.options = options;
    }

    Outcome run(Case shown) {
        terminal.println(terminal.styled(Style.BOLD, shown.name()) + "  " + shown.story());
        try (LocalServer local = start(shown)) {
            ServerAddress address = create(local, shown);

            title("Before: %d connections, no index but keys".formatted(options.connections()));
            LoadResult before = measure(shown, address);
            new LoadText(terminal).print(before);

            Proposal proposal = advise(shown, address);
            deploy(address, proposal);

            title("After: the same load");
            LoadResult after = measure(shown, address);
            new LoadText(terminal).print(after);

            title("Proof");
            printGains(Comparison.of(before, after));
            List<Result> results = Targets.judge(shown.targets(), before, after);
            new ResultText(terminal).print(results);
            keep(before, proposal, after);
            return new Outcome(shown.name(), before, proposal, after, results);
        }
    }

    private LocalServer start(Case shown) {
        try (Progress.Task task = progress.begin("Starting PostgreSQL " + Installation.EMBEDDED_MAJOR, -1)) {
            task.at(0, "");
            Map<String, String> settings = new HashMap<>(shown.serverSettings());
            // A server of our own is careless with its data by default; this one has to be as slow as a real one.
            settings.putAll(Map.of("fsync", "on", "synchronous_commit", "on", "full_page_writes", "on"));
            return LocalServer.start(Installation.embedded(), settings);
        }
    }

    private ServerAddress create(LocalServer local, Case shown) {
        try (Server server = Server.connect(local.address("postgres"))) {
            server.handle().execute("CREATE DATABASE " + Sql.identifier(shown.name()));
        }
        ServerAddress address = local.address(shown.name());
        shown.create(address, options.scale(), progress);
        try (Server server = Server.connect(address)) {
            server.handle().execute("CREATE EXTENSION pg_stat_statements");
        }
        return address;
    }

    private LoadResult measure(Case shown, ServerAddress address) {
        LoadOptions load = LoadOptions.DEFAULT
                .withConnections(options.connections())
                .withDuration(options.warmUp(), options.duration())
                .withSeed(SEED)
                .withWritesAllowed();
        return Load.run(address, shown.script(), load, Clock.systemUTC(), progress);
    }

    private Proposal advise(Case shown, ServerAddress address) {
        try (Server server = Server.connect(address)) {
            Snapshot snapshot =
                    SnapshotReader.whole(Checks.queries(server.version())).read(server, progress);
            Diagnosis diagnosis = Checks.diagnose(snapshot);
            title("Diagnosis");
            new DiagnosisText(terminal, false).printBriefly(diagnosis);
            Proposal proposal = Advising.propose(
                    snapshot,
                    address.toString(),
                    diagnosis,
                    Advising.Learnt.from(server, shown.script()).counting(new Advising.Count(server, false)),
                    options.budget() == null
                            ? AdviceOptions.DEFAULT
                            : AdviceOptions.DEFAULT.withBudget(options.budget().count()),
                    progress);
            title("Advice, worked out on the twin from " + proposal.workload());
            new ProposalText(terminal, options.explain()).print(proposal);
            return proposal;
        }
    }

    private void deploy(ServerAddress address, Proposal proposal) {
        title("Changes, made without blocking anybody");
        DeploymentResult deployed = Deployer.apply(
                address,
                proposal.recommendations().stream().map(Recommendation::change).toList(),
                DeployOptions.DEFAULT,
                progress);
        new DeploymentText(terminal).printSteps(deployed);
    }

    private void printGains(Comparison comparison) {
        Table table = new Table(terminal, "request", "p95 before", "p95 after", "times as fast", "95 % confidence");
        comparison.requests().forEach(row -> gain(table, row));
        gain(table, comparison.total());
        table.print();
        terminal.println("");
    }

    private static void gain(Table table, Comparison.Row row) {
        Comparison.@Nullable Figure p95 = row.figure(Metric.P95);
        if (p95 != null) {
            table.row(
                    row.name(),
                    Words.millis(p95.before()),
                    Words.millis(p95.after()),
                    Words.number(1 / p95.ratio()) + "×",
                    Words.number(1 / p95.ratioInterval().upper()) + "× – "
                            + Words.number(1 / p95.ratioInterval().lower()) + "×");
        }
    }

    private void keep(LoadResult before, Proposal proposal, LoadResult after) {
        Path out = options.out();
        if (out == null) {
            return;
        }
        ProposalFolder.write(proposal, out);
        before.save(out.resolve("before.json"));
        after.save(out.resolve("after.json"));
        terminal.println("Kept in " + out + ": the proposal, before.json and after.json");
    }

    private void title(String text) {
        terminal.println("");
        terminal.println(terminal.styled(Style.BOLD, text));
    }
}
