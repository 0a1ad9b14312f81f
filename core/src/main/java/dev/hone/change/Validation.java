package dev.hone.change;

import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Validating a constraint. */
record Validation(ValidateConstraint change) implements Operation {

    /** What was there before: the constraint, not yet valid. */
    private record Before(String definition, @Nullable String comment) {}

    @Override
    public Outlook look(Surroundings surroundings) {
        Schema.Table table = new Schema(surroundings.server())
                .table(change.schema(), change.table())
                .orElse(null);
        Constraint found = Constraint.find(surroundings.server(), change.schema(), change.table(), change.name())
                .orElse(null);
        if (table == null || found == null) {
            return Outlook.refused(
                    "constraint " + Sql.identifier(change.name()) + " of table " + change.subject() + " does not exist",
                    "Make the proposal anew.");
        }
        Optional<Outlook> missing = Privileges.notOwned(table, change.subject());
        if (missing.isPresent()) {
            return missing.get();
        }
        if (!found.validated()) {
            Before before = new Before(found.definition(), found.comment());
            return Outlook.ready(before, change.sql(), back(before), "");
        }
        Optional<Before> earlier = surroundings.journaled().before(Before.class);
        return surroundings.begun() && earlier.isPresent()
                ? Outlook.ready(earlier.get(), change.sql(), back(earlier.get()), "")
                : Outlook.already("is valid already");
    }

    /** There is no way to call a constraint not valid again but to make it anew. */
    private List<String> back(Before before) {
        String name = Sql.identifier(change.name());
        List<String> sql = new ArrayList<>();
        sql.add("ALTER TABLE " + change.subject() + " DROP CONSTRAINT " + name + ", ADD CONSTRAINT " + name + " "
                + before.definition());
        String comment = before.comment();
        if (comment != null) {
            sql.add("COMMENT ON CONSTRAINT " + name + " ON " + change.subject() + " IS " + Sql.literal(comment));
        }
        return sql;
    }

    @Override
    public void apply(Workbench workbench, Outlook outlook) throws SQLException {
        for (String sql : outlook.sql()) {
            workbench.runPatiently(sql);
        }
    }

    @Override
    public Outcome verify(Workbench workbench, Outlook outlook) throws SQLException {
        if (find(workbench).filter(Constraint::validated).isEmpty()) {
            throw new SQLException("after its validation, " + change.name() + " is not valid", "XX000");
        }
        return Outcome.applied("");
    }

    private Optional<Constraint> find(Workbench workbench) {
        return Constraint.find(workbench.control(), change.schema(), change.table(), change.name());
    }

    @Override
    public Outcome undo(Workbench workbench, Journaled journaled) throws SQLException {
        Optional<Before> before = journaled.before(Before.class);
        Constraint now = find(workbench).orElse(null);
        if (now == null || before.isEmpty()) {
            return Outcome.kept("constraint " + Sql.identifier(change.name()) + " is gone");
        }
        if (now.definition().equals(before.get().definition())) {
            return Outcome.undone("was not valid already");
        }
        if (!before.get().definition().equals(now.definition() + " NOT VALID")) {
            return Outcome.kept("constraint " + Sql.identifier(change.name()) + " is no longer the same");
        }
        if (now.inherited()) {
            return Outcome.kept("the constraint came from a parent table; it stays valid, which does no harm");
        }
        workbench.runTogether(back(before.get()));
        return Outcome.undone("not valid, as before");
    }
}
