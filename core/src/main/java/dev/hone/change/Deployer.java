package dev.hone.change;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;

/**
 * Makes a list of changes to a live database, one after the other, and takes them back.
 *
 * <p>Every step is written to the {@link Journal} and committed before it is run, run in a way that blocks neither
 * readers nor writers, and verified. A Hone that was killed at any point is succeeded by one that is given the same
 * changes: it finds the unfinished deployment and goes on. The first step that fails ends the deployment; what it left
 * is removed. Stateless, and safe for use by several threads: two deployments to one database exclude each other.
 */
public final class Deployer {

    private static final String VERSION = Optional.ofNullable(
                    Deployer.class.getPackage().getImplementationVersion())
            .orElse("development");

    private Deployer() {}

    /**
     * Finds out what {@link #apply} would do. Leaves nothing behind: the server tries definitions on empty temporary
     * tables in transactions that are rolled back.
     */
    public static DeploymentPlan plan(ServerAddress address, List<Change> changes, DeployOptions options) {
        try (Server server = Server.connect(address)) {
            return plan(server, changes, options);
        } catch (JdbiException e) {
            throw broken(address, "Nothing was changed.", e);
        }
    }

    private static DeploymentPlan plan(Server server, List<Change> changes, DeployOptions options) {
        List<PreCheck> checks = new ArrayList<>(PreChecks.run(server, changes, options));
        checks.addAll(irreversible(changes));
        if (refused(checks)) {
            return new DeploymentPlan(Planning.unlooked(changes), checks);
        }
        Journal journal = new Journal(server);
        Optional<DeploymentRecord> resumed = resumable(journal, changes);
        resumed.ifPresent(found -> checks.add(PreCheck.warning(goingOn(found), "")));
        return new DeploymentPlan(
                new Planning(server, journal, options.lockTimeout())
                        .look(
                                changes,
                                resumed.map(DeploymentRecord::plannedAgain).orElse(null)),
                checks);
    }

    /**
     * Makes the changes, or goes on with an unfinished deployment of the same changes.
     *
     * @return what was done; not complete if a step failed, which ended the deployment
     * @throws HoneException of kind {@code REFUSED} if it must not begin (a standby, another deployment at work, a
     *     change that cannot be made, a missing privilege), with nothing changed; of kind {@code UNREACHABLE} or
     *     {@code FAILED} if the server was lost, in which case the same call goes on later
     */
    public static DeploymentResult apply(
            ServerAddress address, List<Change> changes, DeployOptions options, Progress progress) {
        return apply(address, changes, options, progress, null, plan -> {});
    }

    /**
     * Does the same, where somebody is to know beforehand, and under a guard.
     *
     * @param beforehand is given what was planned and what was looked at, with the warnings, once it is certain that the
     *     deployment begins and before anything is written
     * @param guard what the guard saw so far, written into the journal before anything is changed; null for no guard. An
     *     unfinished deployment that is gone on with keeps its own
     */
    public static DeploymentResult apply(
            ServerAddress address,
            List<Change> changes,
            DeployOptions options,
            Progress progress,
            @Nullable GuardNote guard,
            Consumer<DeploymentPlan> beforehand) {
        if (changes.isEmpty()) {
            throw HoneException.usage(
                    "There is nothing to apply: the list of changes is empty", "Nothing was changed.");
        }
        try (DeploymentSession session = DeploymentSession.open(address, options, progress)) {
            return apply(session, changes, options, progress, guard, beforehand);
        } catch (JdbiException e) {
            throw broken(
                    address,
                    "The journal says how far it came (`hone status`). Apply the same changes again: it goes on there,"
                            + " and removes what a broken build left.",
                    e);
        }
    }

