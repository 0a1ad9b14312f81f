package dev.hone.benchmarks.advisor;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.advise.Advice;
import dev.hone.advise.AdviceOptions;
import dev.hone.advise.CountedAdvice;
import dev.hone.advise.Recommendation;
import dev.hone.change.AlterColumnStatistics;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Installation;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotReader;
import dev.hone.twin.Twin;
import dev.hone.workload.Workload;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;

/**
 * Hone's index advisor on TPC-H without keys or indexes, beside what was published of others on the same data, queries and
 * settings; Extend runs here too, as a control of the set-up. Prints a report in markdown.
 *
 * <p>Arguments: {@code --budgets MB,MB…}, all five if left out; {@code --count} for what `hone advise --count` advises; {@code
 * --time} to run the queries; {@code --rounds N}; {@code --twins N}, by default one for each processor, at most 4; {@code
 * --no-control} to leave Extend out.
 */
public final class AdvisorAgainstPeers {

    private static final double MEGABYTE = 1e6;

    /** A budget in MB, with the best that was published for it, in percent of the cost without indexes. */
    private record Budget(int megabytes, double bestPeer, String peer) {
        long bytes() {
            return Math.round(megabytes * MEGABYTE);
        }
    }

    private static final List<Budget> BUDGETS = List.of(
            new Budget(134, 93.5, "Anytime"),
            new Budget(336, 65.6, "DB2Advis with variations; Anytime"),
            new Budget(672, 56.0, "Relaxation, width 2"),
            new Budget(1343, 50.7, "Relaxation, width 3"),
            new Budget(2686, 48.4, "Relaxation, width 3"));

    /** What was published for Extend, width 2. */
    private static final Map<Integer, Double> PUBLISHED_EXTEND =
            Map.of(134, 93.9, 336, 67.7, 672, 56.1, 1343, 52.1, 2686, 52.1);

    private static final double BEST_PEER_CPU = 0.74;
    private static final double MOST_SECONDS = 10;

    /** A set of indexes to build and judge, with what else is advised. */
    private record Contender(String name, List<CreateIndex> indexes, List<AlterColumnStatistics> numbers) {}

    private final Workload workload = Tpch.workload();
    private final List<Budget> budgets;
    private final boolean embedded;
    private final boolean timed;
    private final boolean control;
    private final boolean thorough;
    private final int rounds;
    private final int twins;

    private AdvisorAgainstPeers(List<String> arguments) {
        int named = arguments.indexOf("--budgets");
        Set<String> some =
                named < 0 ? Set.of() : Set.of(arguments.get(named + 1).split(",", -1));
        budgets = BUDGETS.stream()
                .filter(budget -> some.isEmpty() || some.contains(String.valueOf(budget.megabytes())))
                .toList();
        embedded = arguments.contains("--embedded");
        timed = arguments.contains("--time");
        control = !arguments.contains("--no-control");
        thorough = arguments.contains("--count");
        rounds = number(arguments, "--rounds", 4);
        twins = number(arguments, "--twins", Math.clamp(Runtime.getRuntime().availableProcessors(), 1, 4));
    }

    private static int number(List<String> arguments, String name, int usual) {
        int at = arguments.indexOf(name);
        return at < 0 ? usual : Integer.parseInt(arguments.get(at + 1));
    }

    public static void main(String[] arguments) throws IOException, InterruptedException, SQLException {
        new AdvisorAgainstPeers(List.of(arguments)).run();
    }

    private void run() throws IOException, InterruptedException, SQLException {
        Installation installation = embedded
                ? Installation.embedded()
                : Installation.local(15)
                        .orElseThrow(() -> HoneException.refused(
                                "There is no PostgreSQL 15 on this machine",
                                "Install it with HypoPG: apt-get install postgresql-15 postgresql-15-hypopg"));
        try (Cluster cluster = Tpch.open(installation)) {
            ServerAddress address = cluster.address(Tpch.DATABASE);
            try (Server server = Server.connect(address)) {
                run(server);
            }
        }
    }

