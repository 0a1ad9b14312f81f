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
    }

    /** Whether the same changes, applied again, go on where this deployment stopped. */
    public boolean resumable() {
        return steps.stream().anyMatch(step -> step.state().unfinished())
                && steps.stream().noneMatch(step -> step.state() == StepState.UNDOING || taken(step));
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

    /** Whether undo began and did not come to its end. */
    public boolean undoUnfinished() {
        return undoable() && steps.stream().anyMatch(step -> step.state() == StepState.UNDOING || taken(step));
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

    private static boolean taken(Step step) {
        return step.state() == StepState.UNDONE || step.state() == StepState.KEPT;
    }
}
