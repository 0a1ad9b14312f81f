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
import dev.hone.advise.Deparsed.TruthTest;
import dev.hone.advise.Deparsed.Tuple;
import dev.hone.advise.TableUse.Fixed;
import dev.hone.advise.TableUse.Search;
import dev.hone.advise.TableUse.SortKey;
import dev.hone.postgres.Sql;
import dev.hone.twin.ArrayText;
import dev.hone.twin.Plan;
import dev.hone.twin.Plan.Node;
import dev.hone.workload.Workload;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads out of a VERBOSE plan what the query wants of each table. */
final class PlanReader {

    /** How a parameter is compared with a column. */
    enum Compared {
        EQUAL,
        /** With each element of the parameter. */
        IN_LIST,
        ABOVE,
        BELOW,
        /** A whole pattern. */
        PATTERN,
        /** A part of a pattern. */
        PATTERN_PART,
        /** An element of the column's array. */
        ELEMENT,
        /** A key of the column's document. */
        KEY,
        /** Something that the column's value contains or overlaps. */
        CONTAINED,
        /** Words of a text search. */
        WORDS
    }

    /**
     * A parameter compared with a column.
     *
     * @param number as in {@code $1}
     */
    record Bound(int number, Schema.Table table, String column, Compared compared) {}

    private static final List<String> CONDITIONS =
            List.of("Filter", "Index Cond", "Recheck Cond", "Hash Cond", "Merge Cond", "Join Filter");
    private static final Set<String> RANGE = Set.of("<", "<=", ">", ">=");
    private static final Set<String> OPPOSITE = Set.of("<>", "!=");
    private static final Set<String> LIKE = Set.of("~~", "~~*", "~", "~*");
    private static final Map<String, String> SEARCHED_FROM_RIGHT = Map.ofEntries(
            Map.entry("@>", "<@"),
            Map.entry("<@", "@>"),
            Map.entry("&&", "&&"),
            Map.entry("@@", "@@"),
            Map.entry("%", "%"),
            Map.entry("<%", "%>"),
            Map.entry("%>", "<%"),
            Map.entry("<<%", "%>>"),
            Map.entry("%>>", "<<%"),
            Map.entry("<<", ">>"),
            Map.entry(">>", "<<"),
            Map.entry("<<=", ">>="),
            Map.entry(">>=", "<<="),
            Map.entry("-|-", "-|-"),
            Map.entry("~=", "~="));
    private static final Set<String> SEARCHED_FROM_LEFT = Set.of("~~", "~~*", "~", "~*", "?", "?|", "?&", "@?", "^@");
    private static final Set<String> DISTANCES = Set.of("<->", "<<->", "<->>", "<<<->", "<->>>");
    private static final Pattern NUMBERS =
            Pattern.compile("smallint|integer|bigint|real|double precision|numeric(\\(.*\\))?");
    private static final Pattern NUMBERED = Pattern.compile("(.+)_\\d+");
    private static final Set<String> SCANS = Set.of("Index Scan", "Index Only Scan");

    /** A column of a state, a kind, a country: of so few values each may be asked for again and again. */
    private static final double FEW_VALUES = 250;

    /** Of more values, one that so many rows have still stands out. */
    private static final double LEAST_SHARE = 0.01;

    private final Schema schema;
    private final Function<Integer, @Nullable String> constants;
    private final Map<String, TableUse> uses = new LinkedHashMap<>();

    /** The tables that share a use: a parent and those that inherit from it. */
    private final Map<TableUse, Set<Schema.Table>> members = new LinkedHashMap<>();

    private final List<Bound> bounds = new ArrayList<>();
    private final Set<Rewrite> rewrites = new LinkedHashSet<>();

    private PlanReader(Schema schema, Function<Integer, @Nullable String> constants) {
        this.schema = schema;
        this.constants = constants;
    }

    /**
     * What a plan says.
     *
     * @param uses of tables
     * @param bounds which parameters are compared with which columns
     * @param rewrites conditions that no index can serve as they are written
     */
    record Reading(List<TableUse> uses, List<Bound> bounds, Set<Rewrite> rewrites) {}

