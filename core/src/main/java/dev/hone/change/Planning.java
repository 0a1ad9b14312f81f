package dev.hone.change;

import dev.hone.postgres.Server;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Looks at every change of a list before the first one is made. */
final class Planning {

    private final Server server;
    private final Journal journal;
    private final Duration lockTimeout;

    /**
     * @param lockTimeout the longest wait of a look for a lock
     */
    Planning(Server server, Journal journal, Duration lockTimeout) {
        this.server = server;
        this.journal = journal;
        this.lockTimeout = lockTimeout;
    }

    /** The steps of a deployment that is refused before any is looked at. */
    static List<DeploymentPlan.Step> unlooked(List<Change> changes) {
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

    /**
     * The steps as they would be made.
     *
     * @param resumed the unfinished deployment of the same changes; null for none
     */
    List<DeploymentPlan.Step> look(List<Change> changes, @Nullable DeploymentRecord resumed) {
        List<DeploymentPlan.Step> steps = new ArrayList<>();
        Set<String> freed = new HashSet<>();
        List<String> extensions = new ArrayList<>();
        int unseen = 0;
        for (Change change : changes) {
            DeploymentRecord.Step earlier =
                    resumed == null ? null : resumed.steps().get(steps.size());
            if (earlier != null && !earlier.state().unfinished()) {
                steps.add(new DeploymentPlan.Step(
                        steps.size() + 1,
                        change,
                        List.of(),
                        earlier.undoSql(),
                        change.locks(),
                        true,
                        "done by an earlier run"));
                continue;
            }
            Journaled journaled = earlier == null ? Journaled.NOTHING : Journaled.of(earlier);
            Surroundings surroundings = new Surroundings(server, journal, journaled, freed, extensions);
            if (change instanceof DropIndex) {
                freed.add(change.subject());
            }
            Outlook outlook;
            try {
                outlook = look(change, surroundings);
            } catch (Locked e) {
                steps.add(unjudged(steps.size() + 1, change, e.failure()));
                if ((makesObjects(change) || change instanceof CreateExtension) && unseen == 0) {
                    unseen = steps.size();
                }
                continue;
            }
            if (change instanceof CreateExtension && outlook.kind() == Outlook.Kind.READY) {
                extensions.addAll(change.sql());
            }
            steps.add(step(steps.size() + 1, change, outlook, unseen));
            if (makesObjects(change) && outlook.kind() == Outlook.Kind.READY && unseen == 0) {
                unseen = steps.size();
            }
        }
        return steps;
    }

    /** Whether later steps may rest on what it makes. */
    private static boolean makesObjects(Change change) {
        return change instanceof RunSql
                || change instanceof ReplaceFunction
                || change instanceof CreateMaterializedView
                || change instanceof CreateUniqueConstraint
                || change instanceof PartitionTable;
    }

    /**
     * A step as it would be made.
     *
     * @param unseen the first step that makes something others may rest on; 0 for none. After it a refusal may come too early:
     *     the step is looked at once more when its turn has come
     */
    private static DeploymentPlan.Step step(int number, Change change, Outlook outlook, int unseen) {
        if (outlook.kind() == Outlook.Kind.REFUSED && unseen > 0) {
            return new DeploymentPlan.Step(
                    number,
                    change,
                    change.sql(),
                    change.undoSql(),
                    change.locks(),
                    true,
                    "cannot be judged before step " + unseen + " has run; as things are, " + outlook.note());
        }
        return new DeploymentPlan.Step(
                number,
                change,
                outlook.sql(),
                outlook.undoSql(),
                change.locks(),
                outlook.kind() != Outlook.Kind.REFUSED,
                outlook.advice().isEmpty() ? outlook.note() : outlook.note() + ". " + outlook.advice());
    }

    /**
     * A step that somebody's lock keeps from being looked at. It is no worse for that, so it is planned as if all were well:
     * to wait here would hold up all other steps too, and what the look finds out is needed only when the turn of this one
     * has come. Then the look is tried as often as a statement of the step would be.
     */
    private DeploymentPlan.Step unjudged(int number, Change change, SQLException lock) {
        List<String> holders = PreChecks.holders(server, List.of(change));
        return new DeploymentPlan.Step(
                number,
                change,
                change.sql(),
                change.undoSql(),
                change.locks(),
                true,
                "cannot be judged now: "
                        + Failure.text(
                                holders.isEmpty() ? lock : new Workbench.Blocked(lock, String.join("; ", holders)))
                        + ". It is looked at when its turn comes, and waits for the lock then");
    }

    /**
     * The look at one step when its turn has come.
     *
     * @throws Locked if somebody keeps it from being looked at
     */
    Outlook look(Change change, DeploymentRecord.Step earlier) {
        return look(change, new Surroundings(server, journal, Journaled.of(earlier), Set.of(), List.of()));
    }

    private Outlook look(Change change, Surroundings surroundings) {
        server.handle().execute("SET lock_timeout = " + lockTimeout.toMillis());
        Outlook outlook;
        try {
            outlook = Operation.of(change).look(surroundings);
        } catch (RuntimeException e) {
            SQLException lock = Locked.in(e).orElseThrow(() -> e);
            server.handle().execute("RESET lock_timeout");
            throw new Locked(lock);
        }
        server.handle().execute("RESET lock_timeout");
        return outlook;
    }
}
