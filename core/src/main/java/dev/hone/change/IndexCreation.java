package dev.hone.change;

import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/** Building an index. */
record IndexCreation(CreateIndex change) implements Operation {

    @Override
    public Outlook look(Surroundings surroundings) {
        String tableName = Sql.identifier(change.schema(), change.table());
        Schema schema = new Schema(surroundings.server());
        Schema.Table table = schema.table(change.schema(), change.table()).orElse(null);
        if (table == null) {
            return Outlook.refused("table " + tableName + " does not exist", "Make the proposal anew.");
        }
        if (!List.of("r", "p", "m").contains(table.kind())
                || table.persistence().equals("t")) {
            return Outlook.refused(
                    tableName + " is not a table, partitioned table or materialized view",
                    "Take the change out of the proposal.");
        }
        Optional<Outlook> missing = Privileges.notExtensible(table, tableName);
        if (missing.isPresent()) {
            return missing.get();
        }
        List<IndexPart> parts;
        try {
            parts = schema.parts(change, table, surroundings.extensions());
        } catch (SQLException e) {
            return Outlook.refused(
                    "the server cannot build " + change.subject() + ": " + Failure.text(e),
                    "Correct the definition: " + change.statement(true));
        }
        for (IndexPart part : parts) {
            Optional<Outlook> known = lookAtName(part, schema, surroundings);
            if (known.isPresent()) {
                return known.get();
            }
        }
        return Outlook.ready(
                parts,
                IndexWork.sql(parts),
                List.of(parts.getFirst().dropSql()),
                parts.size() == 1
                        ? ""
                        : "on a partitioned table: one index for each of " + (parts.size() - 1)
                                + " partitions, built concurrently, then attached; the partitioned table itself is"
                                + " locked against writes for a moment");
    }

    private static Optional<Outlook> lookAtName(IndexPart part, Schema schema, Surroundings surroundings) {
        Schema.Found found = schema.find(part.schema(), part.name()).orElse(null);
        if (found == null || surroundings.freed().contains(part.qualifiedName())) {
            return Optional.empty();
        }
        if (!part.definition().equals(found.definition())) {
            return Optional.of(Outlook.refused(
                    "the name " + part.qualifiedName() + " is taken by "
                            + (found.definition() == null ? "another object" : "another index: " + found.definition()),
                    "Give the index another name, or rename the other."));
        }
        if (surroundings.owns(part)) {
            return Optional.empty();
        }
        if (part.level() > 0) {
            return Optional.of(Outlook.refused(
                    "an index " + part.qualifiedName() + " that Hone did not make is there already",
                    "Rename it and try again."));
        }
        return Optional.of(
                found.valid()
                        ? Outlook.already("is there already, and was not made by this step")
                        : Outlook.refused(
                                "index " + part.qualifiedName()
                                        + " is there, invalid, and not Hone's: somebody builds it, or a build failed",
                                "If nobody is building it, remove it and try again: DROP INDEX CONCURRENTLY "
                                        + part.qualifiedName() + ";"));
    }

    @Override
    public void apply(Workbench workbench, Outlook outlook) throws SQLException {
        new IndexWork(workbench).build(outlook.indexes());
    }

    @Override
    public Outcome verify(Workbench workbench, Outlook outlook) throws SQLException {
        return new Outcome(StepState.APPLIED, outlook.note(), new IndexWork(workbench).verify(outlook.indexes()));
    }

    @Override
    public Outcome undo(Workbench workbench, Journaled journaled) throws SQLException {
        List<IndexPart> indexes = journaled.indexes();
        if (indexes.isEmpty()) {
            return Outcome.undone("had not begun");
        }
        IndexPart top = indexes.getFirst();
        Schema.Found found = workbench.schema().find(top.schema(), top.name()).orElse(null);
        if (found != null && !top.definition().equals(found.definition())) {
            return Outcome.kept(top.qualifiedName() + " is no longer what Hone made of it");
        }
        if (found != null && (found.constraint() != null || found.parentName() != null || found.replicaIdentity())) {
            return Outcome.kept("by now "
                    + (found.constraint() != null
                            ? "constraint " + Sql.identifier(found.constraint())
                            : found.parentName() != null
                                    ? "partitioned index " + Sql.identifier(found.parentName())
                                    : "the replica identity")
                    + " rests on " + top.qualifiedName());
        }
        new IndexWork(workbench).remove(indexes);
        return Outcome.undone(found == null ? "was gone already" : "removed");
    }
}
