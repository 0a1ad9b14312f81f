package dev.hone.advise;

import dev.hone.advise.Deparsed.Column;
import dev.hone.advise.Deparsed.Comparison;
import dev.hone.advise.Deparsed.Condition;
import dev.hone.advise.Deparsed.Either;
import dev.hone.advise.Deparsed.Expression;
import dev.hone.advise.Deparsed.NullTest;
import dev.hone.advise.Deparsed.Term;
import dev.hone.advise.Deparsed.Truth;
import dev.hone.advise.Deparsed.TruthTest;
import dev.hone.advise.Deparsed.Tuple;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.Sql;
import dev.hone.twin.Plan;
import dev.hone.twin.Plan.Node;
import dev.hone.twin.Twin;
import dev.hone.workload.SqlToken;
import dev.hone.workload.Workload;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Sees in a query what makes it slow whatever indexes there are: from its plan with all recommended indexes, and from its
 * tokens. Cautious: a query that costs little is left alone, and so is one that an index serves after all.
 */
public final class Hints {

    /** Planner cost below which nobody would rewrite a query. */
    private static final double LEAST_COST = 500;

    private static final long MANY_SKIPPED = 1000;
    /** A text that reads NULL would stand in double quotes. */
    private static final Pattern NOT_IN_NULL = Pattern.compile("<> ALL \\('\\{(?:[^']*,)?NULL(?:,[^']*)?\\}'");

    private static final int MANY_VALUES = 100;
    private static final double MANY_ROWS = 100_000;
    private static final double MANY_LOOPS = 100;

    /** What an index finds costs less, in planner units. */
    private static final double MORE_THAN_A_LOOK_UP = 100;

    private static final Set<String> WHOLE_NUMBERS = Set.of("smallint", "integer", "bigint");
    private static final Set<String> WIDER = Set.of("numeric", "double precision", "real");

    private final Schema schema;
    private final Workload.Query query;
    private final Plan plan;
    private final List<SqlToken> tokens;
    private final Map<String, Schema.Table> aliases = new TreeMap<>();
    private final List<Hint> found = new ArrayList<>();

    private Hints(Schema schema, Workload.Query query, Plan plan) {
        this.schema = schema;
        this.query = query;
        this.plan = plan;
        tokens = SqlToken.of(query.sql());
    }

    /**
     * The hints for a workload, its dearest queries first.
     *
     * @param twin of the same Snapshot; afterwards it shows no hypothetical index
     * @param recommendations whose indexes are taken to be there
     */
    public static List<Hint> of(Twin twin, Snapshot snapshot, Workload workload, List<Recommendation> recommendations) {
        Schema schema = new Schema(snapshot);
        List<Hint> hints = new ArrayList<>();
        AdvisedPlans.with(twin, recommendations, () -> {
            for (Workload.Query query : workload.queries()) {
                AdvisedPlans.of(twin, query).ifPresent(plan -> hints.addAll(new Hints(schema, query, plan).look()));
            }
        });
        return hints;
    }

    private List<Hint> look() {
        if (plan.totalCost() < LEAST_COST) {
            // Skipping is paid for by the rows skipped, which the planner does not know of a parameter.
            offset();
            return found;
        }
        plan.nodes().forEach(this::alias);
        offset();
        random();
        notIn();
        notInNull();
        wildcard();
        longList();
        countAll();
        plan.nodes().forEach(node -> conditions(node).forEach(this::condition));
        perRow(plan.root());
        return found;
    }

    private void alias(Node node) {
        if (node.schema() != null && node.relation() != null) {
            Schema.Table table = schema.table(new Schema.Name(node.schema(), node.relation()));
            if (table != null && node.alias() != null) {
                aliases.put(node.alias(), schema.root(table));
            }
        }
    }

    private void hint(String rule, String what, String why, String example) {
        if (found.stream().noneMatch(one -> one.rule().equals(rule))) {
            found.add(new Hint(rule, query.id(), query.sql(), what, why, example));
        }
    }

