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
    public List<Proof> proofs() {
        return List.of(Proof.inPlace("The index is gone", Proof.relation(schema, name) + " IS NULL"));
    }

    @Override
    public String takes() {
        return "a moment, once the transactions have ended that may use it; to take it back, as long as building it";
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
