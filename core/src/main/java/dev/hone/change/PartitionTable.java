package dev.hone.change;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.hone.postgres.Sql;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Makes an ordinary table a partitioned one while it is read and written. By ranges, its rows stay where they are: the
 * table becomes the first partition. By hash, they are copied.
 *
 * @param schema schema of the table
 * @param table its name, unquoted
 * @param column the column whose value says to which partition a row belongs; where it is not in the primary key, it is
 *     added to it
 * @param foreignKeys what becomes of foreign keys elsewhere that point to a primary key which gets the column
 */
public record PartitionTable(
        String schema,
        String table,
        String column,
        Scheme scheme,
        @MayBeAbsent List<ForeignKey> foreignKeys) implements Change {

    /** How rows are told apart. */
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
    @JsonSubTypes({
        @JsonSubTypes.Type(value = Ranges.class, name = "ranges"),
        @JsonSubTypes.Type(value = Steps.class, name = "steps"),
        @JsonSubTypes.Type(value = Hashes.class, name = "hashes")
    })
    public sealed interface Scheme permits Ranges, Steps, Hashes {}

    /** The length of a range of time. Ranges of timestamptz begin at midnight UTC, weeks on Monday. */
    public enum Interval {
        @JsonProperty("day")
        DAY,
        @JsonProperty("week")
        WEEK,
        @JsonProperty("month")
        MONTH,
        @JsonProperty("year")
        YEAR
    }

    /**
     * By time: timestamptz, timestamp or date.
     *
     * @param ahead how many partitions are made after the one that holds the rows of today, at least 1
     */
    public record Ranges(Interval interval, int ahead) implements Scheme {

        public Ranges {
            Objects.requireNonNull(interval, "interval");
            requireBetween(ahead, 1, 1000, "partitions ahead");
        }
    }

    /**
     * By number: smallint, integer or bigint.
     *
     * @param width how many numbers a partition holds, at least 1
     * @param ahead how many partitions are made after the one that holds the rows of today, at least 1
     */
    public record Steps(long width, int ahead) implements Scheme {

        public Steps {
            if (width < 1) {
                throw new IllegalArgumentException("the width must be at least 1: " + width);
            }
            requireBetween(ahead, 1, 1000, "partitions ahead");
        }
    }

    /**
     * By a sum over the value, into partitions of about the same size.
     *
     * @param modulus how many, at least 2
     */
    public record Hashes(int modulus) implements Scheme {

        public Hashes {
            requireBetween(modulus, 2, 1000, "partitions");
        }
    }

    /**
     * A foreign key of another table that points to this one.
     *
     * @param column the other table's column that holds the partition's column of the row it points to; if it may be null,
     *     a CHECK keeps it given where the reference is, unless the foreign key is MATCH FULL. Null to drop the foreign
     *     key until the change is undone
     */
    public record ForeignKey(
            String schema,
            String table,
            String constraint,
            @Nullable String column) {

        public ForeignKey {
            Objects.requireNonNull(schema, "schema");
            Objects.requireNonNull(table, "table");
            Objects.requireNonNull(constraint, "constraint");
        }
    }

    public PartitionTable {
        // They come from files too.
        Objects.requireNonNull(schema, "schema");
        Objects.requireNonNull(table, "table");
        Objects.requireNonNull(column, "column");
        Objects.requireNonNull(scheme, "scheme");
        foreignKeys = List.copyOf(Objects.requireNonNullElse(foreignKeys, List.of()));
    }

    /** To a table whose primary key no foreign key rests on, or has the column already. */
    public static PartitionTable of(String schema, String table, String column, Scheme scheme) {
        return new PartitionTable(schema, table, column, scheme, List.of());
    }

    private static void requireBetween(int number, int least, int most, String what) {
        if (number < least || number > most) {
            throw new IllegalArgumentException("from " + least + " to " + most + " " + what + ": " + number);
        }
    }

    @Override
    public String title() {
        return "partition " + subject() + " by "
                + switch (scheme) {
                    case Ranges ranges -> ranges.interval().name().toLowerCase(java.util.Locale.ROOT);
                    case Steps steps -> "steps of " + steps.width();
                    case Hashes hashes -> "hash into " + hashes.modulus();
                }
                + " of " + Sql.identifier(column);
    }

    @Override
    public String subject() {
        return Sql.identifier(schema, table);
    }

    /** One statement, which finds out by itself what is to be done; it locks the table for as long as that takes. */
    @Override
    public List<String> sql() {
        return List.of(PartitionScript.forth(this));
    }

    @Override
    public List<String> undoSql() {
        return List.of(PartitionScript.back(this));
    }

    @Override
    public String locks() {
        return switch (scheme) {
            case Ranges r -> RANGE_LOCKS;
            case Steps s -> RANGE_LOCKS;
            case Hashes h ->
                "SHARE ROW EXCLUSIVE on the table for a moment, to add triggers that note written keys. Then its rows are copied"
                        + " in batches while it is read and written; it needs its own size in disk space. The swap takes ACCESS"
                        + " EXCLUSIVE on it, its views, tables whose foreign keys point to it and tables to which its own"
                        + " foreign keys point, for some milliseconds, waiting no"
                        + " longer than 50 ms for each. Run without Hone, as one statement, it locks the table from beginning to"
                        + " end.";
        };
    }

    @Override
    public String byHand() {
        return "The statement locks the table from beginning to end, for it is one transaction: run it when nobody writes."
                + (scheme instanceof Hashes
                        ? ""
                        : " Undo then takes rows of the new partitions back behind the same lock.");
    }

    @Override
    public String takes() {
        return scheme instanceof Hashes
                ? "as long as it takes to copy the table; the swap some milliseconds"
                : "as long as it takes to build an index over the primary key and to read the table once; the swap some milliseconds";
    }

    @Override
    public Optional<String> reads() {
        return Optional.of(subject());
    }

    @Override
    public List<Proof> proofs() {
        return List.of(Proof.inPlace(
                "The table is partitioned",
                "EXISTS (SELECT FROM pg_partitioned_table p WHERE p.partrelid = " + Proof.relation(schema, table)
                        + ")"));
    }

    private static final String RANGE_LOCKS =
            "SHARE UPDATE EXCLUSIVE while an index is built and rows are checked: reads and writes go on. The swap takes ACCESS"
                    + " EXCLUSIVE on the table, its views, tables whose foreign keys point to it and tables to which its own"
                    + " foreign keys point, for some milliseconds, waiting no"
                    + " longer than 50 ms for each. Run without Hone, as one statement, it locks the table from beginning to"
                    + " end.";

    @Override
    public Optional<List<Touched>> touched() {
        return Optional.of(List.of(new Touched(schema, table)));
    }
}
