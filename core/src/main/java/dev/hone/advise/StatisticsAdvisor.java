package dev.hone.advise;

import dev.hone.Progress;
import dev.hone.change.AlterColumnStatistics;
import dev.hone.change.Change;
import dev.hone.change.CreateStatistics;
import dev.hone.postgres.Catalog;
import dev.hone.postgres.Server;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.Sql;
import dev.hone.postgres.Statistics;
import dev.hone.postgres.Statistics.ColumnStatistics;
import dev.hone.postgres.Statistics.ExtendedStatistics;
import dev.hone.twin.Plan;
import dev.hone.twin.Twin;
import dev.hone.workload.Workload;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Finds where the planner's picture of the data is wrong: columns that go together, which it takes to be independent, and
 * columns with many more values than ANALYZE's sample shows. Counts on the server, within bounds; a second twin that knows
 * better is then what indexes are chosen on, and advised is only what makes it choose another plan for a query of the
 * workload. Not safe for use by several threads at once.
 */
public final class StatisticsAdvisor {

    /** An error of fewer times seldom changes a plan. */
    private static final double WRONG = 10;

    /** And a number of values, as groups and joins multiply it. */
    private static final double WRONG_DISTINCT = 3;

    private static final double LEAST_COST = 500;
    private static final double LEAST_ROWS = 10_000;
    private static final int MOST_COUNTS = 20;
    private static final int MOST_NAME = 63;

    private final Snapshot snapshot;
    private final Schema schema;
    private final Server server;
    private final Map<String, Wrong> found = new LinkedHashMap<>();
    private final TreeSet<String> counted = new TreeSet<>();

    private StatisticsAdvisor(Snapshot snapshot, Server server) {
        this.snapshot = snapshot;
        this.server = server;
        schema = new Schema(snapshot);
    }

    /**
     * A wrong estimate.
     *
     * @param change what would right it
     * @param what was counted, and what the planner assumes
     */
    private record Wrong(
            Schema.Table table, List<String> columns, Change change, String what, double distinct, JointCount count) {}

    /** A query with its plan. */
    private record Planned(Workload.Query query, Plan plan, List<TableUse> uses) {}

    /**
     * Counts what the workload's queries compare, join and group by.
     *
     * @param twin built from the Snapshot
     * @param server the source, on which is counted: at most twenty read-only statements of five seconds each
     */
    public static StatisticsAdvisor count(
            Twin twin, Snapshot snapshot, Workload workload, Server server, Progress progress) {
        StatisticsAdvisor advisor = new StatisticsAdvisor(snapshot, server);
        List<Planned> planned = advisor.planned(twin, workload);
        try (Progress.Task task = progress.begin("Counting values", MOST_COUNTS)) {
            for (Planned one : planned) {
                one.uses().forEach(use -> advisor.look(use, task));
            }
        }
        return advisor;
    }

    /** True if the planner's picture is right as far as was counted. */
    public boolean foundNothing() {
        return found.isEmpty();
    }

    /**
     * Which statistics to create or set: those by which a query gets another plan.
     *
     * @param twin built from the Snapshot; afterwards it shows no hypothetical index
     * @param better built from the {@link #corrected} one; the same holds for it
     * @param recommended whose indexes are taken to be there
     */
    public List<Recommendation> recommendations(
            Twin twin, Twin better, Workload workload, List<Recommendation> recommended) {
        List<Planned> planned = new ArrayList<>();
        AdvisedPlans.with(twin, recommended, () -> planned.addAll(planned(twin, workload)));
        Map<String, List<String>> changed = new TreeMap<>();
        AdvisedPlans.with(
                better,
                recommended,
                () -> planned.forEach(one -> {
                    Plan plan = AdvisedPlans.of(better, one.query()).orElse(one.plan());
                    if (!shape(plan.root()).equals(shape(one.plan().root()))) {
                        found.forEach((key, wrong) -> {
                            if (one.uses().stream()
                                    .anyMatch(use -> use.table
                                                    .name()
                                                    .equals(wrong.table().name())
                                            && columns(use).containsAll(wrong.columns()))) {
                                changed.computeIfAbsent(key, any -> new ArrayList<>())
                                        .add(one.query().id() + " (" + difference(one.plan(), plan) + ")");
                            }
                        });
                    }
                }));
        List<Recommendation> all = new ArrayList<>();
        changed.forEach((key, queries) -> {
            Wrong wrong = found.get(key);
            if (wrong != null) {
                all.add(new Recommendation(
                        wrong.change(),
                        wrong.what() + " With the right number another plan is chosen for query "
                                + Phrases.several(queries, 3) + ".",
                        0,
                        List.of(),
                        List.of()));
            }
        });
        return all;
    }

