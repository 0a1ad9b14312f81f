package dev.hone.change;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import java.util.Optional;

/**
 * One change to a database: a value that says what is to be, and the SQL for it. Running it safely is the business of
 * a Deployment.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = CreateIndex.class, name = "create_index"),
    @JsonSubTypes.Type(value = AddForeignKeyIndex.class, name = "add_foreign_key_index"),
    @JsonSubTypes.Type(value = DropIndex.class, name = "drop_index"),
    @JsonSubTypes.Type(value = Analyze.class, name = "analyze"),
    @JsonSubTypes.Type(value = CreateStatistics.class, name = "create_statistics"),
    @JsonSubTypes.Type(value = AlterColumnStatistics.class, name = "alter_column_statistics"),
    @JsonSubTypes.Type(value = AlterSetting.class, name = "alter_setting"),
    @JsonSubTypes.Type(value = CreateExtension.class, name = "create_extension"),
    @JsonSubTypes.Type(value = AlterTable.class, name = "alter_table"),
    @JsonSubTypes.Type(value = Reindex.class, name = "reindex"),
    @JsonSubTypes.Type(value = Vacuum.class, name = "vacuum"),
    @JsonSubTypes.Type(value = ValidateConstraint.class, name = "validate_constraint"),
    @JsonSubTypes.Type(value = CreateUniqueConstraint.class, name = "create_unique_constraint"),
    @JsonSubTypes.Type(value = RunSql.class, name = "run_sql"),
    @JsonSubTypes.Type(value = ReplaceFunction.class, name = "replace_function"),
    @JsonSubTypes.Type(value = CreateTrigger.class, name = "create_trigger"),
    @JsonSubTypes.Type(value = CreateMaterializedView.class, name = "create_materialized_view"),
    @JsonSubTypes.Type(value = AttachPartition.class, name = "attach_partition"),
    @JsonSubTypes.Type(value = DropOldPartitions.class, name = "drop_old_partitions"),
    @JsonSubTypes.Type(value = PartitionTable.class, name = "partition_table")
})
public sealed interface Change
        permits CreateIndex,
                AddForeignKeyIndex,
                DropIndex,
                Analyze,
                CreateStatistics,
                AlterColumnStatistics,
                AlterSetting,
                CreateExtension,
                AlterTable,
                Reindex,
                Vacuum,
                ValidateConstraint,
                CreateUniqueConstraint,
                RunSql,
                ReplaceFunction,
                CreateTrigger,
                CreateMaterializedView,
                AttachPartition,
                DropOldPartitions,
                PartitionTable {

    /** What it does, in a few words: "create index bets_user_id_status_idx on public.bets". */
    String title();

    /** The object it touches first, qualified and quoted as in SQL. */
    String subject();

    /** The statements that make the change, each to be run outside a transaction block, in order. */
    List<String> sql();

    /** The statements that take it back; empty where there is nothing to take back. */
    List<String> undoSql();

    /**
     * What to know where the statements are run without Hone, which looks, checks rows beforehand and remembers what was
     * there; empty for nothing.
     */
    default String byHand() {
        return "";
    }

    /** Why it cannot be taken back once it is made, for people; empty if it can, or if there is nothing to take back. */
    default String irreversible() {
        return "";
    }

    /** How long it takes once it has its locks, for people. */
    default String takes() {
        return "a moment";
    }

    /** The table, or the index of the table, all of which is read to make it, as in SQL; empty if none is. */
    default Optional<String> reads() {
        return Optional.empty();
    }

    /** Queries that show that it is in place, and used; none if only whoever wrote it knows. */
    default List<Proof> proofs() {
        return List.of();
    }

    /** What it locks and for how long, for people. */
    String locks();

    /** A relation that a change touches, by its unquoted names; of an index, its table is meant. */
    record Touched(String schema, String name) {}

    /** The relations whose queries it may make faster or slower, or hold up; empty if that may be any. */
    default Optional<List<Touched>> touched() {
        return Optional.empty();
    }
}
