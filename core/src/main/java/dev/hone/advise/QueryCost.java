package dev.hone.advise;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What one query costs before and after all recommendations.
 *
 * @param before planner cost of a call without any
 * @param after planner cost of a call with all, the upkeep of all their indexes included
 * @param calls how often it runs
 * @param measured what was measured of it; empty if nothing was
 */
record QueryCost(String query, String sql, double before, double after, double calls, List<Measured> measured) {

    QueryCost {
        measured = List.copyOf(measured);
    }

    /** Those that some recommendation changes, dearest before first. */
    static List<QueryCost> all(List<Recommendation> recommendations) {
        Map<String, Recommendation.Effect> effects = new LinkedHashMap<>();
        Map<String, Double> reads = new HashMap<>();
        Map<String, Double> writes = new HashMap<>();
        Map<String, List<Measured>> measured = new HashMap<>();
        for (Recommendation one : recommendations) {
            Map<String, Double> own = new HashMap<>();
            one.upkeep().forEach(upkeep -> own.merge(upkeep.query(), upkeep.costPerCall(), Double::sum));
            for (Recommendation.Effect effect : one.effects()) {
                double upkeep = own.getOrDefault(effect.query(), 0.0);
                effects.putIfAbsent(effect.query(), effect);
                // Each says what the query costs with everything, but only its own upkeep.
                reads.merge(effect.query(), Math.max(0, effect.costAfter() - upkeep), Math::min);
                writes.merge(effect.query(), upkeep, Double::sum);
            }
            one.measured()
                    .forEach(result -> measured.computeIfAbsent(result.query(), any -> new ArrayList<>())
                            .add(result));
        }
        List<QueryCost> all = new ArrayList<>();
        effects.forEach((query, effect) -> all.add(new QueryCost(
                query,
                effect.sql(),
                effect.costBefore(),
                reads.getOrDefault(query, 0.0) + writes.getOrDefault(query, 0.0),
                effect.calls(),
                measured.getOrDefault(query, List.of()))));
        all.sort(Comparator.comparingDouble((QueryCost one) -> -one.before() * one.calls())
                .thenComparing(QueryCost::query));
        return all;
    }
}