    /** The queries that cost something, with their plans as the twin is now. */
    private List<Planned> planned(Twin twin, Workload workload) {
        List<Planned> planned = new ArrayList<>();
        for (Workload.Query query : workload.queries()) {
            AdvisedPlans.of(twin, query)
                    .filter(plan -> plan.totalCost() >= LEAST_COST)
                    .ifPresent(plan -> planned.add(new Planned(
                            query,
                            plan,
                            PlanReader.read(plan, schema, PlanReader.constants(query.samples()))
                                    .uses())));
        }
        return planned;
    }

    private void look(TableUse use, Progress.Task task) {
        if (!use.table.relation().kind().equals("r") || use.table.relation().tuples() < LEAST_ROWS) {
            return;
        }
        List<String> together = plain(use.table, use.equal);
        pairs(use.table, together, task);
        List<String> single = new ArrayList<>();
        for (List<String> keys : use.groups) {
            List<String> grouped = plain(use.table, keys);
            pairs(use.table, grouped, task);
            single.addAll(grouped);
        }
        single.addAll(plain(use.table, use.joins));
        single.addAll(together);
        single.forEach(column -> distinct(use.table, column, task));
    }

    private void pairs(Schema.Table table, List<String> columns, Progress.Task task) {
        for (int i = 0; i < columns.size(); i++) {
            for (int j = i + 1; j < columns.size(); j++) {
                pair(table, columns.get(i), columns.get(j), task);
            }
        }
    }

    private boolean mayCount(String key, Progress.Task task) {
        boolean may = counted.size() < MOST_COUNTS && counted.add(key);
        task.at(counted.size(), key);
        return may;
    }

    private void pair(Schema.Table table, String one, String other, Progress.Task task) {
        String first = one.compareTo(other) < 0 ? one : other;
        String second = first.equals(one) ? other : one;
        String key =
                table.relation().qualifiedName() + " (" + Sql.identifier(first) + ", " + Sql.identifier(second) + ")";
        if (!mayCount(key, task)) {
            return;
        }
        JointCount count = JointCount.of(server, table, first, second).orElse(null);
        if (count == null || !count.tells() || count.factor() < WRONG) {
            return;
        }
        String name = table.name().table() + "_" + first + "_" + second + "_stats";
        found.put(
                key,
                new Wrong(
                        table,
                        List.of(first, second),
                        new CreateStatistics(
                                table.name().schema(),
                                name.codePointCount(0, name.length()) > MOST_NAME / 2
                                        ? "stats_" + Integer.toHexString(name.hashCode())
                                        : name,
                                table.name().table(),
                                List.of("ndistinct", "dependencies"),
                                List.of(Sql.identifier(first), Sql.identifier(second))),
                        String.format(
                                Locale.ROOT,
                                "%s go together: a sample of %,.0f rows has %,.0f combinations of %,.0f and %,.0f values, and"
                                        + " the planner takes each to be %,.0f times rarer than it is.",
                                key,
                                count.rows(),
                                count.both(),
                                count.first(),
                                count.second(),
                                count.factor()),
                        0,
                        count));
    }

