package dev.hone.verify;

import dev.hone.Progress;
import dev.hone.advise.Advice;
import dev.hone.advise.AdviceOptions;
import dev.hone.advise.IndexAdvisor;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Snapshot;
import dev.hone.twin.Twin;
import dev.hone.workload.Workload;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is worth building beside the recommended indexes: what the advisor would have chosen with more room, and what it
 * chooses when all of that is taken away from it, once and again. Estimates err by more than the difference between the
 * first choice and the next.
 */
final class Shortlist {

    private static final int MOST = 40;
    private static final int ROUNDS = 3;

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
        Duration each = options.timeLimit().dividedBy(ROUNDS);
        AdviceOptions ample = options.withTimeLimit(each).withBudget(Long.MAX_VALUE / 4);
        add(found, IndexAdvisor.advise(twin, snapshot, workload, ample, progress));
        for (int round = 0; round < ROUNDS && found.size() < MOST; round++) {
            AdviceOptions without =
                    (round % 2 == 0 ? options.withTimeLimit(each) : ample).excluding(List.copyOf(found.values()));
            add(found, IndexAdvisor.advise(twin, snapshot, workload, without, progress));
        }
        List<CreateIndex> others = new ArrayList<>(found.values());
        return others.subList(
                recommended.size(), Math.clamp(found.size(), recommended.size(), Math.max(MOST, recommended.size())));
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
