package dev.hone.change;

import dev.hone.postgres.Sql;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Checks all rows against a constraint that so far holds for new rows only ({@code NOT VALID}), so that the planner and
 * people can rely on it.
 *
 * @param name name of the constraint, unquoted
 */
public record ValidateConstraint(String schema, String table, String name) implements Change {

    public ValidateConstraint {
        // They come from files too.
        Objects.requireNonNull(schema, "schema");
        Objects.requireNonNull(table, "table");
        Objects.requireNonNull(name, "name");
    }

    @Override
    public String title() {
        return "validate constraint " + name + " of " + Sql.identifier(schema, table);
    }

    @Override
    public String subject() {
        return Sql.identifier(schema, table);
    }

    @Override
    public List<String> sql() {
        return List.of("ALTER TABLE " + subject() + " VALIDATE CONSTRAINT " + Sql.identifier(name));
    }

    /** What puts it back is known to a deployment only: the constraint's definition. */
    @Override
    public List<String> undoSql() {
        return List.of();
    }

    @Override
    public String locks() {
        return "SHARE UPDATE EXCLUSIVE on the table while all its rows are read, and ROW SHARE on the one a foreign key points to:"
                + " reads and writes go on. Undo puts it back under ACCESS EXCLUSIVE for a moment.";
    }

    @Override
    public Optional<List<Touched>> touched() {
        return Optional.of(List.of(new Touched(schema, table)));
    }
}
