package dev.hone.change;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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
        List<PreCheck> checks = new ArrayList<>(PreChecks.run(server, options));
        if (refused(checks)) {
            return new DeploymentPlan(unlooked(changes), checks);
        }
        Journal journal = new Journal(server);
        Optional<DeploymentRecord> resumed = resumable(journal, changes);
        resumed.ifPresent(found -> checks.add(PreCheck.warning(
                "Deployment " + found.id() + " of the same changes is unfinished; apply goes on with it.", "")));
        return new DeploymentPlan(look(server, journal, changes, resumed.orElse(null)), checks);
    }

    private static List<DeploymentPlan.Step> unlooked(List<Change> changes) {
        List<DeploymentPlan.Step> steps = new ArrayList<>();
        for (Change change : changes) {
            steps.add(new DeploymentPlan.Step(
                    steps.size() + 1,
                    change,
                    change.sql(),
                    change.undoSql(),
                    change.locks(),
                    false,
                    "not looked at: the deployment is refused"));
        }
        return steps;
    }

    private static List<DeploymentPlan.Step> look(
            Server server, Journal journal, List<Change> changes, @Nullable DeploymentRecord resumed) {
        List<DeploymentPlan.Step> steps = new ArrayList<>();
        Set<String> freed = new HashSet<>();
        for (Change change : changes) {
            int number = steps.size() + 1;
            DeploymentRecord.Step earlier =
                    resumed == null ? null : resumed.steps().get(number - 1);
            if (earlier != null && !earlier.state().unfinished()) {
                steps.add(new DeploymentPlan.Step(
                        number, change, List.of(), earlier.undoSql(), change.locks(), true, "done by an earlier run"));
                continue;
            }
            Outlook outlook = Operation.of(change).look(surroundings(server, journal, earlier, freed));
            if (change instanceof DropIndex) {
                freed.add(change.subject());
            }
            steps.add(new DeploymentPlan.Step(
                    number,
                    change,
                    outlook.sql(),
                    outlook.undoSql(),
                    change.locks(),
                    outlook.kind() != Outlook.Kind.REFUSED,
                    outlook.advice().isEmpty() ? outlook.note() : outlook.note() + ". " + outlook.advice()));
        }
        return steps;
    }

    private static Operation.Surroundings surroundings(
            Server server, Journal journal, DeploymentRecord.@Nullable Step earlier, Set<String> freed) {
        return new Operation.Surroundings(
                server,
                journal,
                earlier != null && earlier.state() != StepState.PLANNED,
                earlier == null ? List.of() : earlier.indexes(),
                freed);
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
        if (changes.isEmpty()) {
            throw HoneException.usage(
                    "There is nothing to apply: the list of changes is empty", "Nothing was changed.");
        }
        try (DeploymentSession session = DeploymentSession.open(address, options, progress)) {
            return apply(session, changes, options, progress);
        } catch (JdbiException e) {
            throw broken(
                    address,
                    "The journal says how far it came (`hone status`). Apply the same changes again: it goes on there,"
                            + " and removes what a broken build left.",
                    e);
        }
    }

    private static DeploymentResult apply(
            DeploymentSession session, List<Change> changes, DeployOptions options, Progress progress) {
        Journal journal = new Journal(session.control());
        List<PreCheck> checks = new ArrayList<>(PreChecks.run(session.control(), options));
        refuse(checks);
        Optional<DeploymentRecord> resumed = resumable(journal, changes);
        refuseHalfUndone(journal, changes);
        checks.addAll(otherUnfinished(journal, changes));
        List<DeploymentPlan.Step> planned = look(session.control(), journal, changes, resumed.orElse(null));
        refuseUnready(planned);

        journal.create();
        String id = resumed.isPresent() ? resumed.get().id() : journal.begin(changes, planned, VERSION);
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
            DeploymentResult.Step step = step(session, journal, id, earlier, changes.get(i), options, progress);
            done.add(step);
            failed = step.state() == StepState.FAILED;
        }
        return new DeploymentResult(id, !failed, done, checks, next(id, failed));
    }

    private static String next(String id, boolean failed) {
        return failed
                ? "What was done stays. Remove the cause and apply the same changes again: they go on at the failed step;"
                        + " or take back what was done: hone undo " + id + "."
                : "To take it back: hone undo " + id + ".";
    }

    private static DeploymentResult.Step step(
            DeploymentSession session,
            Journal journal,
            String id,
            DeploymentRecord.Step earlier,
            Change change,
            DeployOptions options,
            Progress progress) {
        int number = earlier.number();
        Operation operation = Operation.of(change);
        try (Progress.Task task = progress.begin(change.title(), Watch.TOTAL)) {
            Outlook outlook = operation.look(surroundings(session.control(), journal, earlier, Set.of()));
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
                            id, number, merged(earlier.indexes(), outlook.indexes()), outlook.sql(), outlook.undoSql());
                    Operation.Outcome outcome = operation.apply(new Workbench(session, options, task), outlook);
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
            String why = Failure.text(e) + leftInvalid(session, journal, id, number);
            journal.fail(id, number, StepState.FAILED, why);
            return new DeploymentResult.Step(number, change.title(), StepState.FAILED, why);
        }
    }

    /** Nothing is left invalid without a word. */
    private static String leftInvalid(DeploymentSession session, Journal journal, String id, int number) {
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

    /** What is to be built now, and what an earlier run may have built under a plan that has changed since. */
    private static List<IndexPart> merged(List<IndexPart> earlier, List<IndexPart> now) {
        List<IndexPart> all = new ArrayList<>(now);
        earlier.stream().filter(part -> now.stream().noneMatch(part::same)).forEach(all::add);
        return all;
    }

    /**
     * Takes a deployment back, last step first. What somebody has changed since is left alone and said to be. The
     * journal stays: it is the history.
     *
     * @param deployment its id; null for the last one that is not undone
     * @return what was done; not complete if a step could not be taken back, which ended the undoing
     * @throws HoneException of kind {@code USAGE} if there is no such deployment, otherwise as {@link #apply}
     */
    public static DeploymentResult undo(
            ServerAddress address, @Nullable String deployment, DeployOptions options, Progress progress) {
        try (DeploymentSession session = DeploymentSession.open(address, options, progress)) {
            return undo(session, deployment, options, progress);
        } catch (JdbiException e) {
            throw broken(address, "The journal says how far it came (`hone status`). Undo again: it goes on there.", e);
        }
    }

    private static DeploymentResult undo(
            DeploymentSession session, @Nullable String deployment, DeployOptions options, Progress progress) {
        Journal journal = new Journal(session.control());
        List<PreCheck> checks = PreChecks.run(session.control(), options);
        refuse(checks);
        DeploymentRecord found = toUndo(journal, deployment);
        List<DeploymentResult.Step> done = new ArrayList<>();
        boolean failed = false;
        for (DeploymentRecord.Step step : found.steps().reversed()) {
            DeploymentResult.Step result = failed
                    ? new DeploymentResult.Step(step.number(), step.title(), step.state(), "not reached")
                    : undo(session, journal, found.id(), step, options, progress);
            done.add(result);
            failed |= result.state() == StepState.UNDOING;
        }
        return new DeploymentResult(
                found.id(),
                !failed,
                done,
                checks,
                failed
                        ? "Remove the cause and run hone undo " + found.id() + " again: it goes on there."
                        : "Deployment " + found.id() + " is taken back; the journal keeps its history.");
    }

    private static DeploymentResult.Step undo(
            DeploymentSession session,
            Journal journal,
            String id,
            DeploymentRecord.Step step,
            DeployOptions options,
            Progress progress) {
        return switch (step.state()) {
            case ALREADY, UNDONE, KEPT ->
                new DeploymentResult.Step(step.number(), step.title(), step.state(), "nothing to take back");
            case PLANNED -> {
                journal.undo(id, step.number(), StepState.UNDONE, "never ran");
                yield new DeploymentResult.Step(step.number(), step.title(), StepState.UNDONE, "never ran");
            }
            case INTENDED, APPLIED, FAILED, UNDOING -> takeBack(session, journal, id, step, options, progress);
        };
    }

    private static DeploymentResult.Step takeBack(
            DeploymentSession session,
            Journal journal,
            String id,
            DeploymentRecord.Step step,
            DeployOptions options,
            Progress progress) {
        Change change = step.change();
        if (change == null) {
            throw HoneException.refused(
                    "Step " + step.number() + " of deployment " + id + " is of a kind that this Hone does not know: "
                            + step.title(),
                    "It was not touched. Undo it with the Hone that applied it, version " + step.honeVersion() + ".");
        }
        try (Progress.Task task = progress.begin("undo: " + step.title(), Watch.TOTAL)) {
            journal.undo(id, step.number(), StepState.UNDOING, "");
            Operation.Outcome outcome = Operation.of(change)
                    .undo(new Workbench(session, options, task), new Schema(session.control()), step.indexes());
            journal.undo(id, step.number(), outcome.state(), outcome.detail());
            task.at(Watch.TOTAL, "");
            return new DeploymentResult.Step(step.number(), step.title(), outcome.state(), outcome.detail());
        } catch (SQLException e) {
            String why = Failure.text(e) + leftInvalid(session, journal, id, step.number());
            journal.fail(id, step.number(), StepState.UNDOING, why);
            return new DeploymentResult.Step(step.number(), step.title(), StepState.UNDOING, why);
        }
    }

    private static DeploymentRecord toUndo(Journal journal, @Nullable String deployment) {
        List<DeploymentRecord> all = journal.deployments();
        if (deployment == null) {
            return all.reversed().stream()
                    .filter(DeploymentRecord::undoable)
                    .findFirst()
                    .orElseThrow(() -> HoneException.usage(
                            "The journal holds no deployment to take back", "Nothing was changed."));
        }
        DeploymentRecord found = journal.find(deployment)
                .orElseThrow(() -> HoneException.usage(
                        "The journal holds no deployment " + deployment,
                        "Nothing was changed. `hone status` lists those it holds."));
        if (!found.undoable()) {
            throw HoneException.usage(
                    "Deployment " + deployment + " holds nothing to take back", "Nothing was changed.");
        }
        return found;
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
        }
    }

    private static List<PreCheck> otherUnfinished(Journal journal, List<Change> changes) {
        String digest = Journal.digest(changes);
        return journal.deployments().stream()
                .filter(found -> !found.digest().equals(digest) && (found.resumable() || found.undoUnfinished()))
                .map(found -> PreCheck.warning(
                        "Deployment " + found.id() + " of other changes is unfinished.",
                        "Apply the same changes again to finish it, or take it back: hone undo " + found.id() + "."))
                .toList();
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