    private static DeploymentResult apply(
            DeploymentSession session,
            List<Change> changes,
            DeployOptions options,
            Progress progress,
            @Nullable GuardNote guard,
            Consumer<DeploymentPlan> beforehand) {
        Journal journal = new Journal(session.control());
        List<PreCheck> checks = new ArrayList<>(PreChecks.run(session.control(), changes, options));
        refuse(checks);
        checks.addAll(irreversible(changes));
        Optional<DeploymentRecord> resumed = resumable(journal, changes);
        refuseHalfUndone(journal, changes);
        checks.addAll(otherUnfinished(journal, changes));
        List<DeploymentPlan.Step> planned = new Planning(session.control(), journal, options.lockTimeout())
                .look(changes, resumed.map(DeploymentRecord::plannedAgain).orElse(null));
        refuseUnready(planned);
        beforehand.accept(new DeploymentPlan(planned, checks));

        journal.create();
        String id = resumed.isPresent() ? resumed.get().id() : journal.begin(changes, planned, VERSION);
        journal.planAgain(id);
        // One that was complete has been judged: steps that are made again are watched anew.
        if (guard != null
                && (resumed.isEmpty()
                        || resumed.get().guard() == null
                        || !resumed.get().unfinished())) {
            journal.guard(id, guard);
        }
        List<DeploymentResult.Step> done = new Applying(session, journal, options, progress).run(id, changes);
        boolean failed = done.stream().anyMatch(step -> step.state() == StepState.FAILED);
        return new DeploymentResult(
                id, !failed, done, checks, next(journal.find(id).orElseThrow(), failed));
    }

    private static String goingOn(DeploymentRecord found) {
        return found.unfinished()
                ? "Deployment " + found.id() + " of the same changes is unfinished; apply goes on with it."
                : "Of deployment " + found.id() + " of the same changes " + numbers(found.stepsUndone())
                        + " taken back; apply makes that again.";
    }

    /** Steps as the subject of a sentence. */
    private static String numbers(List<DeploymentRecord.Step> steps) {
        String numbers =
                steps.stream().map(step -> String.valueOf(step.number())).collect(Collectors.joining(", "));
        return (steps.size() == 1 ? "step " : "steps ") + numbers + (steps.size() == 1 ? " is" : " are");
    }

    private static String next(DeploymentRecord made, boolean failed) {
        if (failed) {
            return "What was done stays. Remove the cause and apply the same changes again: they go on at the failed step"
                    + (made.reversible() ? "; or take back what was done: hone undo " + made.id() + "." : ".");
        }
        return made.reversible() ? "To take it back: hone undo " + made.id() + "." : "There is nothing to take back.";
    }

    /**
     * Takes a deployment back, last step first. What somebody has changed since is left alone and said to be. The
     * journal stays: it is the history. If its guard decided against it, that it is taken back is written there too.
     *
     * @param deployment its id; null for the last one that is not undone
     * @return what was done; not complete if a step could not be taken back, which ended the undoing
     * @throws HoneException of kind {@code USAGE} if there is no such deployment, otherwise as {@link #apply}
     */
    public static DeploymentResult undo(
            ServerAddress address, @Nullable String deployment, DeployOptions options, Progress progress) {
        return undoing(address, options, progress, (session, journal, checks) -> {
            DeploymentRecord found = toUndo(journal, deployment);
            return undo(found, journal, new Undoing(session, journal, options, progress), checks);
        });
    }

    /**
     * Takes back one step of a deployment; the others stay. PostgreSQL itself may refuse to, where a later step builds on
     * it. The same changes, applied again, make the step again.
     *
     * @param deployment its id; null for the last one that is not undone
     * @param step its number, from 1
     * @return what was done, with this step alone; not complete if it could not be taken back
     * @throws HoneException of kind {@code USAGE} if there is no such step or nothing of it to take back; of kind {@code
     *     REFUSED} if it cannot be taken back; otherwise as {@link #apply}
     */
    public static DeploymentResult undoStep(
            ServerAddress address, @Nullable String deployment, int step, DeployOptions options, Progress progress) {
        return undoing(address, options, progress, (session, journal, checks) -> {
            DeploymentRecord found = toUndo(journal, deployment);
            return undoStep(
                    found, toUndo(found, step), journal, new Undoing(session, journal, options, progress), checks);
        });
    }

