package dev.hone.change;

import com.fasterxml.jackson.annotation.JsonIgnore;
import dev.hone.postgres.Sql;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One physical or partitioned index that a step builds or removes, as the journal keeps it.
 *
 * @param schema schema of the index and of its table
 * @param level depth below the partitioned table the change names; 0 for that table, or for an ordinary one
 * @param partitioned whether its table is partitioned, so that the index has no storage of its own
 * @param definition pg_get_indexdef's text with every name qualified
 * @param parentSchema schema of the partitioned index it is attached to; null for none
 * @param parentName name of that index
 * @param tablespace null for the database's default
 * @param afterwards statements for what pg_get_indexdef does not tell: comment, statistics targets, clustering
 */
public record IndexPart(
        String schema,
        String name,
        String table,
        int level,
        boolean partitioned,
        String definition,
        @Nullable String parentSchema,
        @Nullable String parentName,
        @Nullable String tablespace,
        List<String> afterwards) {

    public IndexPart {
        afterwards = List.copyOf(afterwards);
    }

    /** Its name, qualified and quoted. */
    @JsonIgnore
    public String qualifiedName() {
        return Sql.identifier(schema, name);
    }

    /** The statement that builds it: concurrently where it has storage, and otherwise on the parent alone. */
    @JsonIgnore
    public String buildSql() {
        return partitioned
                ? definition
                : definition.replaceFirst("^CREATE (UNIQUE )?INDEX ", "CREATE $1INDEX CONCURRENTLY ");
    }

    /** The statement that removes it. PostgreSQL knows no concurrent way for a partitioned index. */
    @JsonIgnore
    public String dropSql() {
        return (partitioned ? "DROP INDEX " : "DROP INDEX CONCURRENTLY ") + qualifiedName();
    }

    /** The statement that attaches it to its parent; null if it has none. */
    @JsonIgnore
    public @Nullable String attachSql() {
        return parentSchema == null || parentName == null
                ? null
                : "ALTER INDEX " + Sql.identifier(parentSchema, parentName) + " ATTACH PARTITION " + qualifiedName();
    }

    /** Whether both are the same index: name and definition. */
    boolean same(IndexPart other) {
        return schema.equals(other.schema) && name.equals(other.name) && definition.equals(other.definition);
    }
}
