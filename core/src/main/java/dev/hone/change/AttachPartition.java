package dev.hone.change;

import dev.hone.postgres.Sql;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Makes a table a partition of a partitioned one, its rows checked beforehand, so that the attaching itself reads none.
 *
 * @param schema schema of the partitioned table
 * @param table the partitioned table, unquoted
 * @param partitionSchema schema of the table that becomes a partition
 * @param partition that table, unquoted
 * @param bound {@code FOR VALUES …} or {@code DEFAULT}
 */
public record AttachPartition(String schema, String table, String partitionSchema, String partition, String bound)
        implements Change {

    private static final Pattern BOUND =
            Pattern.compile("\\s*(FOR\\s+VALUES\\s.*|DEFAULT)\\s*", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    public AttachPartition {
        // They come from files too.
        Objects.requireNonNull(schema, "schema");
        Objects.requireNonNull(table, "table");
        Objects.requireNonNull(partitionSchema, "partitionSchema");
        Objects.requireNonNull(partition, "partition");
        Objects.requireNonNull(bound, "bound");
        if (!BOUND.matcher(bound).matches()) {
            throw new IllegalArgumentException("not a partition's bound: " + bound);
        }
    }

    @Override
    public String title() {
        return "attach " + partitionName() + " to " + subject();
    }

    @Override
    public String subject() {
        return Sql.identifier(schema, table);
    }

    /** The partition's name, qualified and quoted. */
    String partitionName() {
        return Sql.identifier(partitionSchema, partition);
    }

    @Override
    public List<String> sql() {
        return List.of("ALTER TABLE " + subject() + " ATTACH PARTITION " + partitionName() + " " + bound);
    }

    @Override
    public List<String> undoSql() {
        return List.of("ALTER TABLE " + subject() + " DETACH PARTITION " + partitionName());
    }

    @Override
    public String byHand() {
        return "Attaching then reads all rows of the new partition while it is locked, and builds the indexes it lacks. A CHECK that"
                + " says what the bound says, added NOT VALID and then validated, spares the reading. Undo leaves indexes and"
                + " constraints that attaching has added.";
    }

    @Override
    public List<Proof> proofs() {
        return List.of(Proof.inPlace(
                "The table is a partition",
                "EXISTS (SELECT FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid WHERE c.relispartition AND h.inhparent = "
                        + Proof.relation(schema, table) + " AND h.inhrelid = "
                        + Proof.relation(partitionSchema, partition)
                        + ")"));
    }

    @Override
    public Optional<String> reads() {
        return Optional.of(partitionName());
    }

    @Override
    public String takes() {
        return "as long as it takes to read the new partition; the attaching itself a moment";
    }

    @Override
    public String locks() {
        return "SHARE UPDATE EXCLUSIVE on the partitioned table and ACCESS EXCLUSIVE on the new partition, and on a default"
                + " partition, for a moment. Before that the new partition's rows are read while it is read and written."
                + " Undo takes ACCESS EXCLUSIVE on both for a moment.";
    }

    @Override
    public Optional<List<Touched>> touched() {
        return Optional.of(List.of(new Touched(schema, table), new Touched(partitionSchema, partition)));
    }
}