    private void distinct(Schema.Table table, String column, Progress.Task task) {
        ColumnStatistics known = table.statistics().get(column);
        String key = table.relation().qualifiedName() + "." + Sql.identifier(column);
        // A negative number is a share of the rows, which is right for what is nearly unique; few values are all known.
        if (known == null || known.distinct() <= WRONG || !mayCount(key, task)) {
            return;
        }
        double counts = JointCount.distinct(server, table, column).orElse(0.0);
        if (counts < WRONG_DISTINCT * known.distinct()) {
            return;
        }
        double share = -Math.min(1, counts / Math.max(1, table.relation().tuples()));
        // To three digits: the rest changes with every insert.
        double rounded = -Math.max(0.001, Math.round(-share * 1000) / 1000.0);
        found.put(
                key,
                new Wrong(
                        table,
                        List.of(column),
                        new AlterColumnStatistics(
                                table.name().schema(), table.name().table(), column, null, rounded),
                        String.format(
                                Locale.ROOT,
                                "%s has %,.0f values; ANALYZE's sample makes the planner assume %,.0f.",
                                key,
                                counts,
                                known.distinct()),
                        rounded,
                        new JointCount(0, 0, 0, 0, 0, 0)));
    }

    /** The Snapshot as it would be with right statistics. */
    public Snapshot corrected() {
        List<ColumnStatistics> columns = new ArrayList<>();
        for (ColumnStatistics row : snapshot.statistics().columns()) {
            Wrong wrong = found.values().stream()
                    .filter(one -> one.change() instanceof AlterColumnStatistics
                            && one.table().name().equals(new Schema.Name(row.schema(), row.relation()))
                            && one.columns().contains(row.column()))
                    .findFirst()
                    .orElse(null);
            columns.add(wrong == null ? row : withDistinct(row, (float) wrong.distinct()));
        }
        List<ExtendedStatistics> extended =
                new ArrayList<>(snapshot.statistics().extended());
        List<Catalog.StatisticsObject> objects =
                new ArrayList<>(snapshot.catalog().statisticsObjects());
        for (Wrong wrong : found.values()) {
            if (wrong.change() instanceof CreateStatistics create) {
                objects.add(new Catalog.StatisticsObject(
                        -1L - objects.size(),
                        create.schema(),
                        create.name(),
                        wrong.table().relation().oid(),
                        create.statement()));
                extended.add(image(wrong, create));
            }
        }
        Catalog c = snapshot.catalog();
        return new Snapshot(
                snapshot.format(),
                snapshot.takenAt(),
                snapshot.database(),
                snapshot.settings(),
                new Catalog(
                        c.schemas(),
                        c.extensions(),
                        c.types(),
                        c.collations(),
                        c.functions(),
                        c.sequences(),
                        c.relations(),
                        c.columns().stream().map(this::corrected).toList(),
                        c.constraints(),
                        c.indexes(),
                        c.views(),
                        c.triggers(),
                        objects),
                new Statistics(columns, extended, snapshot.statistics().expressions()),
                snapshot.activity(),
                snapshot.evidence(),
                snapshot.blindSpots(),
                snapshot.planner());
    }

    private Catalog.Column corrected(Catalog.Column column) {
        for (Wrong wrong : found.values()) {
            if (wrong.change() instanceof AlterColumnStatistics
                    && wrong.table().relation().oid() == column.relation()
                    && wrong.columns().contains(column.name())) {
                return new Catalog.Column(
                        column.relation(),
                        column.number(),
                        column.name(),
                        column.type(),
                        column.length(),
                        column.notNull(),
                        column.local(),
                        column.generated(),
                        column.identity(),
                        column.defaultExpression(),
                        column.collation(),
                        wrong.distinct());
            }
        }
        return column;
    }

