package dev.hone.benchmarks.advisor;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.advise.Advice;
import dev.hone.advise.AdviceOptions;
import dev.hone.advise.IndexAdvisor;
import dev.hone.advise.Recommendation;
import dev.hone.cases.Loader;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotReader;
import dev.hone.postgres.Sql;
import dev.hone.twin.Twin;
import dev.hone.workload.SampleValues;
import dev.hone.workload.ScriptParser;
import dev.hone.workload.Workload;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The index advisor on schemas that nobody tuned it to: the Star Schema Benchmark, Epinions and TPC-C, without any key or
 * index, beside the published algorithm Extend over HypoPG. The budget is a fifth of the tables; every query counts once for
 * each of up to three samples. Prints a report in markdown, as it comes out.
 *
 * <p>Arguments: names of schemas, all if there are none.
 */
public final class AdvisorOnOtherSchemas {

    private static final double MEGABYTE = 1e6;
    private static final double BUDGET = 0.2;
    private static final int SAMPLES = 3;
    private static final int ROUNDS = 4;
    private static final List<String> SCHEMAS = List.of("ssb", "epinions", "tpcc");

    /** A set of indexes, with the seconds it took to find. */
    private record Contender(String name, List<CreateIndex> indexes, double seconds) {}

    private AdvisorOnOtherSchemas() {}

    public static void main(String[] arguments) throws IOException, InterruptedException, SQLException {
        Installation installation = Installation.local(15)
                .orElseThrow(() -> HoneException.refused(
                        "There is no PostgreSQL 15 on this machine",
                        "Install it with HypoPG: apt-get install postgresql-15 postgresql-15-hypopg"));
        try (LocalServer local = LocalServer.start(installation, Tpch.SETTINGS)) {
            for (String schema : arguments.length == 0 ? SCHEMAS : List.of(arguments)) {
                try (Server server = Server.connect(local.address("postgres"))) {
                    server.handle().execute("CREATE DATABASE " + Sql.identifier(schema));
                }
                ServerAddress address = local.address(schema);
                try (Server server = Server.connect(address)) {
                    server.handle()
                            .createScript(Loader.resource(AdvisorOnOtherSchemas.class, "schemas/" + schema + ".sql"))
                            .execute();
                    server.handle().execute("VACUUM (FREEZE, ANALYZE)");
                    new AdvisorOnOtherSchemas().run(schema, server);
                }
            }
        }
    }

