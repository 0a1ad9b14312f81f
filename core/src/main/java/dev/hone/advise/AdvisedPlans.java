package dev.hone.advise;

import dev.hone.HoneException;
import dev.hone.change.CreateIndex;
import dev.hone.twin.HypotheticalIndex;
import dev.hone.twin.Plan;
import dev.hone.twin.PlanException;
import dev.hone.twin.Twin;
import dev.hone.workload.Workload;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The plans that queries have once advice is followed. */
final class AdvisedPlans {

    private AdvisedPlans() {}

    /** Does work on a twin that has the recommended indexes; afterwards it shows no hypothetical index. */
    static void with(Twin twin, List<Recommendation> recommended, Runnable work) {
        List<HypotheticalIndex> created = new ArrayList<>();
        try {
            for (Recommendation one : recommended) {
                if (one.change() instanceof CreateIndex index) {
                    try {
                        created.add(twin.create(index));
                    } catch (HoneException e) {
                        // The plans are then made without it.
                    }
                }
            }
            work.run();
        } finally {
            created.forEach(twin::drop);
            twin.show(List.of());
        }
    }

    /** The plan of a query, for its first sampled call if there is one; empty if it cannot be planned. */
    static Optional<Plan> of(Twin twin, Workload.Query query) {
        try {
            return Optional.of(
                    query.samples().isEmpty()
                            ? twin.explain(query.sql())
                            : twin.explain(query.sql(), query.samples().getFirst()));
        } catch (PlanException e) {
            return Optional.empty();
        }
    }
}