    /**
     * Takes back every deployment that is not undone, the newest first, each as {@link #undo} does, up to the first that
     * cannot be.
     *
     * @return what was done, for each of them; also for those that were not reached, which are not complete
     * @throws HoneException of kind {@code USAGE} if there is none, otherwise as {@link #apply}
     */
    public static List<DeploymentResult> undoAll(ServerAddress address, DeployOptions options, Progress progress) {
        return undoing(address, options, progress, (session, journal, checks) -> {
            List<DeploymentRecord> all = journal.deployments().reversed().stream()
                    .filter(found -> found.undoable() || found.rollingBack())
                    .toList();
            if (all.isEmpty()) {
                throw nothingToUndo();
            }
            all.forEach(found -> Undoing.refuseUnknown(found.id(), found.steps()));
            Undoing undoing = new Undoing(session, journal, options, progress);
            List<DeploymentResult> results = new ArrayList<>();
            for (DeploymentRecord found : all) {
                boolean reached = results.isEmpty() || results.getLast().complete();
                results.add(
                        reached
                                ? undo(found, journal, undoing, results.isEmpty() ? checks : List.of())
                                : unreached(found));
            }
            return results;
        });
    }

    private interface Work<T> {
        T run(DeploymentSession session, Journal journal, List<PreCheck> checks);
    }

    private static <T> T undoing(ServerAddress address, DeployOptions options, Progress progress, Work<T> work) {
        try (DeploymentSession session = DeploymentSession.open(address, options, progress)) {
            List<PreCheck> checks = PreChecks.run(session.control(), List.of(), options);
            refuse(checks);
            return work.run(session, new Journal(session.control()), checks);
        } catch (JdbiException e) {
            throw broken(address, "The journal says how far it came (`hone status`). Undo again: it goes on there.", e);
        }
    }

    private static DeploymentResult undo(
            DeploymentRecord found, Journal journal, Undoing undoing, List<PreCheck> checks) {
        journal.create();
        List<DeploymentResult.Step> done = undoing.run(found);
        List<String> left = names(done, StepState::undoable);
        List<String> kept = names(done, state -> state == StepState.KEPT);
        GuardNote guard = found.guard();
        if (left.isEmpty() && guard != null && found.rollingBack()) {
            note(journal, found.id(), guard.rolledBack());
        }
        String next = !left.isEmpty()
                ? "Still there, in whole or in part: " + String.join(", ", left)
                        + ". Remove the cause and run hone undo " + found.id() + " again: it goes on there."
                : "Deployment " + found.id() + " is taken back"
                        + (kept.isEmpty() ? "" : ", but for what was left as it is: " + String.join(", ", kept))
                        + "; the journal keeps its history.";
        return new DeploymentResult(found.id(), left.isEmpty(), done, checks, next);
    }

    private static List<String> names(List<DeploymentResult.Step> steps, Predicate<StepState> which) {
        return steps.stream()
                .filter(step -> which.test(step.state()))
                .map(step -> "step " + step.number() + " (" + step.title() + ")")
                .toList();
    }

    private static DeploymentResult undoStep(
            DeploymentRecord found,
            DeploymentRecord.Step step,
            Journal journal,
            Undoing undoing,
            List<PreCheck> checks) {
        journal.create();
        // Where the whole is on its way back, this is a part of that, and the whole remains to be finished.
        boolean alone = !found.undoUnfinished() && !found.rollingBack();
        DeploymentResult.Step done = undoing.run(found.id(), step, alone);
        String name = "Step " + step.number() + " of deployment " + found.id();
        String next;
        if (done.state().undoable()) {
            next = name + " is still there, in whole or in part. Remove the cause and run " + command(found, step)
                    + " again: it goes on there. The other steps are as they were.";
        } else if (done.state() == StepState.KEPT) {
            next = name + " is left as it is, and so are the others.";
        } else {
            next = name + " is taken back; the other steps are as they were.";
        }
        if (!alone && !done.state().undoable()) {
            next += " The whole is on its way back: hone undo " + found.id() + " finishes that.";
        }
        return new DeploymentResult(found.id(), !done.state().undoable(), List.of(done), checks, next);
    }

    private static String command(DeploymentRecord found, DeploymentRecord.Step step) {
        return "hone undo --step " + step.number() + " " + found.id();
    }

