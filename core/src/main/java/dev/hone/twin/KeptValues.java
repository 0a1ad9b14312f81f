package dev.hone.twin;

import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is left of a column's values where a condition holds, as in a partial index.
 *
 * @param nulls share of the rows left with NULL
 * @param common the most common values left
 * @param frequencies share of the rows left that have each of them
 * @param bounds those of the histogram that are left
 * @param othersLeft how much is left of the values that are not common, from 0 to 1
 */
record KeptValues(double nulls, List<String> common, List<Double> frequencies, List<String> bounds, double othersLeft) {

    KeptValues {
        common = List.copyOf(common);
        frequencies = List.copyOf(frequencies);
        bounds = List.copyOf(bounds);
    }

    static KeptValues all(
            double nulls, @Nullable String common, @Nullable String frequencies, @Nullable String bounds) {
        List<Double> numbers = frequencies == null ? List.of() : ArrayText.numbers(frequencies);
        return new KeptValues(nulls, texts(common), numbers, texts(bounds), 1);
    }

    private static List<String> texts(@Nullable String array) {
        try {
            return array == null ? List.of() : ArrayText.parse(array);
        } catch (IllegalArgumentException e) {
            // An array of arrays, which is not to be taken apart.
            return List.of();
        }
    }

    /**
     * What the condition leaves; everything if it is of other columns.
     *
     * @param column quoted name
     */
    KeptValues where(Session owner, String condition, String column, String type) throws SQLException {
        List<String> values = new ArrayList<>(common);
        values.addAll(bounds);
        List<Boolean> holds;
        try {
            String texts = String.join(", ", values.stream().map(Sql::literal).toList());
            holds = owner.query(
                    "SELECT coalesce((" + condition + "), false) FROM (SELECT v::" + type + " AS " + column
                            + ", n FROM unnest(ARRAY[" + texts + "]::text[] || NULL::text) WITH ORDINALITY u(v, n)) s"
                            + " ORDER BY n",
                    row -> row.getBoolean(1));
        } catch (SQLException e) {
            return this;
        }
        if (holds.size() != values.size() + 1 || common.size() != frequencies.size()) {
            return this;
        }
        double ofCommon = frequencies.stream().mapToDouble(Double::doubleValue).sum();
        List<String> commonLeft = new ArrayList<>();
        List<Double> shares = new ArrayList<>();
        double share = holds.getLast() ? nulls : 0;
        for (int i = 0; i < common.size(); i++) {
            if (holds.get(i)) {
                commonLeft.add(common.get(i));
                shares.add(frequencies.get(i));
                share += frequencies.get(i);
            }
        }
        List<String> boundsLeft = new ArrayList<>();
        for (int i = 0; i < bounds.size(); i++) {
            if (holds.get(common.size() + i)) {
                boundsLeft.add(bounds.get(i));
            }
        }
        double left = bounds.isEmpty() ? 0 : boundsLeft.size() / (double) bounds.size();
        share += Math.max(0, 1 - ofCommon - nulls) * left;
        if (share <= 0) {
            return this;
        }
        double of = share;
        return new KeptValues(
                holds.getLast() ? nulls / of : 0,
                commonLeft,
                shares.stream().map(frequency -> frequency / of).toList(),
                boundsLeft,
                left);
    }

    /** How many of so many distinct values are left. */
    double distinct(double before, int commonBefore) {
        return common.size() + Math.max(0, before - commonBefore) * othersLeft;
    }
}
