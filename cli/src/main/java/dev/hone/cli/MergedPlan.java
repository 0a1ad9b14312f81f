package dev.hone.cli;

import dev.hone.twin.Plan.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Two plans as one tree: what both have stands once, with what each says of it.
 *
 * @param before null for a step that is new
 * @param after null for a step that is gone
 */
record MergedPlan(@Nullable Node before, @Nullable Node after, List<MergedPlan> children) {

    MergedPlan {
        children = List.copyOf(children);
        if (before == null && after == null) {
            throw new IllegalArgumentException("a step of neither plan");
        }
    }

    /** The step as it is in the plan that has it, the later one if both have. */
    Node node() {
        return Objects.requireNonNull(after == null ? before : after);
    }

    /** The tree of one plan. */
    static MergedPlan only(Node node) {
        return new MergedPlan(
                node, null, node.children().stream().map(MergedPlan::only).toList());
    }

    private static MergedPlan added(Node node) {
        return new MergedPlan(
                null, node, node.children().stream().map(MergedPlan::added).toList());
    }

    /** The trees of two plans: one, or two where they have nothing in common at the top. */
    static List<MergedPlan> of(Node before, Node after) {
        if (same(before, after)) {
            return List.of(new MergedPlan(before, after, children(before.children(), after.children())));
        }
        // A step put around, or taken from around, what is otherwise the same.
        if (below(before, after)) {
            return List.of(new MergedPlan(before, null, of(before.children().getFirst(), after)));
        }
        if (below(after, before)) {
            return List.of(
                    new MergedPlan(null, after, of(before, after.children().getFirst())));
        }
        return List.of(only(before), added(after));
    }

    private static List<MergedPlan> children(List<Node> before, List<Node> after) {
        List<Node> left = new ArrayList<>(after);
        List<MergedPlan> merged = new ArrayList<>();
        for (int i = 0; i < before.size(); i++) {
            Node one = before.get(i);
            Node partner =
                    left.stream().filter(other -> same(one, other)).findFirst().orElse(null);
            if (partner == null && before.size() == after.size()) {
                Node opposite = after.get(i);
                boolean taken = !left.contains(opposite) || before.stream().anyMatch(other -> same(other, opposite));
                partner = taken ? null : opposite;
            }
            if (partner == null) {
                merged.add(only(one));
            } else {
                left.remove(partner);
                merged.addAll(of(one, partner));
            }
        }
        left.forEach(node -> merged.add(added(node)));
        return merged;
    }

    /** Whether a step is found by going down where there is one way only. */
    private static boolean below(Node top, Node wanted) {
        Node node = top;
        while (node.children().size() == 1) {
            node = node.children().getFirst();
            if (same(node, wanted)) {
                return true;
            }
        }
        return false;
    }

    private static boolean same(Node one, Node other) {
        return PlanStep.label(one).equals(PlanStep.label(other));
    }
}
