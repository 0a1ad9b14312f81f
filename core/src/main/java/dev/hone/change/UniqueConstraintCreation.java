package dev.hone.change;

import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/** Making columns unique: an index is built, then made a constraint. */
record UniqueConstraintCreation(CreateUniqueConstraint change) implements Operation {

    private static final String DEPENDENT_OBJECTS = "2BP01";

    @Override
    public Outlook look(Surroundings surroundings) {
        Schema.Table table = new Schema(surroundings.server())
                .table(change.schema(), change.table())
                .orElse(null);
        if (table == null || !table.kind().equals("r")) {
            return Outlook.refused(
                    change.subject() + " is not an ordinary table",
                    "PostgreSQL makes a constraint of an index on ordinary tables only; take the change out of the"
                            + " proposal.");
        }
        Optional<Constraint> found =
                Constraint.find(surroundings.server(), change.schema(), change.table(), change.name());
        if (found.isPresent() && !surroundings.begun()) {
            return found.filter(this::same).isPresent()
                    ? Outlook.already("is there already, and was not made by this step")
                    : Outlook.refused(
                            "the table has another constraint of the name " + Sql.identifier(change.name()) + ": "
                                    + found.get().definition(),
                            "Give it another name.");
        }
        if (change.primary() && nullable(surroundings)) {
            return Outlook.refused(
                    "a column of the primary key may be null",
                    "Make its columns NOT NULL first: add CHECK (… IS NOT NULL) NOT VALID, validate it, then SET NOT"
                            + " NULL, which then needs no scan.");
        }
        Outlook index = new IndexCreation(change.index()).look(surroundings);
        return switch (index.kind()) {
            case REFUSED -> index;
            case ALREADY ->
                Outlook.refused(
                        "an index " + Sql.identifier(change.schema(), change.name())
                                + " that Hone did not make is there already",
                        "Make it the constraint by hand: " + change.adoption() + ";");
            case READY -> Outlook.ready(index.indexes(), change.sql(), change.undoSql(), "");
        };
    }

    private boolean same(Constraint found) {
        String columns = String.join(", ", change.columns());
        return found.kind().equals(change.primary() ? "p" : "u")
                && change.name().equals(found.index())
                && found.definition().replace("\"", "").endsWith("(" + columns.replace("\"", "") + ")");
    }

    private boolean nullable(Surroundings surroundings) {
        return surroundings
                .server()
                .handle()
                .createQuery(Sql.tag("nullable", """
                        SELECT EXISTS (SELECT FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                                       JOIN pg_namespace n ON n.oid = c.relnamespace
                                       WHERE n.nspname = :schema AND c.relname = :table AND a.attname = ANY (:columns)
                                         AND NOT a.attnotnull)"""))
                .bind("schema", change.schema())
                .bind("table", change.table())
                .bindArray("columns", String.class, change.columns())
                .mapTo(Boolean.class)
                .one();
    }

    @Override
    public void apply(Workbench workbench, Outlook outlook) throws SQLException {
        new IndexWork(workbench).build(outlook.indexes());
        if (find(workbench).isEmpty()) {
            try {
                workbench.runQueueing(change.adoption());
            } catch (SQLException failure) {
                removeIndex(workbench, outlook.indexes(), failure);
                throw failure;
            }
        }
    }

    private static void removeIndex(Workbench workbench, List<IndexPart> indexes, SQLException failure)
            throws Workbench.Leftover {
        try {
            workbench.revive();
            new IndexWork(workbench).remove(indexes);
        } catch (SQLException | RuntimeException e) {
            throw new Workbench.Leftover(failure, e);
        }
    }

    private Optional<Constraint> find(Workbench workbench) {
        return Constraint.find(workbench.control(), change.schema(), change.table(), change.name());
    }

    @Override
    public Outcome verify(Workbench workbench, Outlook outlook) throws SQLException {
        if (find(workbench).filter(this::same).isEmpty()) {
            throw new SQLException("after its creation, constraint " + change.name() + " is not there", "XX000");
        }
        return new Outcome(StepState.APPLIED, "", new IndexWork(workbench).verify(outlook.indexes()));
    }

    @Override
    public Outcome undo(Workbench workbench, Journaled journaled) throws SQLException {
        if (journaled.indexes().isEmpty()) {
            return Outcome.undone("had not begun");
        }
        Optional<Constraint> found = find(workbench);
        if (found.isEmpty()) {
            new IndexWork(workbench).remove(journaled.indexes());
            return Outcome.undone("removed");
        }
        if (found.filter(this::same).isEmpty()) {
            return Outcome.kept("constraint " + Sql.identifier(change.name()) + " is no longer what Hone made of it");
        }
        try {
            workbench.runQueueing(change.undoSql().getFirst());
        } catch (SQLException e) {
            if (DEPENDENT_OBJECTS.equals(e.getSQLState())) {
                return Outcome.kept("by now other objects rest on it: " + Failure.text(e));
            }
            throw e;
        }
        return Outcome.undone("removed");
    }
}
