package dev.hone.advise;

import dev.hone.advise.Deparsed.Column;
import dev.hone.advise.Deparsed.Comparison;
import dev.hone.advise.Deparsed.Condition;
import dev.hone.advise.Deparsed.Constant;
import dev.hone.advise.Deparsed.Either;
import dev.hone.advise.Deparsed.Expression;
import dev.hone.advise.Deparsed.NullTest;
import dev.hone.advise.Deparsed.Order;
import dev.hone.advise.Deparsed.Parameter;
import dev.hone.advise.Deparsed.Term;
import dev.hone.advise.Deparsed.Truth;
import dev.hone.advise.TableUse.Fixed;
import dev.hone.advise.TableUse.SortKey;
import dev.hone.postgres.Sql;
import dev.hone.twin.Plan;
import dev.hone.twin.Plan.Node;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads out of a VERBOSE plan what the query wants of each table. */
final class PlanReader {

    /**
     * A parameter compared for equality with a column.
     *
     * @param number as in {@code $1}
     */
    record Bound(int number, Schema.Table table, String column) {}

    private static final List<String> CONDITIONS =
            List.of("Filter", "Index Cond", "Recheck Cond", "Hash Cond", "Merge Cond", "Join Filter");
    private static final Set<String> RANGE = Set.of("<", "<=", ">", ">=");
    private static final Set<String> OPPOSITE = Set.of("<>", "!=");
    private static final Set<String> SCANS = Set.of("Index Scan", "Index Only Scan");

    private final Schema schema;
    private final Function<Integer, @Nullable String> constants;
    private final Map<String, TableUse> uses = new LinkedHashMap<>();
    private final List<Bound> bounds = new ArrayList<>();

    private PlanReader(Schema schema, Function<Integer, @Nullable String> constants) {
        this.schema = schema;
        this.constants = constants;
    }

    /** What a plan says: the uses of tables, and which parameters stand for which columns. */
    record Reading(List<TableUse> uses, List<Bound> bounds) {}

    /**
     * Reads a plan.
     *
     * @param constants the value that every sampled call gives a parameter; null where it varies
     */
    static Reading read(Plan plan, Schema schema, Function<Integer, @Nullable String> constants) {
        PlanReader reader = new PlanReader(schema, constants);
        plan.nodes().forEach(reader::alias);
        plan.nodes().forEach(reader::conditions);
        plan.nodes().forEach(reader::order);
        plan.nodes().forEach(node -> reader.columns(node, node.equals(plan.root())));
        return new Reading(List.copyOf(reader.uses.values()), List.copyOf(reader.bounds));
    }

    private void alias(Node node) {
        if (node.alias() == null || node.relation() == null || node.schema() == null) {
            return;
        }
        Schema.Table leaf = schema.table(new Schema.Name(node.schema(), node.relation()));
        // Of a partition, what is wanted is wanted of its partitioned table.
        Schema.Table table = leaf == null ? null : schema.root(leaf);
        if (table != null) {
            TableUse use = uses.computeIfAbsent(node.alias(), any -> new TableUse(table));
            use.needsHeap |= node.type().equals("ModifyTable") || node.type().equals("LockRows");
        }
    }

    private void conditions(Node node) {
        for (String attribute : CONDITIONS) {
            for (String text : texts(node, attribute)) {
                Deparsed.conditions(text).forEach(this::condition);
            }
        }
    }

    private void condition(Condition condition) {
        switch (condition) {
            case Comparison comparison -> {
                compare(comparison, comparison.left(), comparison.right());
                if (!comparison.any()) {
                    compare(flip(comparison), comparison.right(), comparison.left());
                }
            }
            case NullTest test ->
                key(test.term()).ifPresent(key -> {
                    if (test.isNull()) {
                        key.use().equal.add(key.sql());
                    }
                    fix(
                            key,
                            key.sql() + (test.isNull() ? " IS NULL" : " IS NOT NULL"),
                            nullShare(key, test.isNull()),
                            false);
                });
            case Truth truth ->
                key(truth.column()).ifPresent(key -> {
                    key.use().equal.add(key.sql());
                    fix(key, (truth.isTrue() ? "" : "NOT ") + key.sql(), share(key, truth.isTrue() ? "t" : "f"), false);
                });
            case Either either -> either.arms().forEach(this::arm);
        }
    }