    private void run(Server server) throws IOException, InterruptedException, SQLException {
        RealIndexes real = new RealIndexes(server.handle());
        Map<String, Double> none = real.costs(workload);
        double total = sum(none);
        long heap = server.handle()
                .createQuery(
                        "SELECT sum(pg_relation_size(oid))::bigint FROM pg_class WHERE relkind = 'r' AND relnamespace ="
                                + " 'public'::regnamespace")
                .mapTo(Long.class)
                .one();
        System.out.printf(
                Locale.ROOT,
                "PostgreSQL %s, %d queries, heap %.0f MB, estimated cost without an index %,.0f (published: 3,851,861)%n",
                server.version(),
                workload.queries().size(),
                heap / MEGABYTE,
                total);

        List<Contender> contenders = new ArrayList<>();
        contenders.add(new Contender("no index", List.of(), List.of()));
        if (!embedded && control) {
            contenders.addAll(extend(server, budgets, total));
        }

        Snapshot snapshot = SnapshotReader.whole(List.of()).read(server, Progress.NONE);
        head(thorough ? "Hone --count, budget" : "Hone, budget");
        for (Budget budget : budgets) {
            contenders.add(hone(budget, snapshot, server, real, total));
        }
        for (Contender contender : contenders) {
            System.out.printf(Locale.ROOT, "%n%s:%n", contender.name());
            contender
                    .numbers()
                    .forEach(number -> System.out.printf("- %s%n", number.sql().getFirst()));
            contender.indexes().forEach(index -> System.out.printf(Locale.ROOT, "- %s%n", index.statement(false)));
        }
        if (timed) {
            time(server.address(), real, contenders);
        }
    }

    private List<Contender> extend(Server server, List<Budget> budgets, double total) {
        List<Contender> contenders = new ArrayList<>();
        Extend extend = new Extend(server.handle(), workload, 2);
        System.out.printf(
                Locale.ROOT,
                "%n| control: Extend, width 2 | published %% | here %% | indexes | HypoPG's MB | s | plans |%n|---|---|---|---|---|---|---|%n");
        for (Budget budget : budgets) {
            Extend.Result result = extend.choose(budget.bytes());
            System.out.printf(
                    Locale.ROOT,
                    "| %d MB | %.1f | %.1f | %d | %.0f | %.1f | %d |%n",
                    budget.megabytes(),
                    Objects.requireNonNull(PUBLISHED_EXTEND.get(budget.megabytes())),
                    100 * result.cost() / total,
                    result.indexes().size(),
                    result.bytes() / MEGABYTE,
                    result.seconds(),
                    result.plans());
            if (budget.megabytes() == 672) {
                contenders.add(new Contender("Extend 672", result.indexes(), List.of()));
            }
        }
        return contenders;
    }

    private static void head(String title) {
        System.out.printf(
                Locale.ROOT,
                "%n| %s | wall s (twin) | plans | indexes | estimated MB | built MB | fits | Hone's estimate %% | the planner's,"
                        + " indexes built %% | without advised n_distinct %% | best peer %% | |%n"
                        + "|---|---|---|---|---|---|---|---|---|---|---|---|%n",
                title);
    }

    /** As `hone advise` does it: wall time is from the Snapshot to the advice, counting included. */
    private Contender hone(Budget budget, Snapshot snapshot, Server server, RealIndexes real, double total) {
        long start = System.nanoTime();
        List<Twin> twins = Twin.build(snapshot, this.twins, Progress.NONE);
        try {
            double built = (System.nanoTime() - start) / 1e9;
            Advice advice = CountedAdvice.advise(
                    twins,
                    snapshot,
                    workload,
                    AdviceOptions.DEFAULT.withBudget(budget.bytes()),
                    server,
                    thorough,
                    Progress.NONE);
            double seconds = (System.nanoTime() - start) / 1e9;
            List<CreateIndex> indexes = changes(advice, CreateIndex.class);
            List<AlterColumnStatistics> numbers = changes(advice, AlterColumnStatistics.class);
            real.build(indexes);
            real.show(Set.of());
            real.tell(numbers);
            double toldTotal = sum(real.costs(workload));
            real.show(indexes);
            double toldCost = 100 * sum(real.costs(workload)) / toldTotal;
            real.tell(List.of());
            double cost = 100 * sum(real.costs(workload)) / total;
            real.show(Set.of());
            long bytes = real.bytes(indexes);
            double estimated = advice.recommendations().stream()
                            .mapToLong(Recommendation::sizeBytes)
                            .sum()
                    / MEGABYTE;
            System.out.printf(
                    Locale.ROOT,
                    "| %d MB | %.1f (%.1f) %s | %d | %d | %.0f | %.0f | %s | %.1f | %.1f | %.1f | %.1f (%s) | %s |%n",
                    budget.megabytes(),
                    seconds,
                    built,
                    seconds <= MOST_SECONDS ? "met" : "missed",
                    advice.effort().plans(),
                    indexes.size(),
                    estimated,
                    bytes / MEGABYTE,
                    bytes <= budget.bytes() ? "met" : "missed",
                    100 * advice.costAfter() / advice.costBefore(),
                    toldCost,
                    cost,
                    budget.bestPeer(),
                    budget.peer(),
                    cost <= budget.bestPeer() ? "met" : "missed");
            return new Contender("Hone " + budget.megabytes(), indexes, numbers);
        } finally {
            twins.forEach(Twin::close);
        }
    }

