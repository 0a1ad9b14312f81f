package dev.hone.advise;

import dev.hone.postgres.Sql;
import dev.hone.twin.Plan;
import dev.hone.workload.Workload;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The look-ups that PostgreSQL does by itself: when rows are deleted, or their keys change, it looks for the rows that
 * refer to them. No plan shows it, so that a missing index costs what nobody sees.
 */
final class ForeignKeyChecks {

    /** How these statements look where pg_stat_statements tracks nested ones, so that they are not counted twice. */
    private static final String OWN_STATEMENT = "OPERATOR(pg_catalog.=)";

    private ForeignKeyChecks() {}

    /**
     * The look-ups of one query, as queries of their own.
     *
     * @param workload the query is from
     */
    static List<Workload.Query> of(Workload.Query query, Plan plan, Schema schema, Workload workload) {
        Map<String, Workload.Query> found = new LinkedHashMap<>();
        plan.nodes().filter(node -> node.type().equals("ModifyTable")).forEach(node -> {
            Schema.Table table = node.schema() == null || node.relation() == null
                    ? null
                    : schema.table(new Schema.Name(node.schema(), node.relation()));
            if (table == null) {
                return;
            }
            double rows = rows(query, node);
            for (Schema.Reference reference : schema.references(schema.root(table))) {
                if (rows > 0 && isTouched(node, query, reference) && !isKnown(reference, workload)) {
                    Workload.Query check = check(query, reference, rows);
                    found.putIfAbsent(check.id(), check);
                }
            }
        });
        return new ArrayList<>(found.values());
    }

    private static double rows(Workload.Query query, Plan.Node node) {
        return query.rows() != null
                ? query.rows()
                : query.calls()
                        * node.children().stream().mapToDouble(Plan.Node::rows).sum();
    }

    private static boolean isTouched(Plan.Node node, Workload.Query query, Schema.Reference reference) {
        Object operation = node.attributes().get("Operation");
        if ("Delete".equals(operation)) {
            return true;
        }
        Set<String> sets = UpdatedColumns.of(query.sql()).orElse(Set.of());
        return "Update".equals(operation) && reference.referenced().stream().anyMatch(sets::contains);
    }

    private static boolean isKnown(Schema.Reference reference, Workload workload) {
        String table = reference.table().relation().qualifiedName();
        return workload.queries().stream()
                .anyMatch(query -> query.sql().contains(OWN_STATEMENT) && query.sql().contains(table));
    }

    private static Workload.Query check(Workload.Query query, Schema.Reference reference, double rows) {
        String where = IntStream.range(0, reference.columns().size())
                .mapToObj(i -> "x." + Sql.identifier(reference.columns().get(i)) + " = $" + (i + 1))
                .collect(Collectors.joining(" AND "));
        return new Workload.Query(
                query.id() + " (foreign key " + reference.constraint() + ")",
                "SELECT 1 FROM " + (reference.table().relation().kind().equals("p") ? "" : "ONLY ")
                        + reference.table().relation().qualifiedName() + " x WHERE " + where + " FOR KEY SHARE OF x",
                rows,
                null,
                null,
                List.of());
    }
}
