package dev.hone.benchmarks;

import dev.hone.Progress;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotReader;
import dev.hone.twin.HypotheticalIndex;
import dev.hone.twin.Plan;
import dev.hone.twin.Twin;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How near a twin comes to its source: costs and shapes of plans, without secondary indexes and with all of them
 * hypothetical, and estimated against real sizes of every type of index. The tables, indexes and queries are those of
 * TwinFidelityTest, with more rows.
 */
final class TwinFidelity {

    private static final Path LISTS = Path.of("core/src/test/resources/dev/hone/twin");
    private static final int ROWS = 20_000;

    private TwinFidelity() {}

    public static void main(String[] arguments) throws IOException, SQLException {
        int scale = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 10;
        try (LocalServer local = LocalServer.start(Installation.embedded(), Map.of("autovacuum", "off", "jit", "off"));
                Server server = Server.connect(local.address("postgres"))) {
            Connection source = server.handle().getConnection();
            execute(source, Files.readString(LISTS.resolve("fresh.sql")).replace("@rows@", "" + ROWS * scale));
            execute(source, "VACUUM ANALYZE");
            List<String> queries = lines("fresh-queries.txt");
            List<CreateIndex> indexes =
                    lines("fresh-indexes.txt").stream().map(TwinFidelity::index).toList();
            System.out.printf("scale %d: %,d rows in the largest tables%n", scale, ROWS * scale);
            long started = System.nanoTime();
            try (Twin twin = Twin.build(snapshot(server), Progress.NONE)) {
                System.out.printf("twin built in %.1f s%n", seconds(started));
                compare("no secondary index", source, twin, queries);
                Map<String, List<Double>> errors = new TreeMap<>();
                started = System.nanoTime();
                double creating = 0;
                for (CreateIndex index : indexes) {
                    execute(source, index.statement(false));
                    long before = System.nanoTime();
                    HypotheticalIndex hypothetical = twin.create(index);
                    creating += seconds(before);
                    double error = hypothetical.pages() / (double) pages(source, index) - 1;
                    errors.computeIfAbsent(index.method(), method -> new ArrayList<>())
                            .add(Math.abs(error));
                    System.out.printf(
                            "%+7.1f %%  %s%n",
                            100 * error, index.statement(false).replaceFirst(".* ON ", ""));
                }
                System.out.printf(
                        "%d indexes created in the twin in %.1f s, on the source in %.1f s%n",
                        indexes.size(), creating, seconds(started) - creating);
                System.out.println("| type | indexes | median error | p90 | worst |");
                errors.forEach((method, all) -> System.out.printf(
                        "| %s | %d | %.2f %% | %.1f %% | %.1f %% |%n",
                        method,
                        all.size(),
                        100 * quantile(all, 0.5),
                        100 * quantile(all, 0.9),
                        100 * quantile(all, 1)));
                compare("all indexes hypothetical", source, twin, queries);
            }
        }
    }

    private static Snapshot snapshot(Server server) {
        return SnapshotReader.whole(List.of()).read(server, Progress.NONE);
    }

    private static void compare(String label, Connection source, Twin twin, List<String> queries) throws SQLException {
        int alike = 0;
        int close = 0;
        int exact = 0;
        for (String query : queries) {
            Plan real = Plan.parse(text(source, "EXPLAIN (VERBOSE, FORMAT JSON) " + query));
            Plan pretended = twin.explain(query);
            double error = Math.abs(pretended.totalCost() - real.totalCost()) / real.totalCost();
            boolean same = shape(real.root()).equals(shape(pretended.root()));
            alike += same ? 1 : 0;
            close += error <= 0.01 ? 1 : 0;
            exact += error < 1e-9 ? 1 : 0;
            if (!same || error > 0.01) {
                System.out.printf(
                        "   %s cost %.2f instead of %.2f: %s%n",
                        same ? "same shape," : "other shape,", pretended.totalCost(), real.totalCost(), query);
            }
        }
        System.out.printf(
                "%s: of %d plans %d have the same shape, %d the same cost, %d within 1 %%%n",
                label, queries.size(), alike, exact, close);
    }

    private static String shape(Plan.Node node) {
        return node.type() + " " + node.relation() + " " + node.index()
                + node.children().stream().map(TwinFidelity::shape).toList();
    }

    private static List<String> lines(String name) throws IOException {
        return Files.readAllLines(LISTS.resolve(name)).stream()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .toList();
    }

    private static CreateIndex index(String line) {
        String[] parts = line.split("\\s\\|(?=\\s|$)", -1);
        List<String> all = new ArrayList<>(Arrays.asList(parts));
        while (all.size() < 5) {
            all.add("");
        }
        String include = all.get(3).strip();
        String predicate = all.get(4).strip();
        return new CreateIndex(
                "fresh",
                all.get(0).strip(),
                "ix_" + Integer.toHexString(line.hashCode()),
                false,
                all.get(1).strip(),
                List.of(all.get(2).strip()),
                include.isEmpty() ? List.of() : List.of(include),
                predicate.isEmpty() ? null : predicate);
    }

    private static long pages(Connection source, CreateIndex index) throws SQLException {
        String name = "'" + index.subject() + "'";
        return Long.parseLong(text(
                source,
                "SELECT coalesce(sum(pg_relation_size(relid)), 0)::bigint / 8192 FROM (SELECT " + name
                        + "::regclass AS relid UNION SELECT relid FROM pg_partition_tree(" + name + ")) t"));
    }

    private static double quantile(List<Double> values, double part) {
        List<Double> sorted = values.stream().sorted().toList();
        return sorted.get(Math.max(0, (int) Math.ceil(sorted.size() * part) - 1));
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }

    private static String text(Connection source, String sql) throws SQLException {
        try (Statement statement = source.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            result.next();
            return result.getString(1);
        }
    }

    private static void execute(Connection source, String sql) throws SQLException {
        try (Statement statement = source.createStatement()) {
            statement.setEscapeProcessing(false);
            statement.execute(sql);
        }
    }
}
