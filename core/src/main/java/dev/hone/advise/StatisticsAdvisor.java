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
import dev.hone.twin.Assumption;
import dev.hone.twin.Plan;
import dev.hone.twin.Twin;
import dev.hone.twin.WhatIf;
import dev.hone.workload.Workload;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Finds where the planner's picture of the data is wrong: columns that go together, which it takes to be independent, and
 * columns with many more values than ANALYZE's sample shows. Counts on the server, within bounds; twins that know
 * better are then what indexes are chosen on, and advised is only what makes them choose another plan for a query of the
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
    private final boolean thorough;
    private final Map<String, Wrong> found = new LinkedHashMap<>();
    private final TreeSet<String> counted = new TreeSet<>();

    private StatisticsAdvisor(Snapshot snapshot, Server server, boolean thorough) {
        this.snapshot = snapshot;
        this.server = server;
        this.thorough = thorough;
        schema = new Schema(snapshot);
    }

    /**
     * A wrong estimate.
     *
     * @param change what would right it
     * @param right what the planner would then know
     * @param what was counted, and what the planner assumes
     */
    private record Wrong(Schema.Table table, List<String> columns, Change change, WhatIf right, String what) {}

    /** A query with its plan. */
    private record Planned(Workload.Query query, Plan plan, List<TableUse> uses) {}

    /**
     * Counts what the workload's queries compare, join and group by.
     *
     * @param twin built from the Snapshot
     * @param server the source, on which is counted: at most twenty read-only statements of five seconds each
     * @param thorough whether to count whole columns and combinations of columns too; otherwise only columns by whose
     *     values rows stand in order, of which a few pages tell enough
     */
    public static StatisticsAdvisor count(
            Twin twin, Snapshot snapshot, Workload workload, Server server, boolean thorough, Progress progress) {
        StatisticsAdvisor advisor = new StatisticsAdvisor(snapshot, server, thorough);
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

    /** Lets a twin know what was found, until the assumptions are closed. */
    public List<Assumption> tell(Twin twin) {
        List<Assumption> told = new ArrayList<>();
        try {
            for (Wrong wrong : found.values()) {
                told.add(twin.assume(wrong.right()));
            }
            return told;
        } catch (RuntimeException e) {
            told.forEach(Assumption::close);
            throw e;
        }
    }

    /**
     * Which statistics to create or set: those by which a query gets another plan.
     *
     * @param twin built from the Snapshot; afterwards it shows no hypothetical index and knows what it knew
     * @param recommended whose indexes are taken to be there
     */
    public List<Recommendation> recommendations(Twin twin, Workload workload, List<Recommendation> recommended) {
        Map<String, List<String>> changed = new TreeMap<>();
        List<Assumption> told = tell(twin);
        try {
            AdvisedPlans.with(twin, recommended, () -> {
                Map<Workload.Query, Plan> right = new HashMap<>();
                workload.queries()
                        .forEach(query -> AdvisedPlans.of(twin, query).ifPresent(plan -> right.put(query, plan)));
                told.forEach(Assumption::close);
                planned(twin, workload)
                        .forEach(one -> compare(one, right.getOrDefault(one.query(), one.plan()), changed));
            });
        } finally {
            told.forEach(Assumption::close);
        }
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

    /** Notes under which errors a query's plan is another one. */
    private void compare(Planned one, Plan right, Map<String, List<String>> changed) {
        if (shape(right.root()).equals(shape(one.plan().root()))) {
            return;
        }
        found.forEach((key, wrong) -> {
            if (one.uses().stream()
                    .anyMatch(use -> use.table.name().equals(wrong.table().name())
                            && columns(use).containsAll(wrong.columns()))) {
                changed.computeIfAbsent(key, any -> new ArrayList<>())
                        .add(one.query().id() + " (" + difference(one.plan(), right) + ")");
            }
        });
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
        // Not all may be counted: the dearest first.
        planned.sort(Comparator.comparingDouble(
                one -> -one.query().calls() * one.plan().totalCost()));
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
        single.forEach(column -> count(use.table, column, task));
    }

    private void pairs(Schema.Table table, List<String> columns, Progress.Task task) {
        if (!thorough) {
            return;
        }
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
        CreateStatistics create = new CreateStatistics(
                table.name().schema(),
                name.codePointCount(0, name.length()) > MOST_NAME / 2
                        ? "stats_" + Integer.toHexString(name.hashCode())
                        : name,
                table.name().table(),
                List.of("ndistinct", "dependencies"),
                List.of(Sql.identifier(first), Sql.identifier(second)));
        // Both figures are of the sample: what more rows would show, they show of one as of the other.
        WhatIf.Measured measured = new WhatIf.Measured(
                Map.of(List.of(first, second), count.both()),
                Map.of(
                        new WhatIf.Dependency(List.of(first), second), count.firstDecides(),
                        new WhatIf.Dependency(List.of(second), first), count.secondDecides()));
        found.put(
                key,
                new Wrong(
                        table,
                        List.of(first, second),
                        create,
                        new WhatIf.NewStatistics(create.statement(), measured),
                        String.format(
                                Locale.ROOT,
                                "%s go together: a sample of %,.0f rows has %,.0f combinations of %,.0f and %,.0f values, and"
                                        + " the planner takes each to be %,.0f times rarer than it is.",
                                key,
                                count.rows(),
                                count.both(),
                                count.first(),
                                count.second(),
                                count.factor())));
    }

    private void count(Schema.Table table, String column, Progress.Task task) {
        ColumnStatistics known = table.statistics().get(column);
        String key = table.relation().qualifiedName() + "." + Sql.identifier(column);
        // A negative number is a share of the rows, which is right for what is nearly unique; few values are all known.
        if (known == null
                || known.distinct() <= WRONG
                || !(thorough || hasRuns(table, known))
                || !mayCount(key, task)) {
            return;
        }
        double counts = distinctCount(table, known).orElse(0.0);
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
                        new WhatIf.DistinctValues(
                                table.name().schema(), table.name().table(), column, rounded),
                        String.format(
                                Locale.ROOT,
                                "%s has %,.0f values; ANALYZE's sample makes the planner assume %,.0f.",
                                key,
                                counts,
                                known.distinct())));
    }

    private Optional<Double> distinctCount(Schema.Table table, ColumnStatistics known) {
        Optional<Double> exact = thorough ? DistinctCount.exact(server, table, known.column()) : Optional.empty();
        return exact.isEmpty() && hasRuns(table, known)
                ? DistinctCount.clustered(server, table, known.column())
                : exact;
    }

    private boolean hasRuns(Schema.Table table, ColumnStatistics known) {
        return DistinctCount.isClustered(known) && DistinctCount.hasRuns(server, table);
    }

    /** The Snapshot as it would be with right numbers of different values. */
    public Snapshot corrected() {
        List<ColumnStatistics> columns = snapshot.statistics().columns().stream()
                .map(row -> distinct(row.schema(), row.relation(), row.column())
                        .map(distinct -> withDistinct(row, (float) (double) distinct))
                        .orElse(row))
                .toList();
        Statistics s = snapshot.statistics();
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
                        corrected(c),
                        c.constraints(),
                        c.indexes(),
                        c.views(),
                        c.triggers(),
                        c.statisticsObjects()),
                new Statistics(columns, s.extended(), s.expressions()),
                snapshot.activity(),
                snapshot.evidence(),
                snapshot.blindSpots(),
                snapshot.planner());
    }

    private Optional<Double> distinct(String relationSchema, String relation, String column) {
        return found.values().stream()
                .map(Wrong::right)
                .filter(WhatIf.DistinctValues.class::isInstance)
                .map(WhatIf.DistinctValues.class::cast)
                .filter(one -> one.schema().equals(relationSchema)
                        && one.table().equals(relation)
                        && one.column().equals(column))
                .map(WhatIf.DistinctValues::distinct)
                .findFirst();
    }

    private List<Catalog.Column> corrected(Catalog catalog) {
        Map<Long, Catalog.Relation> relations = new HashMap<>();
        catalog.relations().forEach(relation -> relations.put(relation.oid(), relation));
        List<Catalog.Column> columns = new ArrayList<>();
        for (Catalog.Column column : catalog.columns()) {
            Catalog.Relation of = relations.get(column.relation());
            columns.add(
                    of == null
                            ? column
                            : distinct(of.schema(), of.name(), column.name())
                                    .map(distinct -> withDistinct(column, distinct))
                                    .orElse(column));
        }
        return columns;
    }

    private static Catalog.Column withDistinct(Catalog.Column column, double distinct) {
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
                distinct);
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
