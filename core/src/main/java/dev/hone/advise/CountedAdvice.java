package dev.hone.advise;

import dev.hone.Progress;
import dev.hone.postgres.Server;
import dev.hone.postgres.Snapshot;
import dev.hone.twin.Assumption;
import dev.hone.twin.Twin;
import dev.hone.workload.Workload;
import java.util.ArrayList;
import java.util.List;

/** Advice on indexes for right statistics, and before it on the statistics. */
public final class CountedAdvice {

    private CountedAdvice() {}

    /**
     * Counts, and advises for what it found.
     *
     * @param twins built from the Snapshot; afterwards they know what they knew
     * @param server the source; see {@link StatisticsAdvisor#count} for what is asked of it, and for {@code thorough}
     */
    public static Advice advise(
            List<Twin> twins,
            Snapshot snapshot,
            Workload workload,
            AdviceOptions options,
            Server server,
            boolean thorough,
            Progress progress) {
        Twin twin = twins.getFirst();
        StatisticsAdvisor statistics = StatisticsAdvisor.count(twin, snapshot, workload, server, thorough, progress);
        if (statistics.foundNothing()) {
            return IndexAdvisor.advise(twins, snapshot, workload, options, progress);
        }
        List<Assumption> told = new ArrayList<>();
        Advice advice;
        try {
            twins.forEach(one -> told.addAll(statistics.tell(one)));
            advice = IndexAdvisor.advise(twins, statistics.corrected(), workload, options, progress);
        } finally {
            told.forEach(Assumption::close);
        }
        List<Recommendation> all =
                new ArrayList<>(statistics.recommendations(twin, workload, advice.recommendations()));
        all.addAll(advice.recommendations());
        return advice.withRecommendations(all);
    }
}
