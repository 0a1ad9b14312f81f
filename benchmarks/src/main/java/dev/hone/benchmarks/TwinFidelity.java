package dev.hone.benchmarks;

import dev.hone.Progress;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotReader;
import dev.hone.postgres.Sql;
import dev.hone.twin.KeyCounter;
import dev.hone.twin.KeyEvidence;
import dev.hone.twin.Plan;
import dev.hone.twin.Twin;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * How near a twin comes to its source, on each major version: costs and shapes of plans without secondary indexes and
 * with all of them hypothetical, and estimated against real sizes of every type of index. The tables, indexes and
 * queries are those of TwinFidelityTest, and more of those for inverted indexes.
 */
final class TwinFidelity {

    private static final Path LISTS = Path.of("core/src/test/resources/dev/hone/twin");
    private static final int ROWS = 20_000;

    private TwinFidelity() {}

    /**
     * An index of a list.
     *
     * @param list the tables it is of: source, fresh, inverted or film
     * @param storage parameters; empty for none
     */
    private record Listed(String list, CreateIndex index, String storage) {}

    private record Sized(Listed listed, long pages, long realPages) {
        double error() {
            return pages / (double) realPages - 1;
        }
    }

    public static void main(String[] arguments) throws IOException, SQLException {
        int scale = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 3;
        List<Integer> majors = arguments.length > 1
                ? Arrays.stream(arguments[1].split(",")).map(Integer::valueOf).toList()
                : List.of(18, 13, 14, 15, 16, 17);
        System.out.printf(
                "scale %d: %,d rows in the largest tables, in versions before 18 %,d%n%n", scale, ROWS * scale, ROWS);
        List<String> rows = new ArrayList<>();
        for (int major : majors) {
            rows.addAll(measure(major, major == Installation.EMBEDDED_MAJOR ? scale : 1));
        }
        System.out.printf("%n| version | indexes | plans | same shape | same cost | within 1 %% |%n");
        rows.forEach(System.out::println);
    }

    private static List<String> measure(int major, int scale) throws IOException, SQLException {
        List<String> rows = new ArrayList<>();
        Installation installation = Installation.of(major, Progress.NONE);
        try (LocalServer local = LocalServer.start(installation, Map.of("autovacuum", "off", "jit", "off"));
                Server server = Server.connect(local.address("postgres"))) {
            Connection source = server.handle().getConnection();
            List<String> queries = new ArrayList<>();
            List<Listed> indexes = new ArrayList<>();
            for (String list : List.of("source", "fresh", "inverted", "film")) {
                String sql = Files.readString(LISTS.resolve(list + ".sql"));
                execute(source, sql.replace("@rows@", Integer.toString(ROWS * scale)));
                queries.addAll(lines(list + "-queries.txt"));
                lines(list + "-indexes.txt").forEach(line -> indexes.add(listed(list, line)));
            }
            execute(source, "VACUUM ANALYZE");
            try (Twin twin = Twin.build(snapshot(server), Progress.NONE)) {
                rows.add(compare(major, "none", source, twin, queries));
            }
            indexes.removeIf(listed -> !built(source, listed));
            // Expressions have statistics on the source once it is analysed with the index there.
            execute(source, "ANALYZE");
            Snapshot snapshot = snapshot(server);
            List<Sized> sizes = new ArrayList<>();
            try (Twin twin = Twin.build(snapshot, Progress.NONE)) {
                twin.countKeys(new KeyCounter(server, Duration.ofMinutes(5)));
                for (Listed listed : indexes) {
                    CreateIndex index = listed.index();
                    twin.hideExisting(index.schema(), index.name(), true);
                    long pages = twin.create(index.named("h" + index.name())).pages();
                    sizes.add(new Sized(listed, pages, pages(source, index)));
                }
                rows.add(compare(major, "all hypothetical", source, twin, queries));
            }
            System.out.printf("%nPostgreSQL %d: estimated against real pages%n", major);
            sizes(major, sizes);
            System.out.printf("%nPostgreSQL %d, keys of columns counted for a snapshot's file%n", major);
            sizes(major, inverted(source, KeyEvidence.count(server, snapshot, Progress.NONE), indexes));
            System.out.printf("%nPostgreSQL %d, from statistics alone%n", major);
            sizes(major, inverted(source, snapshot, indexes));
        }
        return rows;
    }

    private static List<Sized> inverted(Connection source, Snapshot snapshot, List<Listed> indexes)
            throws SQLException {
        List<Sized> sizes = new ArrayList<>();
        try (Twin twin = Twin.build(snapshot, Progress.NONE)) {
            for (Listed listed : indexes) {
                CreateIndex index = listed.index();
                if (index.method().equals("gin")) {
                    long pages = twin.create(index.named("h" + index.name())).pages();
                    sizes.add(new Sized(listed, pages, pages(source, index)));
                }
            }
        }
        return sizes;
    }

