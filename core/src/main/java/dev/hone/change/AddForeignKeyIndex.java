package dev.hone.change;

import dev.hone.postgres.Sql;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Builds the index that a foreign key needs, so that deleting a referenced row does not read the whole referencing
 * table. What {@link CreateIndex} would build; but it names the constraint, is refused if that is no longer what the
 * proposal speaks of, and leaves alone a table where some index serves it by now, whatever its name.
 *
 * @param table the referencing table, unquoted
 * @param constraint name of the foreign key, unquoted
 * @param columns those of the foreign key, unquoted, in the order that the index is to have
 * @param name name of the index, unquoted; its schema is the table's
 * @param partitions of the table, as far as they are known; empty for an ordinary table
 */
public record AddForeignKeyIndex(
        String schema,
        String table,
        String constraint,
        List<String> columns,
        String name,
        @MayBeAbsent List<CreateIndex.Partition> partitions)
        implements Change {

    public AddForeignKeyIndex {
        // They come from files too.
        Objects.requireNonNull(schema, "schema");
        Objects.requireNonNull(table, "table");
        Objects.requireNonNull(constraint, "constraint");
        Objects.requireNonNull(name, "name");
        columns = List.copyOf(columns);
        partitions = List.copyOf(Objects.requireNonNullElse(partitions, List.of()));
        if (columns.isEmpty()) {
            throw new IllegalArgumentException("a foreign key without a column: " + constraint);
        }
    }

    /** On an ordinary table. */
    public AddForeignKeyIndex(String schema, String table, String constraint, List<String> columns, String name) {
        this(schema, table, constraint, columns, name, List.of());
    }

    /** The index it builds. */
    public CreateIndex index() {
        return new CreateIndex(
                schema,
                table,
                name,
                false,
                "btree",
                columns.stream().map(Sql::identifier).toList(),
                List.of(),
                null,
                partitions);
    }

    /** The same for an index of another name, unquoted. */
    public AddForeignKeyIndex named(String other) {
        return new AddForeignKeyIndex(schema, table, constraint, columns, other, partitions);
    }

    @Override
    public String title() {
        return "create index " + name + " for foreign key " + constraint + " of " + Sql.identifier(schema, table);
    }

    @Override
    public String subject() {
        return Sql.identifier(schema, name);
    }

    @Override
    public List<String> sql() {
        return index().sql();
    }

    @Override
    public List<String> undoSql() {
        return index().undoSql();
    }

    @Override
    public List<Proof> proofs() {
        return index().proofs();
    }

    @Override
    public Optional<String> reads() {
        return Optional.of(Sql.identifier(schema, table));
    }

    @Override
    public String takes() {
        return index().takes();
    }

    @Override
    public String locks() {
        return index().locks();
    }

    @Override
    public Optional<List<Touched>> touched() {
        return Optional.of(List.of(new Touched(schema, table)));
    }
}
