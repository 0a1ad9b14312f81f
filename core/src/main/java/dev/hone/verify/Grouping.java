package dev.hone.verify;

import dev.hone.change.AlterColumnStatistics;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Catalog;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.Sql;
import dev.hone.twin.Plan;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What helps the planner to group and to join by columns: how many different values they really have, where ANALYZE's
 * sample misleads (it does for clustered columns of large tables), and indexes that bring a table's rows grouped already
 * and hold all that the grouping needs.
 */
final class Grouping {

    /** From which factor on an estimate is wrong enough to be put right. */
    private static final double WRONG = 2;

    /** Smaller tables ANALYZE reads whole. */
    private static final double LEAST_ROWS = 30_000;

    /** A share of the rows keeps its truth while a table grows; see ANALYZE, which draws the same line. */
    private static final double GROWING = 0.1;

    private static final int MOST_INCLUDED = 4;
    private static final Duration LONGEST_COUNT = Duration.ofMinutes(1);

    private record Column(String schema, String table, String name) {}

    private final List<Plan> plans;
    private final Map<String, List<String>> columns = new HashMap<>();

    /** Looks at plans that were made with VERBOSE, so that every column is named with its table. */
    Grouping(Snapshot snapshot, List<Plan> plans) {
        this.plans = List.copyOf(plans);
        Map<Long, String> names = new HashMap<>();
        for (Catalog.Relation relation : snapshot.catalog().relations()) {
            if (relation.kind().equals("r")) {
                names.put(relation.oid(), relation.qualifiedName());
            }
        }
        for (Catalog.Column column : snapshot.catalog().columns()) {
            String table = names.get(column.relation());
            if (table != null) {
                columns.computeIfAbsent(table, any -> new ArrayList<>()).add(column.name());
            }
        }
    }

    /** Indexes in the order of a grouping, with all that it needs of its table. */
    List<CreateIndex> indexes() {
        Set<CreateIndex> found = new LinkedHashSet<>();
        for (Plan plan : plans) {
            plan.nodes()
                    .filter(node -> node.type().equals("Aggregate"))
                    .forEach(node -> index(node).ifPresent(found::add));
        }
        return List.copyOf(found);
    }

    private Optional<CreateIndex> index(Plan.Node aggregate) {
        Object keys = aggregate.attributes().get("Group Key");
        // A scan may put out the whole row though little of it is needed; what is above it says what.
        StringBuilder needed = new StringBuilder();
        StringBuilder output = new StringBuilder();
        Plan.Node scan = aggregate;
        while (scan.children().size() == 1) {
            needed.append(scan.attributes().get("Filter")).append('\n');
            output.append(scan.attributes().get("Output")).append('\n');
            scan = scan.children().getFirst();
        }
        needed.append(scan.attributes().get("Filter")).append('\n');
        if (!(keys instanceof List<?> list)
                || !scan.children().isEmpty()
                || scan.schema() == null
                || scan.relation() == null) {
            return Optional.empty();
        }
        List<String> order = new ArrayList<>();
        for (Object key : list) {
            List<String> named = mentioned(scan, String.valueOf(key));
            if (named.size() != 1 || !String.valueOf(key).endsWith(bare(named.getFirst()))) {
                return Optional.empty();
            }
            order.add(named.getFirst());
        }
        Set<String> rest = new LinkedHashSet<>(mentioned(scan, needed.toString()));
        rest.addAll(mentioned(scan, output.toString()));
        rest.addAll(unqualified(scan, output.toString()));
        order.forEach(rest::remove);
        if (rest.size() > MOST_INCLUDED) {
            return Optional.empty();
        }
        return Optional.of(new CreateIndex(
                scan.schema(),
                scan.relation(),
                scan.relation() + "_grouped_idx",
                false,
                "btree",
                order.stream().map(Sql::identifier).toList(),
                rest.stream().map(Sql::identifier).toList(),
                null));
    }

