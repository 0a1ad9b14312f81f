package dev.hone.change;

import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/**
 * A CHECK on a table whose foreign key points to one that is being partitioned. The key gets a column there that may be
 * null, and passes by rows in which it is; the CHECK refuses those that the key of before looked at.
 *
 * @param condition that the column is given where the reference is
 */
record ChildCheck(String schema, String table, String name, String condition) {

    private String alter() {
        return "ALTER TABLE ONLY " + Sql.identifier(schema, table) + " ";
    }

    /** As the foreign key, it holds for no table that inherits from this one. */
    private String add() {
        return alter() + "ADD CONSTRAINT " + Sql.identifier(name) + " CHECK (" + condition + ") NO INHERIT NOT VALID";
    }

    private String validate() {
        return alter() + "VALIDATE CONSTRAINT " + Sql.identifier(name);
    }

    /** The statements that put it there; no row is read behind a lock. */
    List<String> sql() {
        return List.of(add(), validate());
    }

    private Optional<Constraint> find(Workbench workbench) {
        return Constraint.find(workbench.control(), schema, table, name);
    }

    /** Puts it there, or goes on where an earlier run was ended. */
    void put(Workbench workbench) throws SQLException {
        Optional<Constraint> found = find(workbench);
        if (found.isEmpty()) {
            workbench.runQueueing(add());
        }
        if (found.filter(Constraint::validated).isEmpty()) {
            workbench.runPatiently(validate());
        }
    }

    void remove(Workbench workbench) throws SQLException {
        if (find(workbench).isPresent()) {
            workbench.runQueueing(alter() + "DROP CONSTRAINT " + Sql.identifier(name));
        }
    }
}
