package dev.hone.change;

import java.util.List;

/**
 * How a deployment, or its undoing, ended.
 *
 * @param complete whether every step came to its end
 * @param steps every step that was meant, also those that were not reached
 * @param checks what was looked at beforehand
 * @param next what is unchanged and what to do next, for people
 */
public record DeploymentResult(
        String deployment, boolean complete, List<Step> steps, List<PreCheck> checks, String next) {

    public DeploymentResult {
        steps = List.copyOf(steps);
        checks = List.copyOf(checks);
    }

    /** One step; {@code detail} says what there is to know beyond its state, and is empty for nothing. */
    public record Step(int number, String title, StepState state, String detail) {}
}
