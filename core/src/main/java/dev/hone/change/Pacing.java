package dev.hone.change;

import dev.hone.Progress;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/** Holds a deployment up while the server has too much to bear. Not safe for use by several threads at once. */
final class Pacing {

    private final DeploymentSession session;
    private final Limits limits;

    Pacing(DeploymentSession session, Limits limits) {
        this.session = session;
        this.limits = limits;
    }

    /**
     * Returns when no limit is exceeded.
     *
     * @param at where the task stands meanwhile
     * @throws Expired if that took longer than the longest pause
     */
    void await(Progress.Task task, long at) throws Expired {
        if (!limits.any()) {
            return;
        }
        long begun = System.nanoTime();
        while (true) {
            List<String> beyond =
                    Pressure.read(session.control(), session.workerPid()).beyond(limits);
            if (beyond.isEmpty()) {
                return;
            }
            String why = String.join("; ", beyond);
            task.at(at, "pausing: " + why);
            if (System.nanoTime() - begun > limits.longestPause().toNanos()) {
                throw new Expired(why, limits.longestPause());
            }
            Pause.of(limits.poll());
        }
    }

    /** The longest pause was not long enough. What is done so far is whole, and stays. */
    static final class Expired extends SQLException {

        private static final long serialVersionUID = 1L;

        Expired(String why, Duration pause) {
            super("paused for " + pause.toSeconds() + " s, and still " + why
                    + ". What is done so far stays; apply the same changes again when there is less to do");
        }
    }
}