    /** Of an OR only single keys are taken: each arm needs an index of its own. */
    private void arm(Condition condition) {
        switch (condition) {
            case Comparison comparison -> {
                if (comparison.operator().equals("=") || RANGE.contains(comparison.operator())) {
                    key(comparison.left()).ifPresent(key -> key.use().loose.add(key.sql()));
                    key(comparison.right()).ifPresent(key -> key.use().loose.add(key.sql()));
                }
            }
            case NullTest test ->
                key(test.term()).ifPresent(key -> key.use().loose.add(key.sql()));
            case Truth truth ->
                key(truth.column()).ifPresent(key -> key.use().loose.add(key.sql()));
            case Either either -> either.arms().forEach(this::arm);
        }
    }

    private static Comparison flip(Comparison comparison) {
        String operator = switch (comparison.operator()) {
            case "<" -> ">";
            case "<=" -> ">=";
            case ">" -> "<";
            case ">=" -> "<=";
            default -> comparison.operator();
        };
        return new Comparison(comparison.right(), operator, comparison.left(), false);
    }

    private void compare(Comparison comparison, Term mine, Term other) {
        Key key = key(mine).orElse(null);
        if (key == null || aliases(other).contains(key.alias())) {
            return;
        }
        if (RANGE.contains(comparison.operator())) {
            key.use().ranges.add(key.sql());
            return;
        }
        if (OPPOSITE.contains(comparison.operator()) && other instanceof Constant constant && !comparison.any()) {
            double share = share(key, literalText(constant.sql()));
            fix(key, key.sql() + " <> " + constant.sql(), share == 1 ? 1 : 1 - share, false);
            return;
        }
        if (!comparison.operator().equals("=")) {
            return;
        }
        if (!aliases(other).isEmpty()) {
            key.use().joins.add(key.sql());
            return;
        }
        key.use().equal.add(key.sql());
        if (other instanceof Constant constant) {
            if (comparison.any()) {
                fix(key, key.sql() + " = ANY (" + constant.sql() + ")", 1, false);
            } else {
                fix(key, key.sql() + " = " + constant.sql(), share(key, literalText(constant.sql())), false);
            }
        } else if (other instanceof Parameter parameter && !comparison.any() && key.column() != null) {
            bounds.add(new Bound(parameter.number(), key.use().table, key.column()));
            String constant = constants.apply(parameter.number());
            if (constant != null) {
                fix(key, key.sql() + " = " + Sql.literal(constant), share(key, constant), true);
            }
        }
    }

    private static void fix(Key key, String sql, double share, boolean sampled) {
        key.use().fixed.putIfAbsent(sql, new Fixed(key.sql(), sql, share, sampled));
    }

    private void order(Node node) {
        sortKeys(node);
        List<String> groups = texts(node, "Group Key");
        if (!groups.isEmpty()) {
            List<Key> keys = new ArrayList<>();
            for (String text : groups) {
                Deparsed.order(text).flatMap(order -> key(order.term())).ifPresent(keys::add);
            }
            TableUse first = keys.isEmpty() ? null : keys.getFirst().use();
            if (first != null && first.group.isEmpty()) {
                first.group = keys.stream()
                        .filter(key -> key.use() == first)
                        .map(Key::sql)
                        .distinct()
                        .toList();
            }
        }
        if (node.type().equals("Aggregate")) {
            for (String text : texts(node, "Output")) {
                Deparsed.extreme(text).flatMap(this::key).ifPresent(key -> {
                    if (key.use().sort.isEmpty()) {
                        key.use().sort = List.of(new SortKey(key.sql(), false, false));
                    }
                });
            }
        }
        indexOrder(node);
    }

    private void sortKeys(Node node) {
        List<SortKey> keys = new ArrayList<>();
        TableUse use = null;
        for (String text : texts(node, "Sort Key")) {
            Order order = Deparsed.order(text).orElse(null);
            Key key = order == null ? null : key(order.term()).orElse(null);
            if (order == null || key == null || (use != null && key.use() != use)) {
                break;
            }
            use = key.use();
            keys.add(new SortKey(key.sql(), order.descending(), order.nullsFirst()));
        }
        if (use != null && use.sort.isEmpty()) {
            use.sort = List.copyOf(keys);
        }
    }

    /** A scan of an existing index may be there for its order alone, which no other node then mentions. */
    private void indexOrder(Node node) {
        TableUse use = node.alias() == null ? null : uses.get(node.alias());
        if (use == null || node.index() == null || !use.sort.isEmpty() || !SCANS.contains(node.type())) {
            return;
        }
        boolean backward = "Backward".equals(node.attributes().get("Scan Direction"));
        for (Schema.Existing existing : use.table.indexes()) {
            if (!existing.name().equals(node.index()) || existing.keys().isEmpty()) {
                continue;
            }
            List<SortKey> keys = new ArrayList<>();
            for (int number : existing.index().keys()) {
                String name = use.table.columnName(number);
                if (name == null) {
                    break;
                }
                String key = Sql.identifier(name);
                if (!use.equal.contains(key)) {
                    keys.add(new SortKey(key, backward, backward));
                }
            }
            use.sort = List.copyOf(keys);
        }
    }

