package dev.hone.change;

import java.util.List;

/** What a deployment would do, found out without doing it. */
public record DeploymentPlan(List<Step> steps, List<PreCheck> checks) {

    public DeploymentPlan {
        steps = List.copyOf(steps);
        checks = List.copyOf(checks);
    }

    /**
     * One step.
     *
     * @param number from 1
     * @param sql the statements that would run, in order; none if it is there already or cannot be
     * @param undoSql the statements that would take it back
     * @param note what there is to know: already there, refused and why; empty for nothing
     */
    public record Step(
            int number,
            Change change,
            List<String> sql,
            List<String> undoSql,
            String locks,
            boolean ready,
            String note) {

        public Step {
            sql = List.copyOf(sql);
            undoSql = List.copyOf(undoSql);
        }
    }

    /** Whether nothing stands against applying it. */
    public boolean ready() {
        return checks.stream().noneMatch(check -> check.level() == PreCheck.Level.REFUSED)
                && steps.stream().allMatch(Step::ready);
    }
}
