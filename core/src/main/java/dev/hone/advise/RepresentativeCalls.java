package dev.hone.advise;

import dev.hone.advise.PlanReader.Reading;
import dev.hone.postgres.Snapshot;
import dev.hone.twin.Plan;
import dev.hone.twin.PlanException;
import dev.hone.twin.Twin;
import dev.hone.workload.Workload;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The calls of a query that stand for all of them: those that the advisor plans, so that what is measured is what was
 * estimated. Not safe for use by several threads at once.
 */
public final class RepresentativeCalls {

    /**
     * A statement that can be run.
     *
     * @param parameters values of $1, $2, … in text form; empty if it has none
     */
    public record Call(String sql, List<@Nullable String> parameters) {}

    private final Twin twin;
    private final Schema schema;

    public RepresentativeCalls(Twin twin, Snapshot snapshot) {
        this.twin = twin;
        schema = new Schema(snapshot);
    }

    /** The calls of a query; empty if it cannot be planned, or nothing is known of the values it is called with. */
    public List<Call> of(Workload.Query query) {
        try {
            return variations(query).calls().stream()
                    .filter(call -> !call.parameters().isEmpty()
                            || Variations.placeholders(call.sql()).isEmpty())
                    .map(call -> new Call(call.sql(), call.parameters()))
                    .toList();
        } catch (PlanException e) {
            return List.of();
        }
    }

    private Variations variations(Workload.Query query) {
        if (!query.samples().isEmpty()) {
            return Variations.of(query, List.of(), twin);
        }
        Plan plan = twin.explain(query.sql());
        Reading reading = PlanReader.read(plan, schema, PlanReader.constants(query.samples()));
        return Variations.of(query, reading.bounds(), twin);
    }
}