    /** The parts of a {@link Hint} that do not depend on the query. */
    record Rewrite(String rule, String what, String why, String example) {
        Hint of(Workload.Query query) {
            return new Hint(rule, query.id(), query.sql(), what, why, example);
        }
    }

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
        List<TableUse> all = new ArrayList<>();
        reader.members.forEach((use, tables) -> {
            all.add(use);
            tables.stream()
                    .filter(table -> !table.equals(use.table))
                    .sorted(Comparator.comparing(Schema.Table::name))
                    .forEach(table -> all.add(use.of(table)));
        });
        return new Reading(List.copyOf(all), List.copyOf(reader.bounds), reader.rewrites);
    }

    private void alias(Node node) {
        if (node.alias() == null || node.relation() == null || node.schema() == null) {
            return;
        }
        Schema.Table table = schema.table(new Schema.Name(node.schema(), node.relation()));
        if (table == null) {
            return;
        }
        Schema.Table top = schema.ancestor(table);
        // What is wanted of a partition or heir is wanted of its parent, and so of all; under the parent's alias stand
        // the keys of a sort above them.
        Matcher numbered = NUMBERED.matcher(node.alias());
        String alias = !top.equals(table) && numbered.matches() ? numbered.group(1) : node.alias();
        TableUse use = uses.get(alias);
        if (use == null || !use.table.equals(top)) {
            use = new TableUse(top);
            uses.put(alias, use);
        }
        uses.put(node.alias(), use);
        members.computeIfAbsent(use, any -> new LinkedHashSet<>()).add(schema.root(table));
        use.needsHeap |= node.type().equals("ModifyTable") || node.type().equals("LockRows");
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
                compare(comparison);
                flip(comparison).ifPresent(this::compare);
                if (comparison.any()) {
                    element(comparison);
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
            case TruthTest test ->
                key(test.column()).ifPresent(key -> fix(key, key.sql() + " " + test.test(), share(key, test), false));
            case Either either -> either.arms().forEach(this::arm);
        }
    }

    /** Each arm of an OR needs an index of its own. */
    private void arm(List<Condition> conditions) {
        Map<TableUse, Set<String>> equal = new LinkedHashMap<>();
        Map<TableUse, Set<String>> ranges = new LinkedHashMap<>();
        for (Condition condition : conditions) {
            switch (condition) {
                case Comparison comparison -> {
                    boolean range = RANGE.contains(comparison.operator());
                    if (range || comparison.operator().equals("=")) {
                        for (Term side : List.of(comparison.left(), comparison.right())) {
                            key(side).ifPresent(key -> add(key, range ? ranges : equal));
                        }
                    } else {
                        search(comparison);
                        flip(comparison).ifPresent(this::search);
                    }
                }
                case NullTest test -> key(test.term()).ifPresent(key -> add(key, equal));
                case Truth truth -> key(truth.column()).ifPresent(key -> add(key, equal));
                case TruthTest test -> key(test.column()).ifPresent(key -> add(key, equal));
                case Either either -> either.arms().forEach(this::arm);
            }
        }
        Map<TableUse, Set<String>> all = new LinkedHashMap<>(equal);
        ranges.forEach((use, keys) -> all.merge(use, keys, (first, second) -> {
            Set<String> both = new LinkedHashSet<>(first);
            both.addAll(second);
            return both;
        }));
        all.forEach((use, keys) -> {
            use.loose.addAll(keys);
            if (keys.size() > 1) {
                use.arms.add(List.copyOf(keys));
            }
        });
    }

    private static void add(Key key, Map<TableUse, Set<String>> keys) {
        keys.computeIfAbsent(key.use(), any -> new LinkedHashSet<>()).add(key.sql());
    }

    /** The same with its sides exchanged; empty where the operator cannot be turned round. */
    private static Optional<Comparison> flip(Comparison comparison) {
        if (comparison.any() || SEARCHED_FROM_LEFT.contains(comparison.operator())) {
            return Optional.empty();
        }
        String operator = switch (comparison.operator()) {
            case "<" -> ">";
            case "<=" -> ">=";
            case ">" -> "<";
            case ">=" -> "<=";
            default -> SEARCHED_FROM_RIGHT.getOrDefault(comparison.operator(), comparison.operator());
        };
        return Optional.of(new Comparison(comparison.right(), operator, comparison.left(), false));
    }

    /** {@code value = ANY (column)}, for which PostgreSQL uses no index. */
    private void element(Comparison comparison) {
        if (!comparison.operator().equals("=") || !aliases(comparison.left()).isEmpty()) {
            return;
        }
        key(comparison.right()).filter(key -> key.column() != null).ifPresent(key -> {
            bind(key, comparison.left(), Compared.ELEMENT);
            rewrites.add(new Rewrite(
                    "any-of-array-column",
                    "It looks for a value in the array " + key.sql() + " of "
                            + key.use().table.relation().qualifiedName() + " by = ANY.",
                    "PostgreSQL uses no index for that, whichever there is.",
                    key.sql() + " @> ARRAY[value] asks the same and can use a GIN index on " + key.sql() + "."));
        });
    }

    private void compare(Comparison comparison) {
        Term mine = comparison.left();
        Term other = comparison.right();
        if (mine instanceof Tuple tuple && other instanceof Tuple values) {
            // Only the first decides where a scan begins and ends.
            compare(new Comparison(
                    tuple.terms().getFirst(),
                    comparison.operator(),
                    values.terms().getFirst(),
                    false));
            return;
        }
        Key key = key(mine).orElse(null);
        if (key == null || aliases(other).contains(key.alias())) {
            return;
        }
        if (RANGE.contains(comparison.operator())) {
            range(comparison, key, other);
        } else if (OPPOSITE.contains(comparison.operator())) {
            if (other instanceof Constant constant && !comparison.any()) {
                double share = share(key, literalText(constant.sql()));
                fix(key, key.sql() + " <> " + constant.sql(), share == 1 ? 1 : 1 - share, false);
            }
        } else if (comparison.operator().equals("=")) {
            equal(comparison, key, other);
        } else {
            search(comparison);
        }
    }

    private void range(Comparison comparison, Key key, Term other) {
        key.use().ranges.add(key.sql());
        boolean above = comparison.operator().startsWith(">");
        bind(key, other, above ? Compared.ABOVE : Compared.BELOW);
        if (other instanceof Constant constant && key.column() != null && !comparison.any()) {
            // A bound in time moves on, so that an index with a fixed one would soon be of no use.
            var type = key.use().table.columns().get(key.column());
            var known = key.use().table.statistics().get(key.column());
            if (type != null && known != null && NUMBERS.matcher(type.type()).matches()) {
                double share = ValueDistribution.of(known).shareAbove(literalText(constant.sql()));
                fix(
                        key,
                        key.sql() + " " + comparison.operator() + " " + constant.sql(),
                        above ? share : 1 - share,
                        false);
            }
        }
    }

    private void equal(Comparison comparison, Key key, Term other) {
        if (!aliases(other).isEmpty()) {
            key.use().joins.add(key.sql());
            return;
        }
        key.use().equal.add(key.sql());
        bind(key, other, comparison.any() ? Compared.IN_LIST : Compared.EQUAL);
        if (other instanceof Constant constant) {
            if (comparison.any()) {
                fixValue(key, key.sql() + " = ANY (" + constant.sql() + ")", listShare(key, constant), false);
            } else {
                fixValue(key, key.sql() + " = " + constant.sql(), share(key, literalText(constant.sql())), false);
            }
        } else if (other instanceof Parameter parameter && !comparison.any() && key.column() != null) {
            String constant = constants.apply(parameter.number());
            if (constant != null) {
                fixValue(key, key.sql() + " = " + Sql.literal(constant), share(key, constant), true);
            }
        }
    }

    /** What is not compared by order or equality, but searched. */
    private void search(Comparison comparison) {
        String operator = comparison.operator();
        Term other = comparison.right();
        if (comparison.any() || !(SEARCHED_FROM_LEFT.contains(operator) || SEARCHED_FROM_RIGHT.containsKey(operator))) {
            return;
        }
        key(comparison.left())
                .filter(key -> !aliases(other).contains(key.alias()))
                .ifPresent(key -> {
                    String constant = other instanceof Constant known ? literalText(known.sql()) : null;
                    key.use().searches.add(new Search(key.sql(), key.column(), operator, constant));
                    if (LIKE.contains(operator)) {
                        bind(key, other, other instanceof Parameter ? Compared.PATTERN : Compared.PATTERN_PART);
                    } else {
                        bind(
                                key,
                                other,
                                switch (operator) {
                                    case "@@" -> Compared.WORDS;
                                    case "?" -> Compared.KEY;
                                    default -> Compared.CONTAINED;
                                });
                    }
                });
    }

    private void bind(Key key, Term value, Compared compared) {
        if (key.column() == null) {
            return;
        }
        if (value instanceof Parameter parameter) {
            bounds.add(new Bound(parameter.number(), key.use().table, key.column(), compared));
        } else if (value instanceof Expression expression
                && Set.of(Compared.PATTERN_PART, Compared.WORDS, Compared.IN_LIST)
                        .contains(compared)) {
            // Of ARRAY[$1, $2] each is a whole value.
            Compared each = compared == Compared.IN_LIST ? Compared.EQUAL : compared;
            expression
                    .parameters()
                    .forEach(number -> bounds.add(new Bound(number, key.use().table, key.column(), each)));
        }
    }

    /**
     * A value of a column with many, none of which stands out, is one call's and not the next one's, whatever the text says.
     */
    private static void fixValue(Key key, String sql, double share, boolean sampled) {
        String column = key.column();
        if (column == null || key.use().table.distinct(column) <= FEW_VALUES || (share >= LEAST_SHARE && share < 1)) {
            fix(key, sql, share, sampled);
        }
    }

    private static void fix(Key key, String sql, double share, boolean sampled) {
        key.use().fixed.putIfAbsent(sql, new Fixed(key.sql(), sql, share, sampled));
    }

    private void order(Node node) {
        sortKeys(node);
        List<Key> groups = new ArrayList<>();
        for (String text : texts(node, "Group Key")) {
            Deparsed.order(text).flatMap(order -> key(order.term())).ifPresent(groups::add);
        }
        if (!groups.isEmpty()) {
            TableUse first = groups.getFirst().use();
            List<String> keys = groups.stream()
                    .filter(key -> key.use() == first)
                    .map(Key::sql)
                    .distinct()
                    .toList();
            if (!first.groups.contains(keys)) {
                first.groups.add(keys);
            }
        }
        if (node.type().equals("Aggregate")) {
            for (String text : texts(node, "Output")) {
                Deparsed.extreme(text).flatMap(this::key).ifPresent(key -> {
                    if (key.use().sorts.isEmpty()) {
                        key.use().sorts.add(List.of(new SortKey(key.sql(), false, false)));
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
            if (distance(text)) {
                break;
            }
            Order order = Deparsed.order(text).orElse(null);
            Key key = order == null ? null : key(order.term()).orElse(null);
            if (order == null || key == null || (use != null && key.use() != use)) {
                break;
            }
            use = key.use();
            keys.add(new SortKey(collated(key, order.collation()), order.descending(), order.nullsFirst()));
        }
        if (use != null && !use.sorts.contains(keys)) {
            use.sorts.add(List.copyOf(keys));
        }
    }

    private static String collated(Key key, String collation) {
        var column = key.column() == null ? null : key.use().table.columns().get(key.column());
        String own = column == null ? null : column.collation();
        return collation.isEmpty() || (own != null && (own.equals(collation) || own.endsWith("." + collation)))
                ? key.sql()
                : key.sql() + " COLLATE " + collation;
    }

    /** Notes a sort by how far away something is; false if it is another one. */
    private boolean distance(String text) {
        boolean found = false;
        for (Condition condition : Deparsed.conditions(text)) {
            if (condition instanceof Comparison comparison && DISTANCES.contains(comparison.operator())) {
                found = true;
                for (Term side : List.of(comparison.left(), comparison.right())) {
                    key(side)
                            .ifPresent(key -> key.use()
                                    .searches
                                    .add(new Search(key.sql(), key.column(), comparison.operator(), null)));
                }
            }
        }
        return found;
    }

    /** A scan of an existing index may be there for its order alone, which no other node then mentions. */
    private void indexOrder(Node node) {
        TableUse use = node.alias() == null ? null : uses.get(node.alias());
        if (use == null || node.index() == null || !use.sorts.isEmpty() || !SCANS.contains(node.type())) {
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
            if (!keys.isEmpty()) {
                use.sorts.add(List.copyOf(keys));
            }
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
            case Tuple tuple -> {
                Set<String> all = new LinkedHashSet<>();
                tuple.terms().forEach(one -> all.addAll(aliases(one)));
                yield all;
            }
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
        return alias.isEmpty() && members.size() == 1
                ? members.keySet().iterator().next()
                : uses.get(alias);
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

    private static double share(Key key, TruthTest test) {
        boolean asked = test.test().endsWith("TRUE");
        double share = test.test().endsWith("UNKNOWN") ? nullShare(key, true) : share(key, asked ? "t" : "f");
        return share == 1 || !test.test().contains("NOT") ? share : 1 - share;
    }

    private static double listShare(Key key, Constant list) {
        String text = literalText(list.sql());
        return text == null
                ? 1
                : Math.min(
                        1,
                        ArrayText.elements(text).stream()
                                .mapToDouble(value -> share(key, value))
                                .sum());
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
