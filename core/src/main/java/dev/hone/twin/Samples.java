package dev.hone.twin;

import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Rows made up of what statistics say of a table's columns, for expressions to be evaluated over. Of one column they
 * are its most common values and the bounds of its histogram, which lie evenly among the others; of several, values
 * drawn at random from those of each.
 */
final class Samples {

    /** Rows drawn of a common value that all rows have, where an expression is of several columns. */
    private static final int DRAWN = 100;

    private record Column(
            String name,
            String type,
            @Nullable String generated,
            int width,
            double nulls,
            double distinct,
            List<String> common,
            List<Double> frequencies,
            List<String> bounds) {

        double rest() {
            return Math.max(
                    0,
                    1
                            - nulls
                            - frequencies.stream()
                                    .mapToDouble(Double::doubleValue)
                                    .sum());
        }
    }

    /**
     * One row.
     *
     * @param weight share of the table's rows that are like it
     * @param drawn whether it stands for others that are not in the sample; a most common value stands for itself
     */
    record Row(List<@Nullable String> values, double weight, boolean drawn) {}

    /**
     * Rows over which an expression can be evaluated.
     *
     * @param relation to be put into FROM: the columns by their names, and the row's number n from 1 on
     * @param distinct how many distinct combinations of values the table is believed to have; negative for a share of
     *     its rows
     * @param width mean width of the widest column's values in the table, in bytes
     */
    record Sample(String expression, String relation, List<Row> rows, double distinct, int width) {}

    private final Session superuser;
    private final Session owner;

    Samples(Session superuser, Session owner) {
        this.superuser = superuser;
        this.owner = owner;
    }

    /**
     * A sample for an expression of a table's columns; empty if statistics give none, or the expression does not like
     * one of the values.
     *
     * @param expression as PostgreSQL shows it, or the quoted name of a column
     */
    Optional<Sample> of(long table, String expression) throws SQLException {
        List<Column> columns = columns(table, expression);
        for (Column column : columns) {
            Optional<Sample> one = checked(sample(expression, List.of(column)));
            if (one.isPresent()) {
                return one;
            }
            String generated = column.generated();
            if (generated != null && Sql.identifier(column.name()).equals(Sql.identifier(unquoted(expression)))) {
                return of(table, generated);
            }
        }
        return columns.size() < 2 ? Optional.empty() : checked(sample(expression, columns));
    }

    /** The name of a column as PostgreSQL shows it, without quotes. */
    static String unquoted(String expression) {
        return expression.startsWith("\"")
                ? expression.substring(1, expression.length() - 1).replace("\"\"", "\"")
                : expression;
    }

    private Optional<Sample> checked(Sample sample) {
        if (sample.rows().isEmpty()) {
            return Optional.empty();
        }
        try {
            owner.execute("SELECT count((" + sample.expression() + ")::text) FROM " + sample.relation());
            return Optional.of(sample);
        } catch (SQLException e) {
            // It is of another column besides, or does not like one of the values.
            return Optional.empty();
        }
    }

    private List<Column> columns(long table, String expression) throws SQLException {
        return superuser.query(
                Sql.load(Twin.class, "sampled_columns", superuser.version())
                        .replace(":table", Long.toString(table))
                        .replace(":expression", Sql.literal(expression)),
                row -> {
                    List<Double> frequencies = numbers(row.getString("frequencies"));
                    List<String> common = texts(row.getString("common_values"));
                    return new Column(
                            row.getString("name"),
                            row.getString("type"),
                            row.getString("generated"),
                            row.getInt("average_width"),
                            row.getDouble("null_fraction"),
                            row.getDouble("distinct"),
                            common.size() == frequencies.size() ? common : List.of(),
                            common.size() == frequencies.size() ? frequencies : List.of(),
                            texts(row.getString("bounds")));
                });
    }

    private static List<String> texts(@Nullable String array) {
        try {
            return array == null ? List.of() : ArrayText.parse(array);
        } catch (IllegalArgumentException e) {
            return List.of();
        }
    }

    private static List<Double> numbers(@Nullable String array) {
        return texts(array).stream().map(Double::valueOf).toList();
    }

