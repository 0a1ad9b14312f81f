package dev.hone.change;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;

/**
 * One change to a database: a value that says what is to be, and the SQL for it. Running it safely is the business of
 * a Deployment.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = CreateIndex.class, name = "create_index"),
    @JsonSubTypes.Type(value = DropIndex.class, name = "drop_index"),
    @JsonSubTypes.Type(value = Analyze.class, name = "analyze"),
    @JsonSubTypes.Type(value = CreateStatistics.class, name = "create_statistics"),
    @JsonSubTypes.Type(value = AlterColumnStatistics.class, name = "alter_column_statistics"),
    @JsonSubTypes.Type(value = AlterSetting.class, name = "alter_setting"),
    @JsonSubTypes.Type(value = CreateExtension.class, name = "create_extension")
})
public sealed interface Change
        permits CreateIndex,
                DropIndex,
                Analyze,
                CreateStatistics,
                AlterColumnStatistics,
                AlterSetting,
                CreateExtension {

    /** What it does, in a few words: "create index bets_user_id_status_idx on public.bets". */
    String title();

    /** The object it touches first, qualified and quoted as in SQL. */
    String subject();

    /** The statements that make the change, each to be run outside a transaction block, in order. */
    List<String> sql();

    /** The statements that take it back; empty where there is nothing to take back. */
    List<String> undoSql();

    /** What it locks and for how long, for people. */
    String locks();
}
