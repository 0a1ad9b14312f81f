package dev.hone.change;

import dev.hone.postgres.Sql;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Takes partitions out of a partitioned table and drops them with their rows.
 *
 * @param schema schema of the partitioned table
 * @param partitions which, oldest first
 */
public record DropOldPartitions(String schema, String table, List<Partition> partitions) implements Change {

    /** A partition by its name, unquoted. */
    public record Partition(String schema, String name) {

        public Partition {
            Objects.requireNonNull(schema, "schema");
            Objects.requireNonNull(name, "name");
        }

        String qualifiedName() {
            return Sql.identifier(schema, name);
        }
    }

    public DropOldPartitions {
        // They come from files too.
        Objects.requireNonNull(schema, "schema");
        Objects.requireNonNull(table, "table");
        partitions = List.copyOf(partitions);
        if (partitions.isEmpty()) {
            throw new IllegalArgumentException("no partition of " + table + " to drop");
        }
    }

    @Override
    public String title() {
        return "drop "
                + (partitions.size() == 1
                        ? "partition " + partitions.getFirst().qualifiedName()
                        : partitions.size() + " partitions")
                + " of " + subject();
    }

    @Override
    public String subject() {
        return Sql.identifier(schema, table);
    }

    @Override
    public List<String> sql() {
        List<String> sql = new ArrayList<>();
        for (Partition one : partitions) {
            sql.add(detach(one, true));
            sql.add(drop(one));
        }
        return sql;
    }

    String detach(Partition one, boolean concurrently) {
        return "ALTER TABLE " + subject() + " DETACH PARTITION " + one.qualifiedName()
                + (concurrently ? " CONCURRENTLY" : "");
    }

    static String drop(Partition one) {
        return "DROP TABLE " + one.qualifiedName();
    }

    @Override
    public List<String> undoSql() {
        return List.of();
    }

    @Override
    public String irreversible() {
        return "The rows of the dropped partitions are gone. Dump them first, if anybody may want them again.";
    }

    @Override
    public String byHand() {
        return "Before PostgreSQL 14, and beside a default partition, leave CONCURRENTLY out.";
    }

    @Override
    public List<Proof> proofs() {
        return List.of(Proof.inPlace(
                "The partitions are gone",
                "NOT EXISTS (SELECT FROM unnest(ARRAY["
                        + partitions.stream()
                                .map(one -> Sql.literal(one.qualifiedName()))
                                .collect(Collectors.joining(", "))
                        + "]) AS one(name) WHERE to_regclass(one.name) IS NOT NULL)"));
    }

    @Override
    public String takes() {
        return "a moment for each partition, once the transactions have ended that use it";
    }

    @Override
    public String locks() {
        return "SHARE UPDATE EXCLUSIVE on the partitioned table while a partition is detached: reads and writes go on, and it"
                + " waits for transactions that use it. Beside a default partition, and before PostgreSQL 14, ACCESS"
                + " EXCLUSIVE for a moment. Dropping locks the detached table alone, and what its foreign keys point to.";
    }

    @Override
    public Optional<List<Touched>> touched() {
        return Optional.of(List.of(new Touched(schema, table)));
    }
}
