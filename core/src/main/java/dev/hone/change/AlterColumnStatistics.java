package dev.hone.change;

import dev.hone.postgres.Sql;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Says how closely ANALYZE looks at a column, and how many different values it is to assume, and looks. It means this
 * table alone, not its partitions.
 *
 * @param column unquoted
 * @param target how many common values and histogram bounds to keep, 0 to 10000; -1 for the server's default; null to
 *     leave it as it is
 * @param distinct the number of different values if positive; if negative, minus their share in the number of rows, at
 *     least -1; 0 to let ANALYZE estimate again; null to leave it as it is
 */
public record AlterColumnStatistics(
        String schema,
        String table,
        String column,
        @Nullable Integer target,
        @Nullable Double distinct) implements Change {

    private static final int MOST_TARGET = 10_000;

    public AlterColumnStatistics {
        // They come from files too.
        Objects.requireNonNull(schema, "schema");
        Objects.requireNonNull(table, "table");
        Objects.requireNonNull(column, "column");
        if (target == null && distinct == null) {
            throw new IllegalArgumentException("nothing to alter of column " + column);
        }
        if (target != null && (target < -1 || target > MOST_TARGET)) {
            throw new IllegalArgumentException("a statistics target must be -1 to " + MOST_TARGET + ": " + target);
        }
        if (distinct != null && !(distinct >= -1 && distinct <= Double.MAX_VALUE)) {
            throw new IllegalArgumentException("n_distinct must be -1 or more: " + distinct);
        }
    }

    @Override
    public String title() {
        List<String> what = new ArrayList<>();
        if (target != null) {
            what.add("statistics target " + (target < 0 ? "default" : target.toString()));
        }
        if (distinct != null) {
            what.add("n_distinct " + (distinct == 0 ? "estimated" : number(distinct)));
        }
        return "set " + String.join(", ", what) + " of " + subject();
    }

    @Override
    public String subject() {
        return Sql.identifier(schema, table) + "." + Sql.identifier(column);
    }

    @Override
    public List<String> sql() {
        return List.of(statement(target, distinct == null ? null : number(distinct)), analyze());
    }

    /**
     * The statement that sets both.
     *
     * @param toTarget null to leave it
     * @param toDistinct as the server writes it; "0" to take it away; null to leave it
     */
    String statement(@Nullable Integer toTarget, @Nullable String toDistinct) {
        List<String> actions = new ArrayList<>();
        String prefix = "ALTER COLUMN " + Sql.identifier(column) + " ";
        if (toTarget != null) {
            actions.add(prefix + "SET STATISTICS " + toTarget);
        }
        if (toDistinct != null) {
            actions.add(
                    prefix + (toDistinct.equals("0") ? "RESET (n_distinct)" : "SET (n_distinct = " + toDistinct + ")"));
        }
        return "ALTER TABLE ONLY " + Sql.identifier(schema, table) + " " + String.join(", ", actions);
    }

    String analyze() {
        return "ANALYZE " + Sql.identifier(schema, table) + " (" + Sql.identifier(column) + ")";
    }

    /** A number without exponent or needless zeros. */
    static String number(double value) {
        return value == 0 ? "0" : BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }

    /** Back to the server's defaults, since what was there before is known to a deployment only. */
    @Override
    public List<String> undoSql() {
        return List.of(statement(target == null ? null : -1, distinct == null ? null : "0"), analyze());
    }

    @Override
    public String byHand() {
        return "Its undo is the server's defaults: note first what is set (attstattarget and attoptions in pg_attribute).";
    }

    @Override
    public List<Proof> proofs() {
        List<String> conditions = new ArrayList<>();
        if (target != null) {
            conditions.add("coalesce(a.attstattarget, -1) = " + target);
        }
        if (distinct != null) {
            conditions.add(
                    distinct == 0
                            ? "NOT EXISTS (SELECT FROM unnest(a.attoptions) o WHERE o LIKE 'n_distinct=%')"
                            : "coalesce(a.attoptions, '{}') @> ARRAY['n_distinct=" + number(distinct) + "']");
        }
        return List.of(Proof.inPlace(
                "The column has them",
                "EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = " + Proof.relation(schema, table)
                        + " AND a.attname = " + Sql.literal(column) + " AND " + String.join(" AND ", conditions)
                        + ")"));
    }

    @Override
    public String takes() {
        return "seconds: it reads a sample of the table";
    }

    @Override
    public String locks() {
        return "SHARE UPDATE EXCLUSIVE on the table for a moment, and again while ANALYZE samples it: reads and writes go on.";
    }

    @Override
    public Optional<List<Touched>> touched() {
        return Optional.of(List.of(new Touched(schema, table)));
    }
}