    /** Notes which columns are read. A scan alone may list all columns of its table merely since that is cheaper. */
    private void columns(Node node, boolean root) {
        boolean everything = false;
        TableUse own = node.alias() == null ? null : uses.get(node.alias());
        List<String> output = texts(node, "Output");
        if (own != null && !root && node.children().isEmpty()) {
            everything = output.size() >= own.table.columns().size()
                    && own.table.columns().size() > 1;
        }
        for (Map.Entry<String, Object> attribute : node.attributes().entrySet()) {
            if (everything && attribute.getKey().equals("Output")) {
                continue;
            }
            for (String text : texts(node, attribute.getKey())) {
                for (Column column : Deparsed.columns(text)) {
                    TableUse use = use(column.alias());
                    if (use == null) {
                        continue;
                    }
                    if (use.table.columns().containsKey(column.name())) {
                        use.needed.add(column.name());
                    } else if (!column.alias().isEmpty()) {
                        use.needsHeap = true;
                    }
                }
            }
        }
    }

    private static List<String> texts(Node node, String attribute) {
        Object value = node.attributes().get(attribute);
        if (value instanceof String text) {
            return List.of(text);
        }
        return value instanceof List<?> list
                ? list.stream().map(Objects::toString).toList()
                : List.of();
    }

    private static Set<String> aliases(Term term) {
        return switch (term) {
            case Column column -> Set.of(column.alias());
            case Expression expression -> expression.aliases();
            case Constant constant -> Set.of();
            case Parameter parameter -> Set.of();
        };
    }

    /**
     * Something of one table that an index can hold.
     *
     * @param column null for an expression
     */
    private record Key(
            TableUse use,
            String alias,
            String sql,
            @Nullable String column) {}

    /** The use under an alias; EXPLAIN leaves the alias out where there is but one table. */
    private @Nullable TableUse use(String alias) {
        return alias.isEmpty() && uses.size() == 1 ? uses.values().iterator().next() : uses.get(alias);
    }

    private Optional<Key> key(Term term) {
        if (term instanceof Column column) {
            TableUse use = use(column.alias());
            dev.hone.postgres.Catalog.Column known =
                    use == null ? null : use.table.columns().get(column.name());
            if (use == null || known == null) {
                return Optional.empty();
            }
            String sql = Sql.identifier(column.name());
            // varchar has no operators of its own, so that text's are an index's too; any other cast makes another
            // value.
            if (column.cast().isEmpty()
                    || (column.cast().equals("text") && known.type().startsWith("character varying"))) {
                return Optional.of(new Key(use, column.alias(), sql, column.name()));
            }
            return Optional.of(new Key(use, column.alias(), "((" + sql + ")::" + column.cast() + ")", null));
        }
        if (term instanceof Expression expression && !expression.sql().isEmpty()) {
            String alias = expression.aliases().iterator().next();
            TableUse use = uses.get(alias);
            return use == null ? Optional.empty() : Optional.of(new Key(use, alias, expression.sql(), null));
        }
        return Optional.empty();
    }

    private static double nullShare(Key key, boolean isNull) {
        var known = key.column() == null ? null : key.use().table.statistics().get(key.column());
        return known == null ? 1 : isNull ? known.nullFraction() : 1 - known.nullFraction();
    }

    private static double share(Key key, @Nullable String value) {
        var known = key.column() == null ? null : key.use().table.statistics().get(key.column());
        return known == null || value == null ? 1 : ValueDistribution.of(known).share(value);
    }

    private static @Nullable String literalText(String sql) {
        if (sql.equals("true") || sql.equals("false")) {
            return sql.substring(0, 1);
        }
        if (sql.startsWith("'")) {
            return sql.substring(1, sql.length() - 1).replace("''", "'");
        }
        return sql.startsWith("E'") ? null : sql;
    }

    /** Which value every sampled call gives a parameter. */
    static Function<Integer, @Nullable String> constants(List<? extends List<@Nullable String>> samples) {
        Map<Integer, @Nullable String> same = new HashMap<>();
        // Of one or two calls everything looks constant.
        if (samples.size() >= 3) {
            for (int i = 0; i < samples.getFirst().size(); i++) {
                int position = i;
                String value = samples.getFirst().get(i);
                if (samples.stream()
                        .allMatch(sample -> sample.size() > position && Objects.equals(sample.get(position), value))) {
                    same.put(i + 1, value);
                }
            }
        }
        return same::get;
    }
}
