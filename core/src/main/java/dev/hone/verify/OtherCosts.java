package dev.hone.verify;

import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Costs that may fit a machine better than those the planner reckons with. PostgreSQL's are of a time of spinning disks
 * ({@code random_page_cost} of 4 is a random read of which nine in ten are cached, says its documentation); which ones make
 * the planner choose what is faster on a machine, only measuring tells.
 */
final class OtherCosts {

    /** A cost, and by what PostgreSQL's own value of it may be multiplied. */
    private record Factor(String name, double factor) {}

    private static final List<Factor> FACTORS = List.of(
            new Factor("random_page_cost", 0.5),
            new Factor("random_page_cost", 0.275),
            new Factor("random_page_cost", 2),
            new Factor("cpu_index_tuple_cost", 4),
            new Factor("cpu_tuple_cost", 3),
            new Factor("cpu_operator_cost", 4));

    private OtherCosts() {}

    /** What is worth trying beside what holds now. */
    static List<Option.Cost> of(Stage stage) throws SQLException {
        List<Option.Cost> some = new ArrayList<>();
        double sequential = Double.parseDouble(text(stage, "SELECT current_setting('seq_page_cost')"));
        for (Factor one : FACTORS) {
            String now = text(stage, "SELECT current_setting('" + one.name() + "')");
            // From PostgreSQL's own value, or each advice would go further than the last.
            double own = Double.parseDouble(
                    text(stage, "SELECT boot_val FROM pg_catalog.pg_settings WHERE name = '" + one.name() + "'"));
            double value = own * one.factor();
            if (one.name().equals("random_page_cost")) {
                value = Math.max(value, sequential);
            }
            if (value != Double.parseDouble(now)) {
                some.add(new Option.Cost(one.name(), number(value), now));
            }
        }
        return some;
    }

    private static String text(Stage stage, String query) throws SQLException {
        return stage.runner().text(Sql.tag("cost", query)).orElseThrow();
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.4f", value).replaceFirst("0+$", "").replaceFirst("\\.$", "");
    }
}
