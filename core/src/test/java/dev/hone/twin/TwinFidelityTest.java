package dev.hone.twin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Progress;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Sql;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Plans and sizes of a twin against those of the real database, without and with secondary indexes. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TwinFidelityTest {

    static final List<String> QUERIES = lines("source-queries.txt").toList();

    static final List<CreateIndex> INDEXES =
            lines("source-indexes.txt").map(TwinFidelityTest::index).toList();

    private static final int INVERTED_ROWS = 8_000;

    private static final int FRESH_ROWS = 20_000;

    private Source source;
    private Twin twin;
    private List<String> queries;
    private List<CreateIndex> indexes;

    @BeforeAll
    void build() {
        source = Source.start();
        source.execute(Source.resource("fresh.sql").replace("@rows@", Integer.toString(FRESH_ROWS)));
        source.execute(Source.resource("inverted.sql").replace("@rows@", Integer.toString(INVERTED_ROWS)));
        source.analyze();
        queries = Stream.concat(QUERIES.stream(), lines("fresh-queries.txt")).toList();
        Stream<String> more =
                Stream.of("fresh-indexes.txt", "inverted-indexes.txt").flatMap(TwinFidelityTest::lines);
        indexes = Stream.concat(INDEXES.stream(), more.map(TwinFidelityTest::index))
                .toList();
        twin = Twin.build(source.snapshot(), Progress.NONE);
    }

    @AfterAll
    void stop() {
        twin.close();
        source.close();
    }

    @Test
    void plans_and_sizes_are_those_of_the_source() {
        assertThat(queries).hasSizeGreaterThanOrEqualTo(60);
        assertThat(indexes).hasSizeGreaterThanOrEqualTo(60);
        SoftAssertions softly = new SoftAssertions();
        compare("no secondary index", softly);

        indexes.forEach(index -> source.execute(index.statement(false)));
        Map<CreateIndex, Long> real = new LinkedHashMap<>();
        indexes.forEach(index -> real.put(index, realPages(index)));
        // Expressions have statistics on the source once it is analysed with the index there.
        source.execute("ANALYZE");
        twin.close();
        twin = Twin.build(source.snapshot(), Progress.NONE);
        softly.assertThat(twin.omissions()).isEmpty();
        compare("all indexes rebuilt", softly);

        twin.countKeys(new KeyCounter(source.server(), Duration.ofMinutes(10)));
        List<Sized> sizes = new ArrayList<>();
        for (CreateIndex index : indexes) {
            twin.hideExisting(index.schema(), index.name(), true);
            sizes.add(new Sized(index, twin.create(renamed(index)).pages(), Objects.requireNonNull(real.get(index))));
        }
        compare("all indexes hypothetical", softly);
        sizes(sizes, softly);
        softly.assertAll();
    }

    private static Stream<String> lines(String resource) {
        return Source.resource(resource).lines().filter(line -> !line.isBlank() && !line.startsWith("#"));
    }

    /** An index from a line of a list: table with its schema, method, keys, included columns and condition. */
    private static CreateIndex index(String line) {
        String[] parts = Arrays.copyOf(line.split("\\s\\|(?=\\s|$)", -1), 5);
        String[] table = parts[0].strip().split("\\.", 2);
        String include = parts[3] == null ? "" : parts[3].strip();
        String predicate = parts[4] == null ? "" : parts[4].strip();
        return new CreateIndex(
                table[0],
                table[1],
                "ix Ü " + Integer.toHexString(line.hashCode()),
                false,
                parts[1].strip(),
                List.of(parts[2].strip()),
                include.isEmpty() ? List.of() : List.of(include),
                predicate.isEmpty() ? null : predicate);
    }

    private record Sized(CreateIndex index, long pages, long realPages) {

        double error() {
            return Math.abs(pages - realPages) / (double) realPages;
        }

        boolean fresh() {
            return index.schema().equals("fresh");
        }
    }

    private long realPages(CreateIndex index) {
        String name = Sql.literal(Sql.identifier(index.schema(), index.name()));
        return source.longs("SELECT coalesce(sum(pg_relation_size(relid)), 0)::bigint / 8192 FROM (SELECT " + name
                        + "::regclass AS relid UNION SELECT relid FROM pg_partition_tree(" + name + ")) t")
                .getFirst();
    }

    static CreateIndex renamed(CreateIndex index) {
        return new CreateIndex(
                index.schema(),
                index.table(),
                "h" + index.name(),
                index.unique(),
                index.method(),
                index.keys(),
                index.include(),
                index.predicate());
    }

    private static void sizes(List<Sized> sizes, SoftAssertions softly) {
        for (Sized sized : sizes) {
            System.out.printf(
                    "%-60s %6d pages instead of %6d  %5.1f %%%n",
                    sized.index().statement(false).replaceFirst(".* ON ", ""),
                    sized.pages(),
                    sized.realPages(),
                    100 * sized.error());
        }
        Map<String, List<Sized>> methods = sizes.stream()
                .collect(Collectors.groupingBy(sized -> sized.index().method(), TreeMap::new, Collectors.toList()));
        methods.forEach((method, all) -> System.out.printf(
                "%s: median error %.2f %%, p90 %.2f %%, worst %.1f %%, n = %d%n",
                method, 100 * quantile(all, 0.5), 100 * quantile(all, 0.9), 100 * quantile(all, 1), all.size()));
        List<Sized> btrees = Objects.requireNonNull(methods.get("btree"));
        // These tables were made after the formula, which knew those of the other list.
        List<Sized> fresh = btrees.stream().filter(Sized::fresh).toList();
        softly.assertThat(fresh).hasSizeGreaterThanOrEqualTo(60);
        for (List<Sized> some : List.of(btrees, fresh)) {
            softly.assertThat(quantile(some, 0.5)).as("median error of btrees").isLessThanOrEqualTo(0.02);
            softly.assertThat(quantile(some, 0.9))
                    .as("90th percentile of btrees")
                    .isLessThanOrEqualTo(0.15);
        }
        for (Sized gin : Objects.requireNonNull(methods.get("gin"))) {
            softly.assertThat(gin.error()).as(gin.index().statement(false)).isLessThanOrEqualTo(0.30);
        }
        for (String exact : List.of("hash", "brin")) {
            softly.assertThat(quantile(Objects.requireNonNull(methods.get(exact)), 0.9))
                    .as("90th percentile of " + exact)
                    .isLessThanOrEqualTo(0.15);
        }
        for (String tree : List.of("gist", "spgist")) {
            softly.assertThat(quantile(Objects.requireNonNull(methods.get(tree)), 1))
                    .as("worst of " + tree)
                    .isLessThanOrEqualTo(0.5);
        }
    }

    private static double quantile(List<Sized> sizes, double part) {
        double[] errors = sizes.stream().mapToDouble(Sized::error).sorted().toArray();
        return errors[Math.max(0, (int) Math.ceil(errors.length * part) - 1)];
    }

    private void compare(String label, SoftAssertions softly) {
        List<String> different = new ArrayList<>();
        double worst = 0;
        int exact = 0;
        int close = 0;
        int alike = 0;
        for (String query : queries) {
            Plan real = source.explain(query);
            Plan pretended = twin.explain(query);
            double error = Math.abs(pretended.totalCost() - real.totalCost()) / real.totalCost();
            exact += error < 1e-9 ? 1 : 0;
            close += error <= 0.01 ? 1 : 0;
            worst = Math.max(worst, error);
            boolean same = shape(real.root()).equals(shape(pretended.root()));
            alike += same ? 1 : 0;
            if (error > 0.01 || !same) {
                different.add(String.format(
                        "%s%n   %.2f instead of %.2f%n   %s%n   %s",
                        query, pretended.totalCost(), real.totalCost(), shape(pretended.root()), shape(real.root())));
            }
        }
        int count = queries.size();
        System.out.printf(
                "%s: of %d plans %d have the same shape, %d the same cost, %d within 1 %%; worst error %.3f %%%n%s%n",
                label, count, alike, exact, close, 100 * worst, String.join("\n", different));
        softly.assertThat(alike / (double) count).as(label + ": same shape").isGreaterThanOrEqualTo(0.98);
        softly.assertThat(close / (double) count)
                .as(label + ": cost within 1 %")
                .isGreaterThanOrEqualTo(0.90);
    }

    /** The tree of node types with the tables and indexes they read; partitions of an index have names of their own. */
    static String shape(Plan.Node node) {
        String index = node.index();
        return node.type()
                + (node.relation() == null ? "" : " " + node.relation())
                + (index == null ? "" : " " + index.replaceFirst("^h(?=ix)", "").replaceFirst("idx\\d$", "idx"))
                + node.children().stream().map(TwinFidelityTest::shape).toList();
    }
}