    private void offset() {
        for (int i = 0; i + 1 < tokens.size(); i++) {
            if (tokens.get(i).is("offset") && skipped(tokens.get(i + 1)) >= MANY_SKIPPED) {
                hint(
                        "offset-paging",
                        "OFFSET reads and throws away up to " + skipped(tokens.get(i + 1)) + " rows to show a page",
                        "Every page costs as much as all pages before it, with any index. Asking for what comes after the"
                                + " last row shown costs the same for each page.",
                        "SELECT … WHERE (sort_key, id) > ($1, $2) ORDER BY sort_key, id LIMIT 20");
            }
        }
    }

    /** Rows skipped at most, as the text or the sampled calls say; 0 if they do not. */
    private long skipped(SqlToken token) {
        return switch (token.kind()) {
            case NUMBER -> number(token.text());
            case PARAMETER -> {
                int position = Integer.parseInt(token.text().substring(1)) - 1;
                yield query.samples().stream()
                        .filter(sample -> sample.size() > position)
                        .mapToLong(sample -> number(sample.get(position)))
                        .max()
                        .orElse(0);
            }
            case WORD, QUOTED, SYMBOL -> 0;
        };
    }

    private static long number(@Nullable String text) {
        try {
            return text == null ? 0 : Long.parseLong(text.replace("_", ""));
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    private void random() {
        if (follows("order", "by", "random", "(")) {
            hint(
                    "order-by-random",
                    "ORDER BY random() draws a number for every row and sorts them all",
                    "No index holds an order that changes with every call.",
                    "SELECT … FROM t TABLESAMPLE SYSTEM_ROWS(20)   -- or: WHERE id >= $1 ORDER BY id LIMIT 20, with $1 drawn"
                            + " by the application");
        }
    }

    private void notIn() {
        boolean perhapsNull = plan.nodes()
                .anyMatch(node -> texts(node, "Filter").stream()
                        .anyMatch(filter -> filter.contains("NOT ") && filter.contains("SubPlan")));
        if (perhapsNull && (follows("not", "in", "(", "select") || follows("not", "in", "(", "with"))) {
            hint(
                    "not-in-subquery",
                    "NOT IN over a subquery cannot be a join, since it must be empty when the subquery gives a NULL",
                    "The planner keeps the subquery's whole result and probes it for each row; when it does not fit into"
                            + " work_mem it runs the subquery again for each. If NULLs are not meant, NOT EXISTS says so and"
                            + " becomes an anti join.",
                    "SELECT … FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.key = a.key)");
        }
    }

    private void notInNull() {
        boolean never = plan.nodes()
                .flatMap(node -> texts(node, "Filter").stream())
                .anyMatch(filter -> NOT_IN_NULL.matcher(filter).find());
        if (never) {
            hint(
                    "not-in-null",
                    "NOT IN over a list with a NULL is never true",
                    "Whether a value differs from NULL is not known, so no row is ever found, whatever else the list has.",
                    "SELECT … FROM t WHERE col <> ALL ($1)   -- without NULL in it; and perhaps AND col IS NOT NULL");
        }
    }

    private void wildcard() {
        boolean served =
                plan.nodes().anyMatch(node -> texts(node, "Index Cond").stream().anyMatch(text -> text.contains("~~")));
        for (int i = 0; i + 1 < tokens.size() && !served; i++) {
            if ((tokens.get(i).is("like") || tokens.get(i).is("ilike")) && beginsWithWildcard(tokens.get(i + 1))) {
                hint(
                        "leading-wildcard",
                        "LIKE with a wildcard at its beginning looks at every row",
                        "A btree is sorted by the beginning of a text. An index of trigrams finds text anywhere (extension"
                                + " pg_trgm), for patterns of three characters or more; full-text search finds words.",
                        "CREATE EXTENSION pg_trgm; CREATE INDEX CONCURRENTLY ON t USING gin (col gin_trgm_ops)   -- or: WHERE"
                                + " to_tsvector('english', col) @@ plainto_tsquery('english', $1)");
            }
        }
    }

    private boolean beginsWithWildcard(SqlToken token) {
        return switch (token.kind()) {
            case QUOTED -> token.text().matches("(?s)'[%_].+");
            case PARAMETER -> {
                int position = Integer.parseInt(token.text().substring(1)) - 1;
                yield !query.samples().isEmpty()
                        && query.samples().stream().allMatch(sample -> {
                            String value = sample.size() > position ? sample.get(position) : null;
                            return value != null && (value.startsWith("%") || value.startsWith("_"));
                        });
            }
            case WORD, NUMBER, SYMBOL -> false;
        };
    }

    private void longList() {
        for (int i = 0; i + 1 < tokens.size(); i++) {
            if (tokens.get(i).is("in") && tokens.get(i + 1).is("(")) {
                int values = 1;
                int depth = 0;
                for (int j = i + 1; j < tokens.size(); j++) {
                    depth += tokens.get(j).is("(") ? 1 : tokens.get(j).is(")") ? -1 : 0;
                    if (depth == 0) {
                        break;
                    }
                    values += depth == 1 && tokens.get(j).is(",") ? 1 : 0;
                }
                if (values >= MANY_VALUES) {
                    hint(
                            "long-list",
                            "IN has a list of " + values + " values",
                            "Each length of the list is a statement of its own to parse, to plan and to count, and row by row"
                                    + " the list is searched. A set to join with is planned once.",
                            "SELECT … FROM t JOIN unnest($1::bigint[]) AS wanted(id) USING (id)");
                }
            }
        }
    }

    private void countAll() {
        boolean counts = follows("select", "count", "(", "*", ")", "from");
        boolean all = tokens.stream().noneMatch(token -> token.is("where") || token.is("group") || token.is("having"));
        double rows = plan.nodes()
                .filter(node -> node.relation() != null)
                .mapToDouble(Node::rows)
                .max()
                .orElse(0);
        if (counts
                && all
                && rows >= MANY_ROWS
                && plan.nodes().noneMatch(node -> node.type().contains("Join"))) {
            hint(
                    "count-everything",
                    "count(*) of a whole table visits all of its rows",
                    "PostgreSQL keeps no count, since each transaction sees its own rows. An estimate is free; an exact count"
                            + " can be kept by a trigger.",
                    "SELECT reltuples::bigint FROM pg_class WHERE oid = 'schema.table'::regclass");
        }
    }

    private static List<Condition> conditions(Node node) {
        List<Condition> conditions = new ArrayList<>();
        for (String attribute : List.of("Filter", "Join Filter", "Hash Cond", "Merge Cond")) {
            texts(node, attribute).forEach(text -> conditions.addAll(Deparsed.conditions(text)));
        }
        return conditions;
    }

    private void condition(Condition condition) {
        switch (condition) {
            case Comparison comparison -> {
                cast(comparison.left());
                cast(comparison.right());
            }
            case Either either -> {
                Set<String> tables = new HashSet<>();
                boolean simple = true;
                for (List<Condition> arm : either.arms()) {
                    Set<String> own = aliases(arm);
                    simple &= own.size() == 1;
                    tables.addAll(own);
                }
                if (simple && tables.size() > 1) {
                    hint(
                            "or-across-tables",
                            "OR asks for conditions on different tables (" + String.join(", ", tables) + ")",
                            "No index covers two tables, so that all rows are joined before the OR can be looked at. Two"
                                    + " queries, each with one arm, use an index each.",
                            "SELECT … FROM a JOIN b ON … WHERE a.x = $1 UNION SELECT … FROM a JOIN b ON … WHERE b.y = $2");
                }
            }
            case NullTest test -> {
                // An index finds NULLs too.
            }
            case Truth truth -> {
                // And truths.
            }
            case TruthTest test -> {
                // The same.
            }
        }
    }

    private static Set<String> aliases(Condition condition) {
        return switch (condition) {
            case Comparison comparison -> {
                Set<String> both = new HashSet<>(aliases(comparison.left()));
                both.addAll(aliases(comparison.right()));
                yield both;
            }
            case NullTest test -> aliases(test.term());
            case Truth truth -> aliases(truth.column());
            case TruthTest test -> aliases(test.column());
            case Either either -> {
                Set<String> all = new HashSet<>();
                either.arms().forEach(arm -> all.addAll(aliases(arm)));
                yield all;
            }
        };
    }

    private static Set<String> aliases(List<Condition> arm) {
        Set<String> all = new HashSet<>();
        arm.forEach(condition -> all.addAll(aliases(condition)));
        return all;
    }

    private static Set<String> aliases(Term term) {
        return switch (term) {
            case Column column -> column.alias().isEmpty() ? Set.of() : Set.of(column.alias());
            case Expression expression -> expression.aliases();
            case Deparsed.Constant constant -> Set.of();
            case Deparsed.Parameter parameter -> Set.of();
            case Tuple tuple -> {
                Set<String> all = new HashSet<>();
                tuple.terms().forEach(part -> all.addAll(aliases(part)));
                yield all;
            }
        };
    }

    /** A whole number that is made a numeric to be compared: its index holds whole numbers. */
    private void cast(Term term) {
        if (term instanceof Column column && WIDER.contains(column.cast())) {
            Schema.Table table = table(column.alias());
            var known = table == null ? null : table.columns().get(column.name());
            if (known != null && WHOLE_NUMBERS.contains(known.type())) {
                hint(
                        "implicit-cast",
                        "Column " + Sql.identifier(column.name()) + " (" + known.type() + ") is compared as "
                                + column.cast(),
                        "The value sent is of another type, so that every row's value is converted first and an index on the"
                                + " column cannot be used. Drivers do this for a BigDecimal or a double in the place of a"
                                + " long.",
                        "… WHERE " + Sql.identifier(column.name()) + " = $1::" + known.type());
            }
        }
    }

    private Schema.@Nullable Table table(String alias) {
        return alias.isEmpty() && aliases.size() == 1
                ? aliases.values().iterator().next()
                : aliases.get(alias);
    }

    /** Subqueries that run for each row of the step above them. */
    private void perRow(Node node) {
        for (Node child : node.children()) {
            boolean subplan = "SubPlan".equals(child.attributes().get("Parent Relationship"));
            String name = String.valueOf(child.attributes().get("Subplan Name"));
            boolean hashed = plan.nodes()
                    .anyMatch(any -> any.attributes().values().stream()
                            .anyMatch(value -> value.toString().contains("hashed " + name)));
            double loops = loops(node, name);
            if (subplan
                    && !hashed
                    && loops >= MANY_LOOPS
                    && child.totalCost() >= MORE_THAN_A_LOOK_UP
                    && loops * child.totalCost() > plan.totalCost() / 2) {
                hint(
                        "subquery-per-row",
                        "A subquery runs again for each of about " + Math.round(loops) + " rows",
                        "Most of the query's cost is in it. As a join it is computed once for all rows.",
                        "SELECT …, s.total FROM a LEFT JOIN (SELECT key, sum(x) AS total FROM b GROUP BY key) s USING (key)");
            }
            perRow(child);
        }
    }

    /** For a filter it runs for every row read, else for every row given. */
    private double loops(Node node, String subplan) {
        boolean filters = texts(node, "Filter").stream().anyMatch(filter -> filter.contains(subplan));
        Schema.Table table = node.schema() == null || node.relation() == null
                ? null
                : schema.table(new Schema.Name(node.schema(), node.relation()));
        return filters && table != null && node.type().equals("Seq Scan")
                ? Math.max(node.rows(), table.relation().tuples())
                : node.rows();
    }

    private boolean follows(String... words) {
        for (int i = 0; i + words.length <= tokens.size(); i++) {
            boolean all = true;
            for (int j = 0; j < words.length && all; j++) {
                all = tokens.get(i + j).is(words[j]);
            }
            if (all) {
                return true;
            }
        }
        return false;
    }

    private static List<String> texts(Node node, String attribute) {
        Object value = node.attributes().get(attribute);
        if (value instanceof String text) {
            return List.of(text);
        }
        return value instanceof List<?> list
                ? list.stream().map(String::valueOf).toList()
                : List.of();
    }
}
