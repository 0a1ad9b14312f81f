package dev.hone.change;

import dev.hone.Progress;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Makes the changes of a journaled deployment, one step after the other. */
final class Applying {

    private final DeploymentSession session;
    private final Journal journal;
    private final DeployOptions options;
    private final Progress progress;

    Applying(DeploymentSession session, Journal journal, DeployOptions options, Progress progress) {
        this.session = session;
        this.journal = journal;
        this.options = options;
        this.progress = progress;
    }

    /** Makes what is unfinished, up to the first step that fails; every step as it then stands. */
    List<DeploymentResult.Step> run(String id, List<Change> changes) {
        List<DeploymentResult.Step> done = new ArrayList<>();
        boolean failed = false;
        for (int i = 0; i < changes.size(); i++) {
            DeploymentRecord.Step earlier =
                    journal.find(id).orElseThrow().steps().get(i);
            if (failed || !earlier.state().unfinished()) {
                done.add(new DeploymentResult.Step(
                        i + 1,
                        changes.get(i).title(),
                        earlier.state(),
                        failed ? "not reached" : "done by an earlier run"));
                continue;
            }
            DeploymentResult.Step step = step(id, earlier, changes.get(i));
            done.add(step);
            failed = step.state() == StepState.FAILED;
        }
        return done;
    }

    private DeploymentResult.Step step(String id, DeploymentRecord.Step earlier, Change change) {
        int number = earlier.number();
        Planning planning = new Planning(session.control(), journal, options.lockTimeout());
        try (Progress.Task task = progress.begin(change.title(), Watch.TOTAL)) {
            new Pacing(session, options.limits()).await(task, 0);
            Workbench workbench = new Workbench(session, options, task, new Journal.Row(id, number));
            Outlook outlook;
            try {
                outlook = workbench.look(() -> planning.look(change, earlier));
            } catch (SQLException e) {
                return failed(
                        id,
                        number,
                        change,
                        Failure.text(e)
                                + ". So the change could not be looked at, and nothing was run for it now. Let that session"
                                + " end, then apply the same changes again");
            }
            return switch (outlook.kind()) {
                case ALREADY -> {
                    journal.finish(id, number, StepState.ALREADY, null, outlook.note());
                    yield new DeploymentResult.Step(number, change.title(), StepState.ALREADY, outlook.note());
                }
                case REFUSED -> {
                    String why = outlook.note() + ". " + outlook.advice();
                    journal.fail(id, number, StepState.FAILED, why);
                    yield new DeploymentResult.Step(number, change.title(), StepState.FAILED, why);
                }
                case READY -> {
                    journal.intend(
                            id,
                            number,
                            merged(earlier.indexes(), outlook.indexes()),
                            outlook.before(),
                            outlook.sql(),
                            outlook.undoSql());
                    Operation operation = Operation.of(change);
                    operation.apply(workbench, outlook);
                    Outcome outcome = operation.verify(workbench, outlook);
                    journal.finish(
                            id,
                            number,
                            outcome.state(),
                            outcome.index() == 0 ? null : outcome.index(),
                            outcome.detail());
                    task.at(Watch.TOTAL, "");
                    yield new DeploymentResult.Step(number, change.title(), outcome.state(), outcome.detail());
                }
            };
        } catch (SQLException e) {
            return failed(id, number, change, Failure.text(e));
        }
    }

    private DeploymentResult.Step failed(String id, int number, Change change, String failure) {
        String why = failure + leftInvalid(session, journal, id, number);
        journal.fail(id, number, StepState.FAILED, why);
        return new DeploymentResult.Step(number, change.title(), StepState.FAILED, why);
    }

    /** What is to be built now, and what an earlier run may have built under a plan that has changed since. */
    private static List<IndexPart> merged(List<IndexPart> earlier, List<IndexPart> now) {
        List<IndexPart> all = new ArrayList<>(now);
        earlier.stream().filter(part -> now.stream().noneMatch(part::same)).forEach(all::add);
        return all;
    }

    /** Nothing is left invalid without a word. */
    static String leftInvalid(DeploymentSession session, Journal journal, String id, int number) {
        Schema schema = new Schema(session.control());
        List<String> left = journal.find(id).orElseThrow().steps().get(number - 1).indexes().stream()
                .filter(part -> schema.find(part.schema(), part.name())
                        .map(found -> part.definition().equals(found.definition()) && !found.valid())
                        .orElse(false))
                .map(IndexPart::qualifiedName)
                .toList();
        return left.isEmpty()
                ? ""
                : ". Left invalid, so that writers maintain it and no query uses it: " + String.join(", ", left);
    }
}
