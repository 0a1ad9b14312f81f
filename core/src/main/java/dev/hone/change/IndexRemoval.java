package dev.hone.change;

import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.util.List;

/** Removing an index. */
record IndexRemoval(DropIndex change) implements Operation {

    @Override
    public Outlook look(Surroundings surroundings) {
        Schema schema = new Schema(surroundings.server());
        Schema.Found found = schema.find(change.schema(), change.name()).orElse(null);
        if (found == null) {
            // Begun and gone: an earlier run removed it and did not come to write that down.
            return surroundings.begun() && !surroundings.journaled().indexes().isEmpty()
                    ? outlook(surroundings.journaled().indexes(), "")
                    : Outlook.already("is not there");
        }
        if (found.definition() == null) {
            return Outlook.refused(change.subject() + " is not an index", "Take the change out of the proposal.");
        }
        if (!found.owned()) {
            return Outlook.refused(
                    "this role does not own index " + change.subject(), "Deploy as the owner of its table.");
        }
        if (found.constraint() != null) {
            return Outlook.refused(
                    "constraint " + Sql.identifier(found.constraint()) + " rests on index " + change.subject(),
                    "Take the change out of the proposal: the constraint needs the index.");
        }
        if (found.parentName() != null) {
            return Outlook.refused(
                    "index " + change.subject() + " is part of the partitioned index "
                            + Sql.identifier(String.valueOf(found.parentSchema()), found.parentName()),
                    "Drop that one, and this goes with it.");
        }
        if (found.replicaIdentity()) {
            return Outlook.refused(
                    "index " + change.subject() + " is its table's replica identity",
                    "Take the change out of the proposal: logical replication needs it.");
        }
        if (!found.definition().strip().equals(change.definition().strip())) {
            return Outlook.refused(
                    "index " + change.subject() + " is not the one the proposal speaks of: it is " + found.definition(),
                    "Make the proposal anew.");
        }
        String note = found.partitioned()
                ? "a partitioned index goes with those of its partitions, under a short ACCESS EXCLUSIVE lock"
                : found.unique() ? "its uniqueness is no longer held" : "";
        boolean journaled =
                surroundings.begun() && !surroundings.journaled().indexes().isEmpty();
        return outlook(
                journaled ? surroundings.journaled().indexes() : schema.parts(change.schema(), change.name(), found),
                note);
    }

    private static Outlook outlook(List<IndexPart> parts, String note) {
        return Outlook.ready(parts, List.of(parts.getFirst().dropSql()), IndexWork.sql(parts), note);
    }

    @Override
    public void apply(Workbench workbench, Outlook outlook) throws SQLException {
        new IndexWork(workbench).remove(outlook.indexes());
    }

    @Override
    public Outcome verify(Workbench workbench, Outlook outlook) {
        return Outcome.applied(outlook.note());
    }

    @Override
    public Outcome undo(Workbench workbench, Journaled journaled) throws SQLException {
        List<IndexPart> indexes = journaled.indexes();
        if (indexes.isEmpty()) {
            return Outcome.undone("had not begun");
        }
        for (IndexPart part : indexes) {
            if (workbench.schema().table(part.schema(), part.table()).isEmpty()) {
                return new Outcome(
                        StepState.KEPT,
                        "not built again: table " + Sql.identifier(part.schema(), part.table()) + " is gone",
                        0);
            }
        }
        IndexWork work = new IndexWork(workbench);
        work.build(indexes);
        work.verify(indexes);
        return Outcome.undone("built again");
    }
}
