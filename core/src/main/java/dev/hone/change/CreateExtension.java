package dev.hone.change;

import dev.hone.postgres.Sql;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Adds an extension to the database, in its default version.
 *
 * @param name unquoted
 * @param schema where its objects go, unquoted; it must be there. Null for where it goes by itself
 */
public record CreateExtension(String name, @Nullable String schema) implements Change {

    public CreateExtension {
        // They come from files too.
        Objects.requireNonNull(name, "name");
    }

    @Override
    public String title() {
        return "create extension " + name;
    }

    @Override
    public String subject() {
        return Sql.identifier(name);
    }

    @Override
    public List<String> sql() {
        return List.of("CREATE EXTENSION IF NOT EXISTS " + subject()
                + (schema == null ? "" : " SCHEMA " + Sql.identifier(schema)));
    }

    /** Without CASCADE: what somebody has built on it by then stays, and so does it. */
    @Override
    public List<String> undoSql() {
        return List.of("DROP EXTENSION IF EXISTS " + subject());
    }

    @Override
    public List<Proof> proofs() {
        return List.of(Proof.inPlace(
                "The extension is there",
                "EXISTS (SELECT FROM pg_extension e WHERE e.extname = " + Sql.literal(name) + ")"));
    }

    @Override
    public String locks() {
        return "No table.";
    }

    @Override
    public Optional<List<Touched>> touched() {
        return Optional.of(List.of());
    }
}
