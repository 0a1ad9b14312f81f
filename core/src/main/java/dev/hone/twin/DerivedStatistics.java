package dev.hone.twin;

import dev.hone.postgres.Sql;
import dev.hone.postgres.Statistics.ColumnStatistics;
import dev.hone.twin.Samples.Sample;
import dev.hone.twin.StatisticsRestorer.Entry;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Statistics for the expressions of a hypothetical index. Those of the columns that an expression is of are a sample of
 * their values: the expression is evaluated over that sample, and the outcome counted much as ANALYZE would.
 */
final class DerivedStatistics {

    private static final int MOST_COMMON = 100;

    /** What is rarer than this times the mean frequency does not count as common. */
    private static final double COMMON = 1.25;

    /** An expression of an index that has no statistics. */
    private record Expression(
            int number,
            String expression,
            String type,
            String schema,
            String index,
            String name,
            long table,
            double tuples) {}

    /** The expression's value for one row of the sample. */
    private record Value(@Nullable String value, int width, double weight, boolean drawn) {}

    private final Session superuser;
    private final Session owner;
    private final StatisticsRestorer restorer;
    private final Samples samples;

    DerivedStatistics(Session superuser, Session owner) throws SQLException {
        this.superuser = superuser;
        this.owner = owner;
        // A failure is no omission: such an index exists only here, and the planner guesses then.
        restorer = StatisticsRestorer.of(superuser, owner, failure -> {});
        samples = new Samples(superuser, owner);
    }

    /** Derives what can be derived; an expression that does not like a value keeps the planner's own guess. */
    void derive(long index) throws SQLException {
        List<Expression> expressions = superuser.query(
                Sql.load(Twin.class, "expression_columns", superuser.version()).replace(":index", Long.toString(index)),
                row -> new Expression(
                        row.getInt("number"),
                        row.getString("expression"),
                        row.getString("type"),
                        row.getString("schema"),
                        row.getString("index_name"),
                        row.getString("name"),
                        row.getLong("table_oid"),
                        row.getDouble("tuples")));
        for (Expression expression : expressions) {
            Optional<Sample> sample = samples.of(expression.table(), expression.expression());
            if (sample.isPresent()) {
                derive(expression, sample.get());
            }
        }
    }

    private void derive(Expression source, Sample sample) throws SQLException {
        ColumnStatistics derived;
        owner.execute("BEGIN");
        try {
            derived = statistics(source, sample, evaluate(sample));
        } catch (SQLException e) {
            // A type whose values do not read back: the planner guesses then.
            return;
        } finally {
            owner.execute("ROLLBACK");
        }
        restorer.restore(List.of(new Entry(derived, source.name(), source.number())));
    }

    private List<Value> evaluate(Sample sample) throws SQLException {
        String expression = "(" + sample.expression() + ")";
        List<Samples.Row> rows = sample.rows();
        return owner.query(
                "SELECT " + expression + "::text, coalesce(pg_column_size(ROW(" + expression + ")) - 24, 0), n FROM "
                        + sample.relation() + " ORDER BY n",
                row -> {
                    Samples.Row from = rows.get(row.getInt(3) - 1);
                    return new Value(row.getString(1), row.getInt(2), from.weight(), from.drawn());
                });
    }

    private ColumnStatistics statistics(Expression source, Sample from, List<Value> samples) throws SQLException {
        double nulls = 0;
        double width = 0;
        double present = 0;
        Map<String, Double> weights = new LinkedHashMap<>();
        Map<String, Integer> seen = new LinkedHashMap<>();
        int values = 0;
        for (Value sample : samples) {
            String value = sample.value();
            if (value == null) {
                nulls += sample.weight();
                continue;
            }
            values++;
            weights.merge(value, sample.weight(), Double::sum);
            width += sample.width() * sample.weight();
            present += sample.weight();
            if (sample.drawn()) {
                seen.merge(value, 1, Integer::sum);
            }
        }
        double distinct = distinct(source.tuples(), from.distinct(), weights, seen, values);
        boolean all = distinct <= weights.size() * 1.05;
        double threshold = Math.max(COMMON / Math.max(1, distinct), seen.isEmpty() ? 0 : 2.0 / samples.size());
        Map<String, Double> common = weights.entrySet().stream()
                .filter(entry -> all || entry.getValue() > threshold || !seen.containsKey(entry.getKey()))
                .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
                .limit(MOST_COMMON)
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue, (a, b) -> a, LinkedHashMap::new));
        List<String> bounds = seen.keySet().stream()
                .filter(value -> !common.containsKey(value))
                .toList();
        return new ColumnStatistics(
                source.schema(),
                source.index(),
                source.name(),
                false,
                (float) Math.min(1, nulls),
                (int) Math.max(1, Math.rint(present > 0 ? width / present : 1)),
                (float) (distinct > 0.1 * source.tuples() ? -distinct / source.tuples() : distinct),
                common.isEmpty() ? null : array(source.type(), List.copyOf(common.keySet()), "n"),
                common.isEmpty()
                        ? null
                        : common.values().stream()
                                .map(weight -> Float.toString(weight.floatValue()))
                                .collect(Collectors.joining(",", "{", "}")),
                bounds.size() < 2 ? null : array(source.type(), bounds, "v::" + source.type()),
                null,
                null,
                null,
                null,
                null,
                null,
                null);
    }

    /** How many distinct values the expression has: as the column where nothing coincides, else Duj1, as ANALYZE. */
    private static double distinct(
            double tuples, double before, Map<String, Double> weights, Map<String, Integer> seen, int values) {
        double ofColumn = before < 0 ? -before * tuples : before;
        double capacity = NumberTemplates.capacity(weights.keySet());
        int drawn = seen.values().stream().mapToInt(Integer::intValue).sum();
        long once = seen.values().stream().filter(count -> count == 1).count();
        if (drawn > 0 && once == drawn) {
            double all = weights.size() == values ? Math.min(ofColumn, tuples) : ofColumn * 0.9;
            return Math.max(weights.size(), Math.min(all, capacity));
        }
        double tail =
                drawn == 0 ? 0 : (double) drawn * seen.size() / Math.max(1e-9, drawn - once + once * drawn / tuples);
        long onlyCommon = weights.keySet().stream()
                .filter(value -> !seen.containsKey(value))
                .count();
        return Math.min(Math.max(ofColumn, 1), Math.max(weights.size(), Math.min(capacity, tail + onlyCommon)));
    }

    private String array(String type, List<String> values, String order) throws SQLException {
        String texts = values.stream().map(Sql::literal).collect(Collectors.joining(", "));
        return owner.text("SELECT array_agg(v::" + type + " ORDER BY " + order + ")::text FROM unnest(ARRAY[" + texts
                        + "]::text[]) WITH ORDINALITY u(v, n)")
                .orElseThrow(() -> new SQLException("no values"));
    }
}