    private static ColumnStatistics withDistinct(ColumnStatistics row, float distinct) {
        return new ColumnStatistics(
                row.schema(),
                row.relation(),
                row.column(),
                row.inherited(),
                row.nullFraction(),
                row.averageWidth(),
                distinct,
                row.mostCommonValues(),
                row.mostCommonFrequencies(),
                row.histogramBounds(),
                row.correlation(),
                row.mostCommonElements(),
                row.mostCommonElementFrequencies(),
                row.elementCountHistogram(),
                row.rangeLengthHistogram(),
                row.rangeEmptyFraction(),
                row.rangeBoundsHistogram());
    }

    /** As mvdistinct.c and dependencies.c write it. */
    private static ExtendedStatistics image(Wrong wrong, CreateStatistics create) {
        short first = number(wrong.table(), wrong.columns().getFirst());
        short second = number(wrong.table(), wrong.columns().getLast());
        JointCount count = wrong.count();
        // Both are of the sample: what more rows would show, they show of one as of the other.
        ByteBuffer distinct = ByteBuffer.allocate(28).order(ByteOrder.LITTLE_ENDIAN);
        distinct.putInt(0xA352BFA4).putInt(1).putInt(1).putDouble(count.both()).putInt(2);
        distinct.putShort((short) Math.min(first, second)).putShort((short) Math.max(first, second));
        ByteBuffer dependencies = ByteBuffer.allocate(12 + 2 * 14).order(ByteOrder.LITTLE_ENDIAN);
        dependencies.putInt(0xB4549A2C).putInt(1).putInt(2);
        dependencies
                .putDouble(count.firstDecides())
                .putShort((short) 2)
                .putShort(first)
                .putShort(second);
        dependencies
                .putDouble(count.secondDecides())
                .putShort((short) 2)
                .putShort(second)
                .putShort(first);
        return new ExtendedStatistics(
                create.schema(),
                create.name(),
                false,
                wrong.columns(),
                List.of(),
                HexFormat.of().formatHex(distinct.array()),
                HexFormat.of().formatHex(dependencies.array()),
                null,
                null,
                null,
                null);
    }

    private static short number(Schema.Table table, String column) {
        Catalog.Column known = table.columns().get(column);
        return (short) (known == null ? 0 : known.number());
    }

    private static List<String> columns(TableUse use) {
        List<String> all = new ArrayList<>(plain(use.table, use.equal));
        use.groups.forEach(keys -> all.addAll(plain(use.table, keys)));
        all.addAll(plain(use.table, use.joins));
        return all;
    }

    /** Names of the keys that are columns. */
    private static List<String> plain(Schema.Table table, Iterable<String> keys) {
        List<String> names = new ArrayList<>();
        for (String key : keys) {
            table.columns().keySet().stream()
                    .filter(name -> Sql.identifier(name).equals(key))
                    .forEach(names::add);
        }
        return names;
    }

    private static String shape(Plan.Node node) {
        StringBuilder text = new StringBuilder(node.type())
                .append(' ')
                .append(node.attributes().getOrDefault("Strategy", ""))
                .append(' ')
                .append(node.alias())
                .append(' ')
                .append(node.index());
        node.children().forEach(child -> text.append('(').append(shape(child)).append(')'));
        return text.toString();
    }

    /** The first step that is another one. */
    private static String difference(Plan before, Plan after) {
        List<Plan.Node> old = before.nodes().toList();
        List<Plan.Node> now = after.nodes().toList();
        for (int i = 0; i < Math.min(old.size(), now.size()); i++) {
            String was = step(old.get(i));
            String is = step(now.get(i));
            if (!was.equals(is)) {
                return was + " becomes " + is;
            }
        }
        return "fewer or more steps";
    }

    private static String step(Plan.Node node) {
        return (node.attributes().get("Strategy") instanceof String strategy ? strategy + " " : "")
                + node.type()
                + (node.index() == null ? "" : " of " + node.index());
    }
}
