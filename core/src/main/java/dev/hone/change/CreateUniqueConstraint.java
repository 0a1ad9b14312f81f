package dev.hone.change;

import dev.hone.postgres.Sql;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Makes columns unique without blocking writers while the index is built.
 *
 * @param name name of the constraint, and so of its index, unquoted
 * @param columns unquoted names
 * @param primary whether it is to be the primary key; its columns must be NOT NULL already
 */
public record CreateUniqueConstraint(
        String schema,
        String table,
        String name,
        List<String> columns,
        @MayBeAbsent boolean primary) implements Change {

    public CreateUniqueConstraint {
        // They come from files too.
        Objects.requireNonNull(schema, "schema");
        Objects.requireNonNull(table, "table");
        Objects.requireNonNull(name, "name");
        columns = List.copyOf(columns);
        if (columns.isEmpty()) {
            throw new IllegalArgumentException("a unique constraint without a column: " + name);
        }
    }

    @Override
    public String title() {
        return "make " + String.join(", ", columns) + " " + (primary ? "the primary key" : "unique") + " in "
                + Sql.identifier(schema, table);
    }

    @Override
    public String subject() {
        return Sql.identifier(schema, table);
    }

    /** The index that it rests on. */
    CreateIndex index() {
        return new CreateIndex(
                schema,
                table,
                name,
                true,
                "btree",
                columns.stream().map(Sql::identifier).toList(),
                List.of(),
                null);
    }

    /** The statement that makes the index a constraint. */
    String adoption() {
        return "ALTER TABLE " + subject() + " ADD CONSTRAINT " + Sql.identifier(name)
                + (primary ? " PRIMARY KEY" : " UNIQUE") + " USING INDEX " + Sql.identifier(name);
    }

    @Override
    public List<String> sql() {
        return List.of(index().statement(true), adoption());
    }

    @Override
    public List<String> undoSql() {
        return List.of("ALTER TABLE " + subject() + " DROP CONSTRAINT IF EXISTS " + Sql.identifier(name));
    }

    @Override
    public List<Proof> proofs() {
        return List.of(Proof.inPlace(
                "The constraint is there, and its index valid",
                "EXISTS (SELECT FROM pg_constraint k JOIN pg_index i ON i.indexrelid = k.conindid WHERE k.conrelid = "
                        + Proof.relation(schema, table) + " AND k.conname = " + Sql.literal(name) + " AND k.contype = '"
                        + (primary ? "p" : "u") + "' AND i.indisvalid)"));
    }

    @Override
    public Optional<String> reads() {
        return Optional.of(subject());
    }

    @Override
    public String takes() {
        return index().takes();
    }

    @Override
    public String locks() {
        return "SHARE UPDATE EXCLUSIVE on the table while the index is built: reads and writes go on. Then ACCESS EXCLUSIVE for a"
                + " moment, to make it a constraint.";
    }

    @Override
    public Optional<List<Touched>> touched() {
        return Optional.of(List.of(new Touched(schema, table)));
    }
}
