package dev.hone.change;

import dev.hone.postgres.Sql;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
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
 * @param partitions of the table, as far as they are known: each gets an index of its own, which is then attached to
 *     that of the whole, so that partitions to come inherit it; empty for an ordinary table
 */
public record CreateIndex(
        String schema,
        String table,
        String name,
        @MayBeAbsent boolean unique,
        String method,
        List<String> keys,
        @MayBeAbsent List<String> include,
        @Nullable String predicate,
        @MayBeAbsent List<Partition> partitions)
        implements Change {

    /**
     * A partition.
     *
     * @param partitioned whether it is partitioned itself
     * @param partitions its own
     */
    public record Partition(
            String schema,
            String table,
            @MayBeAbsent boolean partitioned,
            @MayBeAbsent List<Partition> partitions) {
        public Partition {
            Objects.requireNonNull(schema, "schema");
            Objects.requireNonNull(table, "table");
            partitions = List.copyOf(Objects.requireNonNullElse(partitions, List.of()));
        }
    }

    /** An index on an ordinary table. */
    public CreateIndex(
            String schema,
            String table,
            String name,
            boolean unique,
            String method,
            List<String> keys,
            List<String> include,
            @Nullable String predicate) {
        this(schema, table, name, unique, method, keys, include, predicate, List.of());
    }

    public CreateIndex {
        // They come from files too.
        Objects.requireNonNull(schema, "schema");
        Objects.requireNonNull(table, "table");
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(method, "method");
        keys = List.copyOf(keys);
        // Files may lack these.
        include = List.copyOf(Objects.requireNonNullElse(include, List.of()));
        partitions = List.copyOf(Objects.requireNonNullElse(partitions, List.of()));
        if (keys.isEmpty()) {
            throw new IllegalArgumentException("an index without a key column: " + name);
        }
    }

    /** The same index under another name, unquoted. */
    public CreateIndex named(String other) {
        return new CreateIndex(schema, table, other, unique, method, keys, include, predicate, partitions);
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
        if (partitions.isEmpty()) {
            return List.of(statement(true));
        }
        List<String> statements = new ArrayList<>();
        statements.add(statement("INDEX", name, "ONLY " + Sql.identifier(schema, table)));
        partitions.forEach(partition -> build(partition, Sql.identifier(schema, name), statements));
        return List.copyOf(statements);
    }

    /** No index is built concurrently on a partitioned table as a whole, but on each of its partitions. */
    private void build(Partition partition, String parentIndex, List<String> statements) {
        String partitionIndex = IndexName.ofPartition(partition.table(), this);
        String on = Sql.identifier(partition.schema(), partition.table());
        statements.add(
                partition.partitioned()
                        ? statement("INDEX", partitionIndex, "ONLY " + on)
                        : statement("INDEX CONCURRENTLY", partitionIndex, on));
        String qualified = Sql.identifier(partition.schema(), partitionIndex);
        partition.partitions().forEach(child -> build(child, qualified, statements));
        statements.add("ALTER INDEX " + parentIndex + " ATTACH PARTITION " + qualified);
    }

    /** The statement, with or without CONCURRENTLY; of a partitioned table, for all of it at once. */
    public String statement(boolean concurrently) {
        return statement(concurrently ? "INDEX CONCURRENTLY" : "INDEX", name, Sql.identifier(schema, table));
    }

    private String statement(String what, String index, String on) {
        return "CREATE " + (unique ? "UNIQUE " : "") + what + " " + Sql.identifier(index) + " ON " + on + " USING "
                + method + " (" + String.join(", ", keys) + ")"
                + (include.isEmpty() ? "" : " INCLUDE (" + String.join(", ", include) + ")")
                + (predicate == null ? "" : " WHERE " + predicate);
    }

    @Override
    public List<String> undoSql() {
        // A partitioned index cannot be dropped concurrently.
        return List.of("DROP INDEX " + (partitions.isEmpty() ? "CONCURRENTLY " : "") + "IF EXISTS " + subject());
    }

    @Override
    public List<Proof> proofs() {
        return Proof.ofIndex(schema, name);
    }

    @Override
    public Optional<String> reads() {
        return Optional.of(Sql.identifier(schema, table));
    }

    @Override
    public String takes() {
        return "as long as it takes to read the table twice and to sort, and to wait for older transactions";
    }

    @Override
    public String locks() {
        String building = "SHARE UPDATE EXCLUSIVE on the table while it is built: reads and writes go on; other DDL and"
                + " VACUUM of this table wait. It waits for transactions older than itself.";
        return partitions.isEmpty()
                ? building
                : building + " So for each partition in turn; the partitioned table itself is locked against writes for"
                        + " a moment, since it holds no rows. Undoing locks all of them against reads and writes for a"
                        + " moment.";
    }

    @Override
    public Optional<List<Touched>> touched() {
        return Optional.of(List.of(new Touched(schema, table)));
    }
}
