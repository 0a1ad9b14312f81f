package dev.hone.change;

import dev.hone.HoneException;
import dev.hone.Progress;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Takes a journaled deployment back, last step first, or one of its steps. */
final class Undoing {

    private final DeploymentSession session;
    private final Journal journal;
    private final DeployOptions options;
    private final Progress progress;

    Undoing(DeploymentSession session, Journal journal, DeployOptions options, Progress progress) {
        this.session = session;
        this.journal = journal;
        // Taking back is never put off.
        this.options = options.withLimits(Limits.NONE);
        this.progress = progress;
    }

    /** Takes back what there is, up to the first step that cannot be; every step as it then stands. */
    List<DeploymentResult.Step> run(DeploymentRecord deployment) {
        refuseUnknown(deployment.id(), deployment.steps());
        List<DeploymentResult.Step> done = new ArrayList<>();
        boolean failed = false;
        for (DeploymentRecord.Step step : deployment.steps().reversed()) {
            DeploymentResult.Step result = failed
                    ? new DeploymentResult.Step(step.number(), step.title(), step.state(), "not reached")
                    : undo(deployment.id(), step, false);
            done.add(result);
            failed |= result.state() == StepState.UNDOING;
        }
        return done;
    }

    /**
     * Takes back one step.
     *
     * @param alone whether the others are to stay; otherwise it is a part of taking back the whole
     */
    DeploymentResult.Step run(String deployment, DeploymentRecord.Step step, boolean alone) {
        refuseUnknown(deployment, List.of(step));
        return undo(deployment, step, alone);
    }

    /** Before anything is touched: what is half taken back helps nobody. */
    static void refuseUnknown(String id, List<DeploymentRecord.Step> steps) {
        for (DeploymentRecord.Step step : steps) {
            if (step.state().undoable() && step.change() == null) {
                throw HoneException.refused(
                        "Step " + step.number() + " of deployment " + id
                                + " is of a kind that this Hone does not know: " + step.title(),
                        "Nothing was changed. Undo it with the Hone that applied it, version " + step.honeVersion()
                                + ".");
            }
        }
    }

    private DeploymentResult.Step undo(String id, DeploymentRecord.Step step, boolean alone) {
        return switch (step.state()) {
            case ALREADY, UNDONE, KEPT ->
                new DeploymentResult.Step(step.number(), step.title(), step.state(), "nothing to take back");
            case PLANNED -> {
                journal.undo(id, step.number(), StepState.UNDONE, alone, "never ran");
                yield new DeploymentResult.Step(step.number(), step.title(), StepState.UNDONE, "never ran");
            }
            case INTENDED, APPLIED, FAILED, UNDOING -> takeBack(id, step, alone);
        };
    }

    private DeploymentResult.Step takeBack(String id, DeploymentRecord.Step step, boolean alone) {
        Change change = Objects.requireNonNull(step.change());
        try (Progress.Task task = progress.begin("undo: " + step.title(), Watch.TOTAL)) {
            journal.undo(id, step.number(), StepState.UNDOING, alone, "");
            Journaled journaled = Journaled.of(step);
            Outcome outcome = journaled.begun()
                    ? Operation.of(change)
                            .undo(new Workbench(session, options, task, new Journal.Row(id, step.number())), journaled)
                    : Outcome.undone("had not begun");
            journal.undo(id, step.number(), outcome.state(), alone, outcome.detail());
            task.at(Watch.TOTAL, "");
            return new DeploymentResult.Step(step.number(), step.title(), outcome.state(), outcome.detail());
        } catch (SQLException e) {
            String why = Failure.text(e) + Applying.leftInvalid(session, journal, id, step.number());
            journal.fail(id, step.number(), StepState.UNDOING, why);
            return new DeploymentResult.Step(step.number(), step.title(), StepState.UNDOING, why);
        }
    }
}