    /**
     * Counts the different values of columns by which the plans group and join, where that may matter.
     *
     * @param stage with all rows
     * @return numbers to tell the planner, of the columns whose estimate is wrong
     */
    List<Option.Distinct> misjudged(Stage stage) throws SQLException {
        Map<Column, Boolean> wanted = new LinkedHashMap<>();
        for (Plan plan : plans) {
            StringBuilder text = new StringBuilder();
            plan.nodes().forEach(node -> {
                for (String part : List.of("Group Key", "Hash Cond", "Merge Cond", "Join Filter", "Cache Key")) {
                    Object value = node.attributes().get(part);
                    if (value != null) {
                        text.append(value).append('\n');
                    }
                }
            });
            plan.nodes()
                    .filter(node -> node.schema() != null && node.relation() != null)
                    .forEach(node -> mentioned(node, text.toString())
                            .forEach(name -> wanted.put(
                                    new Column(String.valueOf(node.schema()), String.valueOf(node.relation()), name),
                                    true)));
        }
        List<Option.Distinct> found = new ArrayList<>();
        for (Column column : wanted.keySet()) {
            try {
                counted(stage, column).ifPresent(found::add);
            } catch (SQLException e) {
                // Such a type cannot be grouped, or it takes too long: then the estimate stands.
                stage.runner().begin();
            }
        }
        return found;
    }

    private static Optional<Option.Distinct> counted(Stage stage, Column column) throws SQLException {
        stage.show(new BitSet());
        String table = Sql.identifier(column.schema(), column.table());
        Optional<String> known = stage.runner().text(Sql.tag("estimated", """
                SELECT s.n_distinct || ' ' || a.attnum || ' ' || c.oid || ' ' || c.reltuples
                FROM pg_catalog.pg_stats s
                JOIN pg_catalog.pg_class c ON c.oid = %s::regclass
                JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = s.attname
                WHERE s.schemaname = %s AND s.tablename = %s AND s.attname = %s AND NOT s.inherited""".formatted(
                        Sql.literal(table),
                        Sql.literal(column.schema()),
                        Sql.literal(column.table()),
                        Sql.literal(column.name()))));
        if (known.isEmpty()) {
            return Optional.empty();
        }
        String[] parts = known.get().split(" ", -1);
        double distinct = Double.parseDouble(parts[0]);
        double rows = Double.parseDouble(parts[3]);
        if (rows < LEAST_ROWS || distinct == 0) {
            return Optional.empty();
        }
        String name = Sql.identifier(column.name());
        stage.runner().execute("SET LOCAL statement_timeout = " + LONGEST_COUNT.toMillis());
        String[] exact = stage.runner()
                .text(Sql.tag(
                        "distinct",
                        "SELECT count(v) || ' ' || coalesce(sum(n), 0) FROM (SELECT " + name
                                + " AS v, count(*) AS n FROM ONLY " + table + " GROUP BY 1) AS counted"))
                .orElseThrow()
                .split(" ", -1);
        double really = Double.parseDouble(exact[0]);
        double all = Double.parseDouble(exact[1]);
        double estimated = distinct < 0 ? -distinct * rows : distinct;
        if (really < 1 || (estimated < WRONG * really && really < WRONG * estimated)) {
            return Optional.empty();
        }
        double told = really > GROWING * all ? -Math.round(really / all * 1e6) / 1e6 : really;
        return Optional.of(new Option.Distinct(
                new AlterColumnStatistics(column.schema(), column.table(), column.name(), null, told),
                told,
                distinct,
                Integer.parseInt(parts[1]),
                Long.parseLong(parts[2])));
    }

    /** The columns of a scan's table that a text names by the scan's alias. */
    private List<String> mentioned(Plan.Node scan, String text) {
        String alias = scan.alias();
        if (alias == null) {
            return List.of();
        }
        List<String> some = columns.getOrDefault(
                Sql.identifier(String.valueOf(scan.schema()), String.valueOf(scan.relation())), List.of());
        return some.stream()
                .filter(column -> Pattern.compile(
                                "(?<![\\w\".])" + either(alias) + "\\." + either(column) + "(?![\\w\"])")
                        .matcher(text)
                        .find())
                .toList();
    }

    /** Like {@link #mentioned}, for a list that names no tables, as it does not where a query has but one. */
    private List<String> unqualified(Plan.Node scan, String text) {
        return columns
                .getOrDefault(Sql.identifier(String.valueOf(scan.schema()), String.valueOf(scan.relation())), List.of())
                .stream()
                .filter(column -> Pattern.compile("(?<![\\w\".])" + either(column) + "(?![\\w\".(])")
                        .matcher(text)
                        .find())
                .toList();
    }

    /** The end of a key that is this column and nothing else. */
    private static String bare(String column) {
        return column.matches("[a-z_][a-z0-9_]*") ? column : Sql.identifier(column);
    }

    /** A name with quotes or, as the server writes most, without. */
    private static String either(String name) {
        return "(?:" + Pattern.quote(name) + "|" + Pattern.quote(Sql.identifier(name)) + ")";
    }
}