    private static DeploymentResult unreached(DeploymentRecord found) {
        return new DeploymentResult(
                found.id(),
                false,
                found.steps().reversed().stream()
                        .map(step ->
                                new DeploymentResult.Step(step.number(), step.title(), step.state(), "not reached"))
                        .toList(),
                List.of(),
                "Deployment " + found.id() + " was not reached: it is as it was.");
    }

    /**
     * The last deployment of these changes that is not taken back, or the one that its guard has yet to take back; empty if
     * there is none.
     */
    public static Optional<DeploymentRecord> last(ServerAddress address, List<Change> changes) {
        String digest = Journal.digest(changes);
        try (Server server = Server.connect(address)) {
            List<DeploymentRecord> same = new Journal(server)
                    .deployments().reversed().stream()
                            .filter(found -> found.digest().equals(digest))
                            .toList();
            return same.stream()
                    .filter(DeploymentRecord::rollingBack)
                    .findFirst()
                    .or(() -> same.stream().findFirst().filter(DeploymentRecord::undoable));
        }
    }

    /**
     * Writes into the journal what the guard of a deployment found: its state, and with the steps that were made, why.
     *
     * @param note how it ended
     */
    public static void guarded(ServerAddress address, String deployment, GuardNote note) {
        try (Server server = Server.connect(address)) {
            note(new Journal(server), deployment, note);
        }
    }

    private static void note(Journal journal, String deployment, GuardNote note) {
        journal.guard(deployment, note);
        journal.explain(deployment, "guard: " + note.summary());
    }

    private static DeploymentRecord toUndo(Journal journal, @Nullable String deployment) {
        List<DeploymentRecord> all = journal.deployments();
        if (deployment == null) {
            return all.reversed().stream()
                    .filter(DeploymentRecord::undoable)
                    .findFirst()
                    .orElseThrow(Deployer::nothingToUndo);
        }
        DeploymentRecord found = journal.find(deployment)
                .orElseThrow(() -> HoneException.usage(
                        "The journal holds no deployment " + deployment,
                        "Nothing was changed. `hone status` lists those it holds."));
        if (!found.undoable() && !found.rollingBack()) {
            throw HoneException.usage(
                    "Deployment " + deployment + " holds nothing to take back", "Nothing was changed.");
        }
        return found;
    }

    private static HoneException nothingToUndo() {
        return HoneException.usage("The journal holds no deployment to take back", "Nothing was changed.");
    }

    private static DeploymentRecord.Step toUndo(DeploymentRecord found, int number) {
        int count = found.steps().size();
        if (number < 1 || number > count) {
            throw HoneException.usage(
                    "Deployment " + found.id() + " has no step " + number,
                    "Nothing was changed. It has " + (count == 1 ? "step 1 only." : "steps 1 to " + count + "."));
        }
        DeploymentRecord.Step step = found.steps().get(number - 1);
        String name = "Step " + number + " (" + step.title() + ") of deployment " + found.id();
        String nothing = switch (step.state()) {
            case PLANNED -> " never ran";
            case ALREADY -> " changed nothing: what it asks for was there before";
            case UNDONE -> " is taken back already";
            case KEPT -> " was left as it is when it was to be taken back";
            case INTENDED, APPLIED, FAILED, UNDOING -> "";
        };
        if (!nothing.isEmpty()) {
            throw HoneException.usage(name + nothing, "Nothing was changed.");
        }
        Change change = step.change();
        if (step.startedAt() != null && change != null && !change.irreversible().isEmpty()) {
            throw HoneException.refused(
                    name + " cannot be taken back: " + change.irreversible(), "Nothing was changed.");
        }
        refuseWhatOthersRestOn(found, step, name);
        return step;
    }