    private static Sample sample(String expression, List<Column> columns) {
        List<Row> rows = columns.size() == 1 ? rows(columns.getFirst()) : drawn(columns);
        List<String> arrays = new ArrayList<>();
        List<String> names = new ArrayList<>();
        List<String> values = new ArrayList<>();
        double distinct = 1;
        int width = 0;
        for (int i = 0; i < columns.size(); i++) {
            int position = i;
            Column column = columns.get(i);
            arrays.add(rows.stream()
                    .map(row -> row.values().get(position))
                    .map(value -> value == null ? "NULL" : Sql.literal(value))
                    .collect(Collectors.joining(", ", "ARRAY[", "]::text[]")));
            names.add("c" + i);
            values.add("u.c" + i + "::" + column.type() + " AS " + Sql.identifier(column.name()));
            // Combinations, as if the columns were independent.
            double ofColumn = column.distinct() == 0 ? -1 : column.distinct();
            distinct = i == 0 ? ofColumn : Math.max(-1, combined(distinct, ofColumn));
            width = Math.max(width, column.width());
        }
        String relation = "(SELECT u.n, " + String.join(", ", values) + " FROM unnest(" + String.join(", ", arrays)
                + ") WITH ORDINALITY u(" + String.join(", ", names) + ", n)) hone_sample";
        return new Sample(expression, relation, rows, distinct, width);
    }

    /** Numbers of distinct values, where a negative one is a share of the rows, and there cannot be more than rows. */
    private static double combined(double one, double other) {
        double product = Math.abs(one * other);
        return one < 0 && other < 0 ? -1 : one < 0 || other < 0 ? -product : product;
    }

    private static List<Row> rows(Column column) {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < column.common().size(); i++) {
            rows.add(new Row(
                    List.of(column.common().get(i)), column.frequencies().get(i), false));
        }
        for (String bound : column.bounds()) {
            rows.add(new Row(List.of(bound), column.rest() / column.bounds().size(), true));
        }
        if (!rows.isEmpty() && column.nulls() > 0) {
            List<@Nullable String> none = new ArrayList<>();
            none.add(null);
            rows.add(new Row(none, column.nulls(), false));
        }
        return rows;
    }

    /** Rows of the column with the most values, each with values of the others drawn at random. */
    private static List<Row> drawn(List<Column> columns) {
        if (columns.stream()
                .anyMatch(column -> column.common().isEmpty() && column.bounds().isEmpty() && column.nulls() < 1)) {
            return List.of();
        }
        Column main = columns.stream()
                .max(Comparator.comparingInt(column -> column.bounds().size() * Math.max(1, column.width())))
                .orElseThrow();
        Map<Column, List<String>> others = new HashMap<>();
        for (Column column : columns) {
            List<String> values = new ArrayList<>(column.bounds().isEmpty() ? column.common() : column.bounds());
            Collections.shuffle(values, new Random(1));
            others.put(column, values);
        }
        Map<Column, Integer> next = new HashMap<>();
        RandomGenerator random = new SplittableRandom(1);
        List<Row> rows = new ArrayList<>();
        for (Row row : rows(main)) {
            // A common value meets many values of the others.
            int times = row.drawn() ? 1 : (int) Math.ceil(row.weight() * DRAWN);
            for (int i = 0; i < times; i++) {
                List<@Nullable String> values = new ArrayList<>();
                for (Column column : columns) {
                    values.add(column.equals(main) ? row.values().getFirst() : draw(column, others, next, random));
                }
                rows.add(new Row(values, row.weight() / times, true));
            }
        }
        return rows;
    }

    /** A value as often as rows have it. Those that are not common take turns: none comes again before all have been. */
    private static @Nullable String draw(
            Column column, Map<Column, List<String>> others, Map<Column, Integer> next, RandomGenerator random) {
        double at = random.nextDouble() - column.nulls();
        if (at < 0) {
            return null;
        }
        for (int i = 0; i < column.common().size(); i++) {
            at -= column.frequencies().get(i);
            if (at < 0) {
                return column.common().get(i);
            }
        }
        List<String> values = others.getOrDefault(column, List.of());
        return values.isEmpty() ? null : values.get(next.merge(column, 1, Integer::sum) % values.size());
    }
}
