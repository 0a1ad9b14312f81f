package dev.hone.change;

import dev.hone.postgres.Sql;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Removes an index without blocking queries.
 *
 * @param name name of the index, unquoted
 * @param definition pg_get_indexdef's text, from which undo builds it again
 */
public record DropIndex(String schema, String name, String definition) implements Change {

    public DropIndex {
        // They come from files too.
        Objects.requireNonNull(schema, "schema");
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(definition, "definition");
    }

    @Override
    public String title() {
        return "drop index " + subject();
    }

    @Override
    public String subject() {
        return Sql.identifier(schema, name);
    }

    @Override
    public List<String> sql() {
        return List.of("DROP INDEX CONCURRENTLY IF EXISTS " + subject());
    }

    @Override
    public List<String> undoSql() {
        return List.of(definition.replaceFirst("^CREATE (UNIQUE )?INDEX ", "CREATE $1INDEX CONCURRENTLY "));
    }

    @Override
    public String locks() {
        return "SHARE UPDATE EXCLUSIVE on the table: reads and writes go on. It waits for transactions that may use the index.";
    }

    @Override
    public Optional<List<Touched>> touched() {
        return Optional.of(List.of(new Touched(schema, name)));
    }
}