    /** PostgreSQL drops a view's indexes with it, without a word, and the steps that made them would seem to be there. */
    private static void refuseWhatOthersRestOn(DeploymentRecord found, DeploymentRecord.Step step, String name) {
        if (!(step.change() instanceof CreateMaterializedView view)) {
            return;
        }
        Change.Touched made = new Change.Touched(view.schema(), view.name());
        for (DeploymentRecord.Step later :
                found.steps().subList(step.number(), found.steps().size())) {
            Change change = later.change();
            if (later.state().undoable()
                    && change != null
                    && change.touched().orElse(List.of()).contains(made)) {
                throw HoneException.refused(
                        name + " is what step " + later.number() + " (" + later.title() + ") rests on",
                        "Nothing was changed. Take that back first: " + command(found, later) + ".");
            }
        }
    }

    private static Optional<DeploymentRecord> resumable(Journal journal, List<Change> changes) {
        String digest = Journal.digest(changes);
        return journal.deployments().reversed().stream()
                .filter(found -> found.digest().equals(digest) && found.resumable())
                .findFirst();
    }

    private static void refuseHalfUndone(Journal journal, List<Change> changes) {
        String digest = Journal.digest(changes);
        for (DeploymentRecord found : journal.deployments()) {
            if (found.digest().equals(digest) && found.undoUnfinished()) {
                throw HoneException.refused(
                        "Deployment " + found.id() + " of the same changes is half taken back",
                        "Nothing was changed. Finish with hone undo " + found.id() + ", then apply again.");
            }
            if (found.digest().equals(digest) && !found.stepsUndoing().isEmpty()) {
                DeploymentRecord.Step step = found.stepsUndoing().getFirst();
                throw HoneException.refused(
                        "Step " + step.number() + " of deployment " + found.id()
                                + " of the same changes is half taken back",
                        "Nothing was changed. Finish with " + command(found, step) + ", then apply again.");
            }
        }
    }

    private static List<PreCheck> otherUnfinished(Journal journal, List<Change> changes) {
        String digest = Journal.digest(changes);
        return journal.deployments().stream()
                .filter(found -> !found.digest().equals(digest)
                        && (found.unfinished()
                                || found.undoUnfinished()
                                || !found.stepsUndoing().isEmpty()))
                .map(found -> PreCheck.warning(
                        "Deployment " + found.id() + " of other changes is unfinished.", toFinish(found)))
                .toList();
    }

    private static String toFinish(DeploymentRecord found) {
        if (found.undoUnfinished()) {
            return "Finish with hone undo " + found.id() + ".";
        }
        if (!found.stepsUndoing().isEmpty()) {
            return "Finish with " + command(found, found.stepsUndoing().getFirst()) + ".";
        }
        return "Apply the same changes again to finish it"
                + (found.undoable() ? ", or take it back: hone undo " + found.id() + "." : ".");
    }

    /** What cannot be taken back says so before it is made. */
    private static List<PreCheck> irreversible(List<Change> changes) {
        List<PreCheck> warnings = new ArrayList<>();
        for (int i = 0; i < changes.size(); i++) {
            Change change = changes.get(i);
            if (!change.irreversible().isEmpty()) {
                warnings.add(PreCheck.warning(
                        "Step " + (i + 1) + " (" + change.title() + ") cannot be taken back.", change.irreversible()));
            }
        }
        return warnings;
    }

    private static boolean refused(List<PreCheck> checks) {
        return checks.stream().anyMatch(check -> check.level() == PreCheck.Level.REFUSED);
    }

    private static void refuse(List<PreCheck> checks) {
        for (PreCheck check : checks) {
            if (check.level() == PreCheck.Level.REFUSED) {
                throw HoneException.refused(check.message(), "Nothing was changed. " + check.advice());
            }
        }
    }

    private static void refuseUnready(List<DeploymentPlan.Step> planned) {
        List<String> why = planned.stream()
                .filter(step -> !step.ready())
                .map(step -> "step " + step.number() + " (" + step.change().title() + "): " + step.note())
                .toList();
        if (!why.isEmpty()) {
            throw HoneException.refused(
                    String.join("\n", why), "Nothing was changed. Correct the proposal and apply it again.");
        }
    }

    private static HoneException broken(ServerAddress address, String advice, JdbiException e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        String why = cause instanceof SQLException sql ? Failure.text(sql) : String.valueOf(cause.getMessage());
        return HoneException.failed("Lost the work at " + address + ": " + why, advice, e);
    }
}
