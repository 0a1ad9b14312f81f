package dev.hone.change;

import java.sql.SQLException;

/**
 * How one kind of change is looked at, made, verified and taken back. Each of the four may find that an earlier run of
 * the same step was ended anywhere within it, and copes.
 */
sealed interface Operation
        permits IndexCreation,
                ForeignKeyIndexCreation,
                IndexRemoval,
                Analysis,
                StatisticsCreation,
                ColumnStatisticsAlteration,
                SettingAlteration,
                ExtensionCreation,
                TableAlteration,
                Reindexing,
                Vacuuming,
                Validation,
                UniqueConstraintCreation,
                SqlRun,
                FunctionReplacement,
                TriggerCreation,
                MaterializedViewCreation,
                PartitionAttachment,
                PartitionRemoval,
                Partitioning {

    static Operation of(Change change) {
        return switch (change) {
            case CreateIndex create -> new IndexCreation(create);
            case AddForeignKeyIndex add -> new ForeignKeyIndexCreation(add);
            case DropIndex drop -> new IndexRemoval(drop);
            case Analyze analyze -> new Analysis(analyze);
            case CreateStatistics create -> new StatisticsCreation(create);
            case AlterColumnStatistics alter -> new ColumnStatisticsAlteration(alter);
            case AlterSetting alter -> new SettingAlteration(alter);
            case CreateExtension create -> new ExtensionCreation(create);
            case AlterTable alter -> new TableAlteration(alter);
            case Reindex reindex -> new Reindexing(reindex);
            case Vacuum vacuum -> new Vacuuming(vacuum);
            case ValidateConstraint validate -> new Validation(validate);
            case CreateUniqueConstraint create -> new UniqueConstraintCreation(create);
            case RunSql run -> new SqlRun(run);
            case ReplaceFunction replace -> new FunctionReplacement(replace);
            case CreateTrigger create -> new TriggerCreation(create);
            case CreateMaterializedView create -> new MaterializedViewCreation(create);
            case AttachPartition attach -> new PartitionAttachment(attach);
            case DropOldPartitions drop -> new PartitionRemoval(drop);
            case PartitionTable partition -> new Partitioning(partition);
        };
    }

    /** Looks whether the change can be made, and changes nothing. */
    Outlook look(Surroundings surroundings);

    /**
     * Makes the change.
     *
     * @throws SQLException if the server refused, or lost us
     */
    void apply(Workbench workbench, Outlook outlook) throws SQLException;

    /**
     * Makes sure that what was asked for is there.
     *
     * @throws SQLException if it is not
     */
    Outcome verify(Workbench workbench, Outlook outlook) throws SQLException;

    /** Takes the change back and verifies that. */
    Outcome undo(Workbench workbench, Journaled journaled) throws SQLException;
}