    private void run(String schema, Server server) throws IOException, InterruptedException, SQLException {
        Workload workload = workload(schema, server);
        long heap = server.handle()
                .createQuery(
                        "SELECT sum(pg_relation_size(oid))::bigint FROM pg_class WHERE relkind = 'r' AND relnamespace ="
                                + " 'public'::regnamespace")
                .mapTo(Long.class)
                .one();
        long budget = Math.round(BUDGET * heap);
        RealIndexes real = new RealIndexes(server.handle());
        double total = sum(real.costs(workload));
        List<Contender> contenders = List.of(
                new Contender("no index", List.of(), 0),
                extend(server, workload, budget),
                hone(server, workload, budget));
        Map<String, Double> costs = new LinkedHashMap<>();
        for (Contender contender : contenders) {
            real.build(contender.indexes());
            real.show(contender.indexes());
            costs.put(contender.name(), 100 * sum(real.costs(workload)) / total);
        }
        Map<String, Map<String, Double>> cpu = cpu(server.address(), real, workload, contenders);
        System.out.printf(
                Locale.ROOT,
                "%n%s: %d statements, tables of %.0f MB, budget %.0f MB%n%n| set | found in s | indexes | built MB | estimated"
                        + " %% | CPU s | of no index | slower by a tenth and 1 ms |%n|---|---|---|---|---|---|---|---|%n",
                schema,
                workload.queries().size(),
                heap / MEGABYTE,
                budget / MEGABYTE);
        Map<String, Double> base = Objects.requireNonNull(cpu.get("no index"));
        for (Contender contender : contenders) {
            Map<String, Double> own = Objects.requireNonNull(cpu.get(contender.name()));
            List<String> slower = own.entrySet().stream()
                    .filter(one -> one.getValue() > 1.1 * base.getOrDefault(one.getKey(), 0.0) + 0.001)
                    .map(one -> String.format(
                            Locale.ROOT,
                            "%s %.4f → %.4f",
                            one.getKey(),
                            base.getOrDefault(one.getKey(), 0.0),
                            one.getValue()))
                    .toList();
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %.1f | %d | %.1f | %.2f | %.3f | %.3f | %s |%n",
                    contender.name(),
                    contender.seconds(),
                    contender.indexes().size(),
                    real.bytes(contender.indexes()) / MEGABYTE,
                    costs.getOrDefault(contender.name(), 0.0),
                    sum(own),
                    sum(own) / sum(base),
                    String.join("; ", slower));
        }
        for (Contender contender : contenders.subList(1, contenders.size())) {
            System.out.printf("%n%s:%n", contender.name());
            contender
                    .indexes()
                    .forEach(index -> System.out.printf(
                            Locale.ROOT,
                            "- %s (%.1f MB)%n",
                            index.statement(false),
                            real.bytes(List.of(index)) / MEGABYTE));
        }
    }

    private static Workload workload(String schema, Server server) {
        var script = ScriptParser.parse(
                schema, Loader.resource(AdvisorOnOtherSchemas.class, "schemas/" + schema + "-queries.sql"));
        List<Workload.Query> queries = new ArrayList<>();
        for (Workload.Query query : script.workload(SampleValues.read(server, script, Duration.ofSeconds(60)))
                .queries()) {
            if (query.samples().isEmpty()) {
                queries.add(new Workload.Query(query.id(), query.sql(), 1, null, null, List.of()));
            }
            for (int i = 0; i < Math.min(SAMPLES, query.samples().size()); i++) {
                queries.add(new Workload.Query(
                        query.id() + " " + (i + 1),
                        literal(query.sql(), query.samples().get(i)),
                        1,
                        null,
                        null,
                        List.of()));
            }
        }
        return new Workload(schema, queries);
    }

    /** The statement with its values in the place of its parameters, as every advisor can read it. */
    private static String literal(String sql, List<@Nullable String> values) {
        String text = sql;
        for (int i = values.size(); i > 0; i--) {
            String value = values.get(i - 1);
            text = text.replace("$" + i, value == null ? "NULL" : Sql.literal(value));
        }
        return text;
    }

    private static Contender extend(Server server, Workload workload, long budget) {
        Extend.Result result = new Extend(server.handle(), workload, 2).choose(budget);
        return new Contender("Extend, width 2", result.indexes(), result.seconds());
    }

    private static Contender hone(Server server, Workload workload, long budget) {
        long start = System.nanoTime();
        Snapshot snapshot = SnapshotReader.whole(List.of()).read(server, Progress.NONE);
        List<Twin> twins =
                Twin.build(snapshot, Math.clamp(Runtime.getRuntime().availableProcessors(), 1, 4), Progress.NONE);
        try {
            Advice advice = IndexAdvisor.advise(
                    twins, snapshot, workload, AdviceOptions.DEFAULT.withBudget(budget), Progress.NONE);
            return new Contender(
                    "Hone",
                    advice.recommendations().stream()
                            .map(Recommendation::change)
                            .filter(CreateIndex.class::isInstance)
                            .map(CreateIndex.class::cast)
                            .toList(),
                    (System.nanoTime() - start) / 1e9);
        } finally {
            twins.forEach(Twin::close);
        }
    }

    /** By contender and statement, the median of the rounds after the first. */
    private static Map<String, Map<String, Double>> cpu(
            ServerAddress address, RealIndexes real, Workload workload, List<Contender> contenders)
            throws SQLException, IOException, InterruptedException {
        Map<String, Map<String, List<Double>>> all = new LinkedHashMap<>();
        for (int round = 0; round < ROUNDS; round++) {
            for (Contender contender : round % 2 == 0 ? contenders : contenders.reversed()) {
                real.show(contender.indexes());
                try (Execution execution = new Execution(address)) {
                    for (Workload.Query query : workload.queries()) {
                        double took = execution
                                .run(
                                        query.sql().startsWith("SELECT")
                                                ? query.sql()
                                                : "BEGIN; " + query.sql() + "; ROLLBACK")
                                .cpu();
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
        Map<String, Map<String, Double>> medians = new LinkedHashMap<>();
        all.forEach((name, queries) ->
                queries.forEach((query, took) -> medians.computeIfAbsent(name, any -> new LinkedHashMap<>())
                        .put(query, took.stream().sorted().toList().get(took.size() / 2))));
        return medians;
    }

    private static double sum(Map<String, Double> values) {
        return values.values().stream().mapToDouble(Double::doubleValue).sum();
    }
}
