package dev.hone.twin;

import dev.hone.postgres.Sql;
import java.util.List;

/**
 * Something of the source that the twin does not have, so that plans that hang on it may differ.
 *
 * @param object what it is: "index public.orders_geom_idx"
 * @param reason why it is missing, in PostgreSQL's words or ours
 * @param relations the tables it concerns, qualified and quoted; empty if that is not known
 */
public record Omission(String object, String reason, List<String> relations) {

    public Omission {
        relations = List.copyOf(relations);
    }

    public Omission(String object, String reason) {
        this(object, reason, List.of());
    }

    /** Whether a plan reads or writes one of the tables it concerns. */
    public boolean touches(Plan plan) {
        return plan.nodes()
                .anyMatch(node -> node.schema() != null
                        && node.relation() != null
                        && relations.contains(Sql.identifier(node.schema(), node.relation())));
    }
}