    private static Snapshot snapshot(Server server) {
        return SnapshotReader.whole(List.of()).read(server, Progress.NONE);
    }

    /** Builds an index on the source; false if this version lacks its operator class. */
    private static boolean built(Connection source, Listed listed) {
        try {
            execute(source, listed.index().statement(false));
            if (!listed.storage().isEmpty()) {
                String subject = listed.index().subject();
                execute(source, "ALTER INDEX " + subject + " SET (" + listed.storage() + ")");
                execute(source, "REINDEX INDEX " + subject);
            }
            return true;
        } catch (SQLException e) {
            System.out.println("   left out: " + listed.index().statement(false) + ": " + e.getMessage());
            return false;
        }
    }

    private static String compare(int major, String label, Connection source, Twin twin, List<String> queries)
            throws SQLException {
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
                        "   %d %s cost %.2f instead of %.2f: %s%n",
                        major, same ? "same shape," : "other shape,", pretended.totalCost(), real.totalCost(), query);
            }
        }
        int all = queries.size();
        return "| %d | %s | %d | %d (%.1f %%) | %d | %d (%.1f %%) |"
                .formatted(major, label, all, alike, 100.0 * alike / all, exact, close, 100.0 * close / all);
    }

    private static void sizes(int major, List<Sized> sizes) {
        sizes.stream()
                .sorted(Comparator.comparingDouble(sized -> -Math.abs(sized.error())))
                .limit(major == Installation.EMBEDDED_MAJOR ? sizes.size() : 10)
                .forEach(sized -> System.out.printf(
                        "%+7.1f %% %6d instead of %6d  %s%n",
                        100 * sized.error(),
                        sized.pages(),
                        sized.realPages(),
                        sized.listed().index().statement(false).replaceFirst(".* ON ", "")));
        System.out.printf("| type, tables | indexes | median error | p90 | worst | within 30 %% |%n");
        List<String> methods = sizes.stream()
                .map(sized -> sized.listed().index().method())
                .distinct()
                .toList();
        for (String method : methods) {
            Predicate<Sized> ofMethod = sized -> sized.listed().index().method().equals(method);
            Map<String, List<Sized>> lists = sizes.stream()
                    .filter(ofMethod)
                    .collect(Collectors.groupingBy(sized -> sized.listed().list()));
            lists.forEach((list, some) -> row(method + ", " + list, some));
            if (lists.size() > 1) {
                row(method + ", all", sizes.stream().filter(ofMethod).toList());
            }
        }
    }

    private static void row(String label, List<Sized> sizes) {
        double[] errors = sizes.stream()
                .mapToDouble(sized -> Math.abs(sized.error()))
                .sorted()
                .toArray();
        double[] parts = IntStream.of(50, 90, 100)
                .mapToDouble(part -> 100 * errors[Math.max(0, (int) Math.ceil(errors.length * part / 100.0) - 1)])
                .toArray();
        long near = Arrays.stream(errors).filter(error -> error <= 0.3).count();
        System.out.printf(
                "| %s | %d | %.2f %% | %.1f %% | %.1f %% | %d |%n",
                label, errors.length, parts[0], parts[1], parts[2], near);
    }

    /** The tree of node types with the tables and indexes they read; partitions of an index have names of their own. */
    private static String shape(Plan.Node node) {
        String index = node.index();
        return node.type() + " " + node.relation() + " "
                + (index == null ? "" : index.replaceFirst("^h(?=ix)", "").replaceFirst("idx\\d$", "idx"))
                + node.children().stream().map(TwinFidelity::shape).toList();
    }

    private static List<String> lines(String name) throws IOException {
        return Files.readAllLines(LISTS.resolve(name)).stream()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .toList();
    }

    /** An index from a line of a list: table with its schema, method, keys, included columns, condition and storage. */
    private static Listed listed(String list, String line) {
        List<String> all = new ArrayList<>(Arrays.asList(line.split("\\s\\|(?=\\s|$)", -1)));
        while (all.size() < 6) {
            all.add("");
        }
        all.replaceAll(String::strip);
        String[] table = all.getFirst().split("\\.", 2);
        CreateIndex index = new CreateIndex(
                table[0],
                table[1],
                "ix_" + Integer.toHexString(line.hashCode()),
                false,
                all.get(1),
                List.of(all.get(2)),
                all.get(3).isEmpty() ? List.of() : List.of(all.get(3)),
                all.get(4).isEmpty() ? null : all.get(4));
        return new Listed(list, index, all.get(5));
    }

    private static long pages(Connection source, CreateIndex index) throws SQLException {
        String name = Sql.literal(index.subject());
        return Long.parseLong(text(
                source,
                "SELECT coalesce(sum(pg_relation_size(relid)), 0)::bigint / 8192 FROM (SELECT " + name
                        + "::regclass AS relid UNION SELECT relid FROM pg_partition_tree(" + name + ")) t"));
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
