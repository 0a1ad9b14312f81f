package dev.hone.change;

import dev.hone.postgres.Sql;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Tells the planner of columns that depend on each other, or of an expression, by an extended statistics object, and
 * fills it.
 *
 * @param schema schema of the table, and so of the statistics object
 * @param name name of the statistics object, unquoted
 * @param kinds {@code ndistinct}, {@code dependencies}, {@code mcv}; empty for all, as it must be for one expression
 *     alone
 * @param columns what it is about, as it stands in the statement: quoted column names, or parenthesised expressions
 *     (which need PostgreSQL 14)
 */
public record CreateStatistics(
        String schema,
        String name,
        String table,
        @MayBeAbsent List<String> kinds,
        List<String> columns) implements Change {

    private static final Set<String> KINDS = Set.of("ndistinct", "dependencies", "mcv");

    public CreateStatistics {
        // They come from files too.
        Objects.requireNonNull(schema, "schema");
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(table, "table");
        kinds = List.copyOf(Objects.requireNonNullElse(kinds, List.of()));
        columns = List.copyOf(columns);
        if (columns.isEmpty()) {
            throw new IllegalArgumentException("extended statistics about nothing: " + name);
        }
        if (!KINDS.containsAll(kinds)) {
            throw new IllegalArgumentException("not kinds of extended statistics: " + kinds);
        }
    }

    @Override
    public String title() {
        return "create statistics " + name + " on " + Sql.identifier(schema, table);
    }

    @Override
    public String subject() {
        return Sql.identifier(schema, name);
    }

    @Override
    public List<String> sql() {
        return List.of(statement(), analyze());
    }

    /** The statement that creates the object, still empty. */
    public String statement() {
        return statement(subject(), Sql.identifier(schema, table));
    }

    /** The statement under other names, qualified and quoted. */
    String statement(String as, String on) {
        return "CREATE STATISTICS " + as + (kinds.isEmpty() ? "" : " (" + String.join(", ", kinds) + ")") + " ON "
                + String.join(", ", columns) + " FROM " + on;
    }

    /** The statement that fills it. */
    String analyze() {
        return "ANALYZE " + Sql.identifier(schema, table);
    }

    @Override
    public List<String> undoSql() {
        return List.of("DROP STATISTICS IF EXISTS " + subject());
    }

    @Override
    public List<Proof> proofs() {
        return List.of(Proof.inPlace(
                "The statistics object is there",
                "EXISTS (SELECT FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE n.nspname = "
                        + Sql.literal(schema) + " AND s.stxname = " + Sql.literal(name) + ")"));
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
