package dev.hone.twin;

import dev.hone.Json;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the planner would do for a statement.
 *
 * @param totalCost in the planner's units, where reading a page in sequence costs {@code seq_page_cost}
 */
public record Plan(Node root, double totalCost) {

    /**
     * One step of a plan.
     *
     * @param type such as {@code Index Scan}
     * @param relation the table it reads, with its schema and alias; null for a step that reads none
     * @param index the index it uses; null for none
     * @param rows rows it is expected to return per loop
     * @param width their mean width in bytes
     * @param attributes what else EXPLAIN says of it, under EXPLAIN's names: {@code Filter}, {@code Index Cond}, …
     */
    public record Node(
            String type,
            @Nullable String schema,
            @Nullable String relation,
            @Nullable String alias,
            @Nullable String index,
            double startupCost,
            double totalCost,
            double rows,
            int width,
            Map<String, Object> attributes,
            List<Node> children) {

        public Node {
            attributes = Collections.unmodifiableMap(new LinkedHashMap<>(attributes));
            children = List.copyOf(children);
        }

        /** This node and all below it, parents before children. */
        public Stream<Node> nodes() {
            return Stream.concat(Stream.of(this), children.stream().flatMap(Node::nodes));
        }
    }

    /** All nodes, parents before children. */
    public Stream<Node> nodes() {
        return root.nodes();
    }

    /**
     * Reads what {@code EXPLAIN (FORMAT JSON)} gives.
     *
     * @throws IllegalArgumentException if it is something else
     */
    public static Plan parse(String json) {
        Object first = Json.read(json, List.class).getFirst();
        if (first instanceof Map<?, ?> explained && explained.get("Plan") instanceof Map<?, ?> plan) {
            Node root = node(plan);
            return new Plan(root, root.totalCost());
        }
        throw new IllegalArgumentException("not a plan: " + json);
    }

    private static Node node(Map<?, ?> plan) {
        Map<String, Object> rest = new LinkedHashMap<>();
        plan.forEach((key, value) -> rest.put(String.valueOf(key), value));
        List<Node> children = new ArrayList<>();
        if (rest.remove("Plans") instanceof List<?> plans) {
            for (Object child : plans) {
                if (child instanceof Map<?, ?> map) {
                    children.add(node(map));
                }
            }
        }
        return new Node(
                String.valueOf(rest.remove("Node Type")),
                text(rest.remove("Schema")),
                text(rest.remove("Relation Name")),
                text(rest.remove("Alias")),
                text(rest.remove("Index Name")),
                number(rest.remove("Startup Cost")),
                number(rest.remove("Total Cost")),
                number(rest.remove("Plan Rows")),
                (int) number(rest.remove("Plan Width")),
                rest,
                children);
    }

    private static @Nullable String text(@Nullable Object value) {
        return value == null ? null : value.toString();
    }

    private static double number(@Nullable Object value) {
        return value instanceof Number number ? number.doubleValue() : 0;
    }
}
