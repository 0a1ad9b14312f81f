package dev.hone.change;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One deployment as the journal in the database tells it.
 *
 * @param digest tells its list of changes from others; equal lists have equal digests
 * @param steps in the order in which they are applied; never empty
 * @param guard where its guard stands; null if nobody guards it
 */
public record DeploymentRecord(
        String id,
        String digest,
        Instant createdAt,
        List<Step> steps,
        @Nullable GuardNote guard) {

    public DeploymentRecord {
        steps = List.copyOf(steps);
    }

    /**
     * One step.
     *
     * @param number from 1
     * @param change null if a newer Hone wrote a kind of change that this one does not know
     * @param sql the statements that make the change
     * @param undoSql the statements that take it back
     * @param alone whether it was taken back by itself, or is being so, and the other steps stay
     * @param indexes the indexes it builds or removes: more than one on a partitioned table
     * @param before what was there before and undo needs, in the shape of its kind of change; empty for nothing
     * @param details what there is to know beyond its state; null for nothing
     * @param error why it failed; null if it did not
     * @param appliedBy the role
     */
    public record Step(
            int number,
            String title,
            @Nullable Change change,
            List<String> sql,
            List<String> undoSql,
            StepState state,
            boolean alone,
            List<IndexPart> indexes,
            Map<String, Object> before,
            @Nullable Instant startedAt,
            @Nullable Instant finishedAt,
            @Nullable Instant undoneAt,
            @Nullable String details,
            @Nullable String error,
            String appliedBy,
            String honeVersion) {

        public Step {
            sql = List.copyOf(sql);
            undoSql = List.copyOf(undoSql);
            indexes = List.copyOf(indexes);
        }

        /** Whether undo has dealt with it. */
        boolean taken() {
            return state == StepState.UNDONE || state == StepState.KEPT;
        }

        private boolean undoneAlone() {
            return alone && state == StepState.UNDONE;
        }

        /** The same step as if its turn had not come yet. */
        Step plannedAgain() {
            return new Step(
                    number,
                    title,
                    change,
                    sql,
                    undoSql,
                    StepState.PLANNED,
                    false,
                    List.of(),
                    Map.of(),
                    null,
                    null,
                    null,
                    null,
                    null,
                    appliedBy,
                    honeVersion);
        }
    }

    /** Whether it stopped before it was complete, and the same changes, applied again, go on there. */
    public boolean unfinished() {
        return steps.stream().anyMatch(step -> step.state().unfinished())
                && steps.stream()
                        .noneMatch(step -> step.state() == StepState.UNDOING || (step.taken() && !step.alone()));
    }

    /** Whether the same changes, applied again, go on with this deployment: with what it lacks, or with steps taken back. */
    public boolean resumable() {
        return unfinished()
                || (!stepsUndone().isEmpty()
                        && !undoUnfinished()
                        && stepsUndoing().isEmpty());
    }

    /** The steps that were taken back by themselves, while others stay. What was left as it is, is not among them. */
    public List<Step> stepsUndone() {
        return undoable() ? steps.stream().filter(Step::undoneAlone).toList() : List.of();
    }

    /** The steps that were being taken back by themselves when Hone was ended, or could not be. */
    public List<Step> stepsUndoing() {
        return steps.stream()
                .filter(step -> step.alone() && step.state() == StepState.UNDOING)
                .toList();
    }

    /** The same, with the steps planned again that were taken back by themselves. */
    DeploymentRecord plannedAgain() {
        return new DeploymentRecord(
                id,
                digest,
                createdAt,
                steps.stream()
                        .map(step -> step.undoneAlone() ? step.plannedAgain() : step)
                        .toList(),
                guard);
    }

    /** Whether undo has something to take back. */
    public boolean undoable() {
        return steps.stream().anyMatch(step -> step.state().undoable());
    }

    /** Whether undo has something to take back that can be taken back. */
    public boolean reversible() {
        return steps.stream().anyMatch(DeploymentRecord::reversible);
    }

    private static boolean reversible(Step step) {
        return switch (step.state()) {
            case APPLIED -> !step.undoSql().isEmpty();
            // It may be half made: of what is halfway, the statements that take back the whole do not tell.
            case INTENDED, FAILED, UNDOING ->
                step.startedAt() != null
                        && !(step.change() instanceof RunSql && step.undoSql().isEmpty());
            case PLANNED, ALREADY, UNDONE, KEPT -> false;
        };
    }

    /** Whether undo of all of it began and did not come to its end. */
    public boolean undoUnfinished() {
        return undoable()
                && steps.stream()
                        .anyMatch(step -> !step.alone() && (step.state() == StepState.UNDOING || step.taken()));
    }

    /** Whether every step came to its end and none was taken back. */
    public boolean complete() {
        return steps.stream().allMatch(step -> step.state() == StepState.APPLIED || step.state() == StepState.ALREADY);
    }

    /** The same, without what its guard saw before, which is long. */
    public DeploymentRecord withoutEvidence() {
        return guard == null
                ? this
                : new DeploymentRecord(id, digest, createdAt, steps, guard.ended(guard.state(), guard.summary()));
    }

    /** Whether it was made under a guard that has not come to an end. */
    public boolean unguarded() {
        return guard != null && guard.state() == GuardNote.State.WATCHING && complete();
    }

    /** Whether its guard decided against it, and nobody has written yet that all of it is taken back. */
    public boolean rollingBack() {
        return guard != null && guard.state() == GuardNote.State.ROLLING_BACK;
    }
}
