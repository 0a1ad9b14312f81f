package dev.hone.change;

import dev.hone.HoneException;
import dev.hone.Progress;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Takes a journaled deployment back, last step first. */
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
        List<DeploymentResult.Step> done = new ArrayList<>();
        boolean failed = false;
        for (DeploymentRecord.Step step : deployment.steps().reversed()) {
            DeploymentResult.Step result = failed
                    ? new DeploymentResult.Step(step.number(), step.title(), step.state(), "not reached")
                    : undo(deployment.id(), step);
            done.add(result);
            failed |= result.state() == StepState.UNDOING;
        }
        return done;
    }

    private DeploymentResult.Step undo(String id, DeploymentRecord.Step step) {
        return switch (step.state()) {
            case ALREADY, UNDONE, KEPT ->
                new DeploymentResult.Step(step.number(), step.title(), step.state(), "nothing to take back");
            case PLANNED -> {
                journal.undo(id, step.number(), StepState.UNDONE, "never ran");
                yield new DeploymentResult.Step(step.number(), step.title(), StepState.UNDONE, "never ran");
            }
            case INTENDED, APPLIED, FAILED, UNDOING -> takeBack(id, step);
        };
    }

    private DeploymentResult.Step takeBack(String id, DeploymentRecord.Step step) {
        Change change = step.change();
        if (change == null) {
            throw HoneException.refused(
                    "Step " + step.number() + " of deployment " + id + " is of a kind that this Hone does not know: "
                            + step.title(),
                    "It was not touched. Undo it with the Hone that applied it, version " + step.honeVersion() + ".");
        }
        try (Progress.Task task = progress.begin("undo: " + step.title(), Watch.TOTAL)) {
            journal.undo(id, step.number(), StepState.UNDOING, "");
            Journaled journaled = Journaled.of(step);
            Outcome outcome = journaled.begun()
                    ? Operation.of(change)
                            .undo(new Workbench(session, options, task, new Journal.Row(id, step.number())), journaled)
                    : Outcome.undone("had not begun");
            journal.undo(id, step.number(), outcome.state(), outcome.detail());
            task.at(Watch.TOTAL, "");
            return new DeploymentResult.Step(step.number(), step.title(), outcome.state(), outcome.detail());
        } catch (SQLException e) {
            String why = Failure.text(e) + Applying.leftInvalid(session, journal, id, step.number());
            journal.fail(id, step.number(), StepState.UNDOING, why);
            return new DeploymentResult.Step(step.number(), step.title(), StepState.UNDOING, why);
        }
    }
}
