package dev.hone.twin;

import dev.hone.postgres.Sql;
import dev.hone.postgres.Statistics.ColumnStatistics;
import dev.hone.twin.StatisticsRestorer.Entry;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Statistics for the expressions of a hypothetical index. Those of the column that an expression is of are a sample of
 * its values: the expression is evaluated over that sample, and the outcome counted much as ANALYZE would.
 */
final class DerivedStatistics {

    private static final int MOST_COMMON = 100;

    /** What is rarer than this times the mean frequency does not count as common. */
    private static final double COMMON = 1.25;

    /** An expression and a column that it may be of. */
    private record Source(
            int number,
            String expression,
            String type,
            String schema,
            String index,
            String name,
            double tuples,
            String column,
            String columnType,
            double nullFraction,
            double distinct,
            @Nullable String commonValues,
            @Nullable String frequencies,
            @Nullable String bounds) {}

    /** The expression's value for one value of the column. */
    private record Sample(@Nullable String value, int width, double weight, boolean common) {}

    private final Session superuser;
    private final Session owner;
    private final StatisticsRestorer restorer;
    private final List<Omission> failures = new ArrayList<>();

    DerivedStatistics(Session superuser, Session owner) throws SQLException {
        this.superuser = superuser;
        this.owner = owner;
        restorer = StatisticsRestorer.of(superuser, owner, failures::add);
    }

    /** Derives what can be derived; an expression of several columns keeps the planner's own guess. */
    void derive(long index) throws SQLException {
        List<Source> sources = superuser.query(
                Sql.load(Twin.class, "expression_columns", superuser.version()).replace(":index", Long.toString(index)),
                row -> new Source(
                        row.getInt("number"),
                        row.getString("expression"),
                        row.getString("type"),
                        row.getString("schema"),
                        row.getString("index_name"),
                        row.getString("name"),
                        row.getDouble("tuples"),
                        row.getString("column_name"),
                        row.getString("column_type"),
                        row.getDouble("null_fraction"),
                        row.getDouble("distinct"),
                        row.getString("common_values"),
                        row.getString("frequencies"),
                        row.getString("bounds")));
        Set<Integer> done = new HashSet<>();
        for (Source source : sources) {
            if (!done.contains(source.number()) && derive(source)) {
                done.add(source.number());
            }
        }
    }

    private boolean derive(Source source) throws SQLException {
        ColumnStatistics statistics;
        owner.execute("BEGIN");
        try {
            List<Sample> samples = samples(source);
            if (samples.isEmpty()) {
                return false;
            }
            statistics = statistics(source, samples);
        } catch (SQLException e) {
            // The expression needs another column, or does not like one of the values.
            return false;
        } finally {
            owner.execute("ROLLBACK");
        }
        failures.clear();
        restorer.restore(List.of(new Entry(statistics, source.name(), source.number())));
        return failures.isEmpty();
    }

    private List<Sample> samples(Source source) throws SQLException {
        List<Double> frequencies = source.frequencies() == null ? List.of() : ArrayText.numbers(source.frequencies());
        double common = frequencies.stream().mapToDouble(Double::doubleValue).sum();
        List<Sample> samples = new ArrayList<>();
        List<Sample> known = evaluate(source, source.commonValues());
        for (int i = 0; i < Math.min(known.size(), frequencies.size()); i++) {
            samples.add(new Sample(known.get(i).value(), known.get(i).width(), frequencies.get(i), true));
        }
        List<Sample> others = evaluate(source, source.bounds());
        double rest = Math.max(0, 1 - common - source.nullFraction());
        for (Sample other : others) {
            samples.add(new Sample(other.value(), other.width(), rest / others.size(), false));
        }
        return samples;
    }

    private List<Sample> evaluate(Source source, @Nullable String values) throws SQLException {
        if (values == null) {
            return List.of();
        }
        String expression = "(" + source.expression() + ")";
        return owner.query(
                "SELECT " + expression + "::text, coalesce(pg_column_size(ROW(" + expression
                        + ")) - 24, 0) FROM (SELECT v::"
                        + source.columnType() + " AS " + Sql.identifier(source.column()) + ", n FROM unnest("
                        + Sql.literal(values) + "::text[]) WITH ORDINALITY u(v, n)) s ORDER BY n",
                row -> new Sample(row.getString(1), row.getInt(2), 0, false));
    }

    private ColumnStatistics statistics(Source source, List<Sample> samples) throws SQLException {
        double nulls = source.nullFraction();
        double width = 0;
        double present = 0;
        Map<String, Double> weights = new LinkedHashMap<>();
        Map<String, Integer> seen = new LinkedHashMap<>();
        int values = 0;
        for (Sample sample : samples) {
            String value = sample.value();
            if (value == null) {
                nulls += sample.weight();
                continue;
            }
            values++;
            weights.merge(value, sample.weight(), Double::sum);
            width += sample.width() * sample.weight();
            present += sample.weight();
            if (!sample.common()) {
                seen.merge(value, 1, Integer::sum);
            }
        }
        double distinct = distinct(source, weights, seen, values);
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
    private static double distinct(Source source, Map<String, Double> weights, Map<String, Integer> seen, int values) {
        double ofColumn = source.distinct() < 0 ? -source.distinct() * source.tuples() : source.distinct();
        int drawn = seen.values().stream().mapToInt(Integer::intValue).sum();
        long once = seen.values().stream().filter(count -> count == 1).count();
        if (drawn > 0 && once == drawn) {
            return weights.size() == values ? Math.min(ofColumn, source.tuples()) : ofColumn * 0.9;
        }
        double tail = drawn == 0
                ? 0
                : (double) drawn * seen.size() / Math.max(1e-9, drawn - once + once * drawn / source.tuples());
        long onlyCommon = weights.keySet().stream()
                .filter(value -> !seen.containsKey(value))
                .count();
        return Math.min(Math.max(ofColumn, 1), Math.max(weights.size(), tail + onlyCommon));
    }

    private String array(String type, List<String> values, String order) throws SQLException {
        String texts = values.stream().map(Sql::literal).collect(Collectors.joining(", "));
        return owner.text("SELECT array_agg(v::" + type + " ORDER BY " + order + ")::text FROM unnest(ARRAY[" + texts
                        + "]::text[]) WITH ORDINALITY u(v, n)")
                .orElseThrow(() -> new SQLException("no values"));
    }
}