    private static <T> List<T> changes(Advice advice, Class<T> kind) {
        return advice.recommendations().stream()
                .map(Recommendation::change)
                .filter(kind::isInstance)
                .map(kind::cast)
                .toList();
    }

    private void time(ServerAddress address, RealIndexes real, List<Contender> contenders)
            throws SQLException, IOException, InterruptedException {
        Map<String, Map<String, List<Execution.Took>>> all = new LinkedHashMap<>();
        contenders.forEach(contender -> real.build(contender.indexes()));
        for (int round = 0; round < rounds; round++) {
            for (Contender contender : round % 2 == 0 ? contenders : contenders.reversed()) {
                real.show(contender.indexes());
                real.tell(contender.numbers());
                try (Execution execution = new Execution(address)) {
                    for (Workload.Query query : workload.queries()) {
                        Execution.Took took = execution.run(query.sql());
                        if (round > 0) {
                            all.computeIfAbsent(contender.name(), any -> new LinkedHashMap<>())
                                    .computeIfAbsent(query.id(), any -> new ArrayList<>())
                                    .add(took);
                        }
                    }
                }
            }
        }
        real.show(Set.of());
        real.tell(Set.of());
        String first = contenders.getFirst().name();
        System.out.printf(
                Locale.ROOT,
                "%n| set | CPU s | of no index | wall s | of no index | slower by a tenth and 50 ms |  |%n|---|---|---|---|---|---|---|%n");
        Map<String, Double> base = medians(all, first, true);
        Map<String, Double> baseWall = medians(all, first, false);
        for (Contender contender : contenders) {
            Map<String, Double> cpu = medians(all, contender.name(), true);
            double ratio = sum(cpu) / sum(base);
            List<String> slower = cpu.keySet().stream()
                    .filter(query -> value(cpu, query) > 1.1 * value(base, query) + 0.05)
                    .map(query ->
                            String.format(Locale.ROOT, "%s %.2f → %.2f", query, value(base, query), value(cpu, query)))
                    .toList();
            double wall = sum(medians(all, contender.name(), false));
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %.1f | %.3f | %.1f | %.2f | %s | %s |%n",
                    contender.name(),
                    sum(cpu),
                    ratio,
                    wall,
                    wall / sum(baseWall),
                    String.join("; ", slower),
                    contender.name().startsWith("Hone") ? ratio <= BEST_PEER_CPU ? "met" : "missed" : "");
        }
        System.out.printf(
                Locale.ROOT,
                "%n| CPU / wall s | %s |%n|---%s|%n",
                String.join(" | ", all.keySet()),
                "|---".repeat(all.size()));
        for (Workload.Query query : workload.queries()) {
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %s |%n",
                    query.id(),
                    String.join(
                            " | ",
                            all.keySet().stream()
                                    .map(name -> String.format(
                                            Locale.ROOT,
                                            "%.2f / %.2f",
                                            value(medians(all, name, true), query.id()),
                                            value(medians(all, name, false), query.id())))
                                    .toList()));
        }
    }

    private static double value(Map<String, Double> values, String query) {
        return Objects.requireNonNull(values.get(query));
    }

    private static Map<String, Double> medians(
            Map<String, Map<String, List<Execution.Took>>> all, String contender, boolean cpu) {
        Map<String, Double> medians = new TreeMap<>();
        Objects.requireNonNull(all.get(contender)).forEach((query, took) -> {
            double[] sorted = took.stream()
                    .mapToDouble(one -> cpu ? one.cpu() : one.wall())
                    .sorted()
                    .toArray();
            medians.put(query, sorted[sorted.length / 2]);
        });
        return medians;
    }

    private static double sum(Map<String, Double> values) {
        return values.values().stream().mapToDouble(Double::doubleValue).sum();
    }
}
