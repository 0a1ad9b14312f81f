package dev.hone.change;

import dev.hone.postgres.Sql;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Builds an index without blocking writers.
 *
 * @param schema schema of the table, and so of the index
 * @param name name of the index, unquoted
 * @param method access method, such as {@code btree}
 * @param keys key columns as they stand in the statement: quoted names or parenthesised expressions, each with its
 *     operator class and order where they are not the default
 * @param include quoted names of the columns carried along; empty for none
 * @param predicate condition of a partial index; null for a full one
 */
public record CreateIndex(
        String schema,
        String table,
        String name,
        boolean unique,
        String method,
        List<String> keys,
        List<String> include,
        @Nullable String predicate)
        implements Change {

    public CreateIndex {
        // They come from files too.
        Objects.requireNonNull(schema, "schema");
        Objects.requireNonNull(table, "table");
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(method, "method");
        keys = List.copyOf(keys);
        include = List.copyOf(include);
        if (keys.isEmpty()) {
            throw new IllegalArgumentException("an index without a key column: " + name);
        }
    }

    @Override
    public String title() {
        return "create index " + name + " on " + Sql.identifier(schema, table);
    }

    @Override
    public String subject() {
        return Sql.identifier(schema, name);
    }

    @Override
    public List<String> sql() {
        return List.of(statement(true));
    }

    /** The statement, with or without CONCURRENTLY. */
    public String statement(boolean concurrently) {
        return "CREATE " + (unique ? "UNIQUE " : "") + "INDEX " + (concurrently ? "CONCURRENTLY " : "")
                + Sql.identifier(name) + " ON " + Sql.identifier(schema, table) + " USING " + method + " ("
                + String.join(", ", keys) + ")"
                + (include.isEmpty() ? "" : " INCLUDE (" + String.join(", ", include) + ")")
                + (predicate == null ? "" : " WHERE " + predicate);
    }

    @Override
    public List<String> undoSql() {
        return List.of("DROP INDEX CONCURRENTLY IF EXISTS " + subject());
    }

    @Override
    public String locks() {
        return "SHARE UPDATE EXCLUSIVE on the table while it is built: reads and writes go on; other DDL and VACUUM of this"
                + " table wait. It waits for transactions older than itself.";
    }
}
