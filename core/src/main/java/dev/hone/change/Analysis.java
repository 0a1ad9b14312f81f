package dev.hone.change;

import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.util.List;

/** Refreshing a table's statistics. */
record Analysis(Analyze change) implements Operation {

    @Override
    public Outlook look(Surroundings surroundings) {
        Schema.Table table = new Schema(surroundings.server())
                .table(change.schema(), change.table())
                .orElse(null);
        if (table == null || !List.of("r", "p", "m", "f").contains(table.kind())) {
            return Outlook.refused("table " + change.subject() + " does not exist", "Make the proposal anew.");
        }
        if (!table.mayAnalyze()) {
            // The server would say so in a warning only, and call it done.
            return Outlook.refused(
                    "role " + Sql.identifier(table.role()) + " may not analyze " + change.subject(),
                    "Deploy as its owner " + Sql.identifier(table.owner())
                            + ", or from PostgreSQL 17 on run: GRANT MAINTAIN ON " + change.subject() + " TO "
                            + Sql.identifier(table.role()) + ";");
        }
        return Outlook.ready(List.of(), change.sql(), change.undoSql(), "");
    }

    @Override
    public void apply(Workbench workbench, Outlook outlook) throws SQLException {
        for (String sql : outlook.sql()) {
            workbench.runPatiently(sql);
        }
    }

    @Override
    public Outcome verify(Workbench workbench, Outlook outlook) {
        return Outcome.applied("");
    }

    @Override
    public Outcome undo(Workbench workbench, Journaled journaled) {
        return Outcome.undone("nothing to take back: statistics stay");
    }
}
