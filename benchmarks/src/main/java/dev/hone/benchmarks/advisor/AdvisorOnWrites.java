package dev.hone.benchmarks.advisor;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.advise.Advice;
import dev.hone.advise.AdviceOptions;
import dev.hone.advise.IndexAdvisor;
import dev.hone.advise.Recommendation;
import dev.hone.cases.Loader;
import dev.hone.measure.Load;
import dev.hone.measure.LoadOptions;
import dev.hone.measure.LoadResult;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotReader;
import dev.hone.twin.Twin;
import dev.hone.workload.SampleValues;
import dev.hone.workload.Script;
import dev.hone.workload.ScriptParser;
import dev.hone.workload.Workload;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Whether advice makes a mix of mostly inserts and updates slower: requests per second in a closed loop before and
 * after. Every run is on a copy of its own of the same database; the runs take turns.
 *
 * <p>Arguments: rounds, seconds a run.
 */
public final class AdvisorOnWrites {

    private static final int CONNECTIONS = 4;

    private AdvisorOnWrites() {}

    public static void main(String[] arguments) {
        int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 5;
        int seconds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 10;
        Script script = ScriptParser.parse("writes", Loader.resource(AdvisorOnWrites.class, "writes/load-mix.sql"));
        try (LocalServer local = LocalServer.start(
                        Installation.embedded(), Map.of("shared_buffers", "512MB", "jit", "off", "autovacuum", "off"));
                Server maintenance = Server.connect(local.address("postgres"))) {
            maintenance.handle().execute("CREATE DATABASE before");
            List<String> changes;
            try (Server server = Server.connect(local.address("before"))) {
                server.handle()
                        .createScript(Loader.resource(AdvisorOnWrites.class, "writes/load.sql"))
                        .execute();
                server.handle().execute("VACUUM ANALYZE");
                changes = advise(server, script);
            }
            maintenance.handle().execute("CREATE DATABASE after TEMPLATE before");
            try (Server server = Server.connect(local.address("after"))) {
                changes.forEach(server.handle()::execute);
                server.handle().execute("VACUUM ANALYZE");
            }
            measure(local, maintenance, script, rounds, seconds);
        }
    }

    private static List<String> advise(Server server, Script script) {
        Snapshot snapshot = SnapshotReader.whole(List.of()).read(server, Progress.NONE);
        Workload workload = script.workload(SampleValues.read(server, script, Duration.ofSeconds(30)));
        try (Twin twin = Twin.build(snapshot, Progress.NONE)) {
            Advice advice = IndexAdvisor.advise(twin, snapshot, workload, AdviceOptions.DEFAULT, Progress.NONE);
            List<String> changes = new ArrayList<>();
            for (Recommendation one : advice.recommendations()) {
                System.out.printf(
                        Locale.ROOT,
                        "- `%s` %.1f MB: %s%n",
                        String.join("; ", one.change().sql()),
                        one.sizeBytes() / 1e6,
                        one.reason());
                changes.addAll(one.change().sql());
            }
            advice.notes().forEach(note -> System.out.println("- note: " + note));
            System.out.printf(
                    Locale.ROOT, "%nestimated: %.0f → %.0f planner units%n%n", advice.costBefore(), advice.costAfter());
            return changes;
        }
    }

    private static void measure(LocalServer local, Server maintenance, Script script, int rounds, int seconds) {
        List<String> sets = List.of("before", "after");
        Map<String, List<LoadResult>> results = Map.of("before", new ArrayList<>(), "after", new ArrayList<>());
        for (int round = 0; round < rounds; round++) {
            for (String set : round % 2 == 0 ? sets : sets.reversed()) {
                maintenance.handle().execute("CREATE DATABASE run TEMPLATE " + set);
                LoadResult result = run(local.address("run"), script, round, seconds);
                if (result.total().errorCount() > 0) {
                    throw HoneException.failed(
                            "Requests failed: " + result.total().errors(), "The measurement is void.", null);
                }
                results.getOrDefault(set, List.of()).add(result);
                maintenance.handle().execute("DROP DATABASE run");
            }
        }
        System.out.println(
                "| request | before, ms: median | after | requests/s before | after |\n|---|---|---|---|---|");
        List<LoadResult> before = results.getOrDefault("before", List.of());
        List<LoadResult> after = results.getOrDefault("after", List.of());
        for (int i = 0; i < script.requests().size(); i++) {
            int request = i;
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %.3f | %.3f | | |%n",
                    script.requests().get(i).name(),
                    median(before, one -> one.requests().get(request).latency().p50()),
                    median(after, one -> one.requests().get(request).latency().p50()));
        }
        double was = median(before, one -> one.total().perSecond());
        double is = median(after, one -> one.total().perSecond());
        System.out.printf(
                Locale.ROOT,
                "| total | | | %.0f | %.0f |%n%nTarget: not fewer requests per second than before: %s (%.2f times)%n",
                was,
                is,
                is >= was ? "met" : "missed",
                is / was);
    }

    private static double median(List<LoadResult> runs, ToDoubleFunction<LoadResult> figure) {
        double[] sorted = runs.stream().mapToDouble(figure).sorted().toArray();
        return sorted[sorted.length / 2];
    }

    private static LoadResult run(ServerAddress address, Script script, int round, int seconds) {
        return Load.run(
                address,
                script,
                LoadOptions.DEFAULT
                        .withConnections(CONNECTIONS)
                        .withSeed(round)
                        .withWritesAllowed()
                        .withDuration(Duration.ofSeconds(2), Duration.ofSeconds(seconds)),
                Clock.systemUTC(),
                Progress.NONE);
    }
}
