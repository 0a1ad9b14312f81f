package dev.hone.verify;

import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Costs that may fit a machine better than those the planner reckons with. PostgreSQL's are of a time of spinning disks
 * ({@code random_page_cost} of 4 is a random read of which nine in ten are cached, says its documentation); which ones make
 * the planner choose what is faster on a machine, only measuring tells.
 */
final class OtherCosts {

    /** A cost, and by what it may be multiplied. */
    private record Factor(String name, double factor) {}

    private static final List<Factor> FACTORS = List.of(
            new Factor("random_page_cost", 0.5),
            new Factor("random_page_cost", 0.275),
            new Factor("cpu_tuple_cost", 3),
            new Factor("cpu_operator_cost", 4));

    private OtherCosts() {}

    /** What is worth trying beside what holds now. */
    static List<Option.Cost> of(Stage stage) throws SQLException {
        List<Option.Cost> some = new ArrayList<>();
        for (Factor one : FACTORS) {
            Optional<String> now = stage.runner().text(Sql.tag("cost", "SELECT current_setting('" + one.name() + "')"));
            if (now.isPresent()) {
                double value = Double.parseDouble(now.get()) * one.factor();
                some.add(new Option.Cost(one.name(), number(value), now.get()));
            }
        }
        return some;
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.4f", value).replaceFirst("0+$", "").replaceFirst("\\.$", "");
    }
}
