package dev.hone.change;

import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Running statements of somebody's own. Hone cannot see in the catalogs whether they have run, so the journal's row says
 * so: in the same transaction where there is one, and else after every statement.
 */
record SqlRun(RunSql change) implements Operation {

    /**
     * How far an earlier run came.
     *
     * @param done statements that have run
     * @param undone statements that have been taken back
     */
    record Before(int done, int undone) {}

    @Override
    public Outlook look(Surroundings surroundings) {
        try {
            for (String sql : change.sql()) {
                Trial.requireOne(sql, "the statements of " + change.title());
            }
            for (String sql : change.undoSql()) {
                Trial.requireOne(sql, "the statements of " + change.title());
            }
        } catch (SQLException e) {
            return Outlook.refused(Failure.text(e), "Give each statement on its own.");
        }
        if (!surroundings.begun()) {
            // A Hone that was killed at its last word looks like one that never came to it: so whoever applies again
            // must not run them twice.
            Optional<DeploymentRecord> earlier = ran(surroundings.journal());
            if (earlier.isPresent()) {
                String id = earlier.get().id();
                return Outlook.already("has run in deployment " + id
                        + "; to run it again, first take that back: hone undo " + id + ", or give it another title");
            }
        }
        Before before = surroundings.journaled().before(Before.class).orElse(new Before(0, 0));
        return Outlook.ready(
                before, change.sql().subList(before.done(), change.sql().size()), change.undoSql(), "");
    }

    /** A deployment in which it ran, and that was not taken back. */
    private Optional<DeploymentRecord> ran(Journal journal) {
        return journal.deployments().stream()
                .filter(found -> states(found).anyMatch(state -> state == StepState.APPLIED))
                // Listed twice in one deployment it is to run twice.
                .filter(found -> states(found).noneMatch(StepState::unfinished))
                .findFirst();
    }

    private Stream<StepState> states(DeploymentRecord found) {
        return found.steps().stream()
                .filter(step -> change.equals(step.change()))
                .map(DeploymentRecord.Step::state);
    }

    @Override
    public void apply(Workbench workbench, Outlook outlook) throws SQLException {
        int total = change.sql().size();
        int done = total - outlook.sql().size();
        if (done == total) {
            return;
        }
        try {
            if (change.transactional()) {
                workbench.runTogether(outlook.sql(), new Before(total, 0));
            } else {
                for (String sql : outlook.sql()) {
                    workbench.pace(Watch.TOTAL * done / total);
                    workbench.runPatiently(sql);
                    done++;
                    workbench.remember(new Before(done, 0));
                }
            }
        } finally {
            workbench.forgetSettings();
        }
    }

    @Override
    public Outcome verify(Workbench workbench, Outlook outlook) {
        return Outcome.applied("");
    }

    @Override
    public Outcome undo(Workbench workbench, Journaled journaled) throws SQLException {
        Before before = journaled.before(Before.class).orElse(new Before(0, 0));
        if (before.done() == 0 && change.transactional()) {
            return Outcome.undone("had not run");
        }
        List<String> all = change.undoSql();
        if (all.isEmpty()) {
            return Outcome.kept("no statement was given that takes it back");
        }
        try {
            if (change.transactional()) {
                if (before.undone() < all.size()) {
                    workbench.runTogether(all, new Before(before.done(), all.size()));
                }
            } else {
                for (int i = before.undone(); i < all.size(); i++) {
                    workbench.runPatiently(all.get(i));
                    workbench.remember(new Before(before.done(), i + 1));
                }
            }
        } finally {
            workbench.forgetSettings();
        }
        return Outcome.undone("its undo has run");
    }
}
