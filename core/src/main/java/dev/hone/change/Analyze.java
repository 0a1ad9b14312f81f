package dev.hone.change;

import dev.hone.postgres.Sql;
import java.util.List;

/** Refreshes the planner's statistics of one table. */
public record Analyze(String schema, String table) implements Change {

    @Override
    public String title() {
        return "analyze " + subject();
    }

    @Override
    public String subject() {
        return Sql.identifier(schema, table);
    }

    @Override
    public List<String> sql() {
        return List.of("ANALYZE " + subject());
    }

    @Override
    public List<String> undoSql() {
        return List.of();
    }

    @Override
    public String locks() {
        return "SHARE UPDATE EXCLUSIVE on the table while it samples: reads and writes go on.";
    }
}
