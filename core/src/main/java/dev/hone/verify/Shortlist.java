package dev.hone.verify;

import dev.hone.Progress;
import dev.hone.advise.Advice;
import dev.hone.advise.AdviceOptions;
import dev.hone.advise.IndexAdvisor;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Snapshot;
import dev.hone.twin.Twin;
import dev.hone.workload.Workload;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is worth building beside the recommended indexes: what the advisor would have chosen with more room, or for one query
 * alone, and what it chooses when all of that is taken away from it. Estimates err by more than the difference between the
 * first choice and the next.
 */
final class Shortlist {

    private static final int MOST = 40;

    private Shortlist() {}

    static List<CreateIndex> besides(
            List<CreateIndex> recommended,
            Twin twin,
            Snapshot snapshot,
            Workload workload,
            AdviceOptions options,
            Progress progress) {
        Map<String, CreateIndex> found = new LinkedHashMap<>();
        recommended.forEach(index -> found.put(AdviceOptions.identity(index), index));
        AdviceOptions ample = options.withBudget(Long.MAX_VALUE / 4);
        add(found, IndexAdvisor.advise(twin, snapshot, workload, ample, progress));
        // For itself alone a query wants more than what is shared with others.
        for (Workload.Query query : workload.queries()) {
            if (found.size() < MOST) {
                Workload alone = new Workload(workload.source(), List.of(query));
                add(found, IndexAdvisor.advise(twin, snapshot, alone, ample, Progress.NONE));
            }
        }
        if (found.size() < MOST) {
            AdviceOptions without = options.excluding(List.copyOf(found.values()));
            add(found, IndexAdvisor.advise(twin, snapshot, workload, without, progress));
        }
        List<CreateIndex> all = new ArrayList<>(found.values());
        return List.copyOf(all.subList(recommended.size(), Math.max(recommended.size(), Math.min(MOST, all.size()))));
    }

    private static void add(Map<String, CreateIndex> found, Advice advice) {
        indexes(advice).forEach(index -> found.putIfAbsent(AdviceOptions.identity(index), index));
    }

    /** The indexes that an advice wants. */
    static List<CreateIndex> indexes(Advice advice) {
        return advice.recommendations().stream()
                .filter(one -> one.change() instanceof CreateIndex)
                .map(one -> (CreateIndex) one.change())
                .toList();
    }
}
