package dev.hone.change;

import dev.hone.postgres.Sql;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Builds an index anew without blocking writers, to be rid of bloat or of damage.
 *
 * @param name name of the index, unquoted
 */
public record Reindex(String schema, String name) implements Change {

    public Reindex {
        // They come from files too.
        Objects.requireNonNull(schema, "schema");
        Objects.requireNonNull(name, "name");
    }

    @Override
    public String title() {
        return "rebuild index " + subject();
    }

    @Override
    public String subject() {
        return Sql.identifier(schema, name);
    }

    @Override
    public List<String> sql() {
        return List.of("REINDEX INDEX CONCURRENTLY " + subject());
    }

    @Override
    public List<String> undoSql() {
        return List.of();
    }

    @Override
    public List<Proof> proofs() {
        return List.of(new Proof(
                "The index is valid",
                "SELECT i.indisvalid AS valid, pg_relation_size(i.indexrelid) AS bytes FROM pg_index i WHERE i.indexrelid = "
                        + Proof.relation(schema, name),
                "t, and fewer bytes than before if it was bloated"));
    }

    @Override
    public Optional<String> reads() {
        return Optional.of(subject());
    }

    @Override
    public String takes() {
        return "as long as building it anew, and waiting for older transactions";
    }

    @Override
    public String locks() {
        return "SHARE UPDATE EXCLUSIVE on the table while it is built: reads and writes go on; other DDL and VACUUM of this"
                + " table wait. It waits for transactions older than itself, and needs room for a second index meanwhile.";
    }

    @Override
    public Optional<List<Touched>> touched() {
        return Optional.of(List.of(new Touched(schema, name)));
    }
}
