package dev.hone.guard;

import dev.hone.change.DeploymentResult;
import org.jspecify.annotations.Nullable;

/**
 * How a guarded deployment ended.
 *
 * @param deployment what was applied; null if it was applied by an earlier run, which was ended while it watched
 * @param guard what the guard found; null if there was nothing to guard: a step failed, all was there already,
 *     or an earlier run had decided already that it is to be taken back
 * @param undo how it was taken back; null if it was not. Not complete if something of it is still there
 * @param next what to do next, for people
 */
public record GuardResult(
        @Nullable DeploymentResult deployment,
        @Nullable GuardReport guard,
        @Nullable DeploymentResult undo,
        String next) {

    /** Whether the changes are made, and stay. */
    public boolean kept() {
        return undo == null && (deployment == null || deployment.complete());
    }
}
