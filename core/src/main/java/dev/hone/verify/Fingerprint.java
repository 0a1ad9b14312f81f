package dev.hone.verify;

import dev.hone.twin.Plan;
import java.util.List;
import java.util.Objects;

/** What a planner chose to do, without what it expects of it: two plans of one call with equal texts do the same work. */
final class Fingerprint {

    private static final List<String> DECISIONS = List.of(
            "Strategy",
            "Partial Mode",
            "Join Type",
            "Inner Unique",
            "Parallel Aware",
            "Workers Planned",
            "Scan Direction",
            "Index Cond",
            "Hash Cond",
            "Merge Cond",
            "Sort Key",
            "Presorted Key",
            "Group Key",
            "Cache Key",
            "Operation",
            "Subplan Name",
            "Disabled");

    private Fingerprint() {}

    static String of(Plan plan) {
        StringBuilder text = new StringBuilder();
        add(plan.root(), 0, text);
        return text.toString();
    }

    private static void add(Plan.Node node, int depth, StringBuilder text) {
        text.append(" ".repeat(depth)).append(node.type());
        for (String part : new String[] {node.schema(), node.relation(), node.alias(), node.index()}) {
            if (part != null) {
                text.append(' ').append(part);
            }
        }
        for (String decision : DECISIONS) {
            Object value = node.attributes().get(decision);
            if (value != null && !Objects.equals(value, false)) {
                text.append(' ').append(decision).append('=').append(value);
            }
        }
        text.append('\n');
        node.children().forEach(child -> add(child, depth + 1, text));
    }
}
