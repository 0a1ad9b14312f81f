package dev.hone.cli;

import dev.hone.twin.Plan.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A step of a plan in the words of EXPLAIN. */
final class PlanStep {

    /** What a step says besides its name, in the order in which it is worth reading. */
    private static final List<String> DETAILS = List.of(
            "Index Cond",
            "Recheck Cond",
            "Hash Cond",
            "Merge Cond",
            "Join Filter",
            "Order By",
            "TID Cond",
            "One-Time Filter",
            "Filter",
            "Sort Key",
            "Presorted Key",
            "Group Key",
            "Cache Key",
            "Function Call",
            "Workers Planned",
            "Subplans Removed");

    private PlanStep() {}

    /** Its name with what it reads: {@code Index Scan using orders_pkey on orders o}. */
    static String label(Node node) {
        StringBuilder label = new StringBuilder();
        if (node.attributes().get("Subplan Name") instanceof String subplan) {
            label.append(subplan).append(": ");
        }
        if (Boolean.TRUE.equals(node.attributes().get("Parallel Aware"))) {
            label.append("Parallel ");
        }
        label.append(name(node));
        if ("Backward".equals(node.attributes().get("Scan Direction"))) {
            label.append(" Backward");
        }
        if (node.index() != null) {
            label.append(node.type().equals("Bitmap Index Scan") ? " on " : " using ")
                    .append(node.index());
        }
        if (node.relation() != null) {
            label.append(" on ");
            if (node.schema() != null && !node.schema().equals("public")) {
                label.append(node.schema()).append('.');
            }
            label.append(node.relation());
            if (node.alias() != null && !node.alias().equals(node.relation())) {
                label.append(' ').append(node.alias());
            }
        } else if (node.attributes().get("CTE Name") instanceof String cte) {
            label.append(" on ").append(cte);
        } else if (node.alias() != null) {
            label.append(' ').append(node.alias());
        }
        return oneLine(label.toString());
    }

    private static String name(Node node) {
        Map<String, Object> attributes = node.attributes();
        String join = String.valueOf(attributes.getOrDefault("Join Type", "Inner"));
        return switch (node.type()) {
            case "Nested Loop" -> join.equals("Inner") ? "Nested Loop" : "Nested Loop " + join + " Join";
            case "Hash Join", "Merge Join" ->
                join.equals("Inner") ? node.type() : node.type().replace("Join", join + " Join");
            case "Aggregate" -> {
                String partial = String.valueOf(attributes.getOrDefault("Partial Mode", "Simple"));
                yield (partial.equals("Simple") ? "" : partial + " ")
                        + switch (String.valueOf(attributes.get("Strategy"))) {
                            case "Hashed" -> "HashAggregate";
                            case "Sorted" -> "GroupAggregate";
                            case "Mixed" -> "MixedAggregate";
                            default -> "Aggregate";
                        };
            }
            case "ModifyTable" -> String.valueOf(attributes.getOrDefault("Operation", "Modify"));
            default -> node.type();
        };
    }

    /** Conditions, keys and the like, as {@code name: value}. */
    static List<String> details(Node node) {
        List<String> details = new ArrayList<>();
        for (String name : DETAILS) {
            Object value = node.attributes().get(name);
            if (value == null || value.equals(0)) {
                continue;
            }
            String text = value instanceof List<?> list
                    ? list.stream().map(String::valueOf).collect(Collectors.joining(", "))
                    : value.toString();
            details.add(oneLine(name.toLowerCase(java.util.Locale.ROOT) + ": " + text));
        }
        return details;
    }

    private static String oneLine(String text) {
        return text.replace("\n", "\\n").replace("\t", "\\t");
    }
}
