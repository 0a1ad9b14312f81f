package dev.hone.twin;

import dev.hone.workload.Workload;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Which queries of a workload are touched by what a twin does without. */
public final class Reach {

    private Reach() {}

    /**
     * For each omission the ids of the queries that it touches, in the order of the workload: those whose plan reads a
     * table that it concerns, or whose text has the table's name, since what cannot be planned has no plan to look at
     * and a plan names partitions. Omissions that concern no known table touch none here.
     */
    public static Map<Omission, List<String>> of(Twin twin, Workload workload) {
        Map<Omission, List<String>> reach = new LinkedHashMap<>();
        twin.omissions().forEach(omission -> reach.put(omission, new ArrayList<>()));
        if (twin.omissions().stream().allMatch(omission -> omission.relations().isEmpty())) {
            return reach;
        }
        for (Workload.Query query : workload.queries()) {
            Optional<Plan> plan = plan(twin, query);
            reach.forEach((omission, queries) -> {
                if (plan.filter(omission::touches).isPresent() || names(query.sql(), omission)) {
                    queries.add(query.id());
                }
            });
        }
        return reach;
    }

    private static Optional<Plan> plan(Twin twin, Workload.Query query) {
        try {
            return Optional.of(twin.explain(query.sql()));
        } catch (PlanException e) {
            return Optional.empty();
        }
    }

    private static boolean names(String sql, Omission omission) {
        return omission.relations().stream()
                .map(relation -> relation.substring(relation.lastIndexOf(".\"") + 2, relation.length() - 1))
                .anyMatch(table -> Pattern.compile(
                                "(?<![\\w$])" + Pattern.quote(table) + "(?![\\w$])", Pattern.CASE_INSENSITIVE)
                        .matcher(sql)
                        .find());
    }
}
