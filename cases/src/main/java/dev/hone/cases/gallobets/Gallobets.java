package dev.hone.cases.gallobets;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.cases.Case;
import dev.hone.cases.Loader;
import dev.hone.measure.Metric;
import dev.hone.measure.Target;
import dev.hone.postgres.ServerAddress;
import dev.hone.workload.Script;
import dev.hone.workload.ScriptParser;
import java.util.List;
import java.util.Map;

/** A live betting site whose every endpoint takes seconds when fifty people watch at once. */
public final class Gallobets implements Case {

    @Override
    public String name() {
        return "gallobets";
    }

    @Override
    public String story() {
        return "A live betting site: on a busy evening, with fifty connections, every page takes seconds.";
    }

    @Override
    public Map<String, String> serverSettings() {
        return Map.of(
                "shared_buffers", "1GB",
                "effective_cache_size", "2GB",
                "work_mem", "8MB",
                "maintenance_work_mem", "128MB",
                "max_connections", "120",
                "max_wal_size", "2GB",
                "random_page_cost", "1.1",
                "shared_preload_libraries", "pg_stat_statements");
    }

    @Override
    public void create(ServerAddress address, double scale, Progress progress) {
        if (!(scale > 0) || Double.isInfinite(scale)) {
            throw HoneException.usage(
                    "The scale " + scale + " is not a positive number", "Nothing was changed. Try 1, or 0.1 for less.");
        }
        Season season = new Season(scale);
        new Loader(address, Gallobets.class, progress)
                .load(List.of(
                        new Bets(season),
                        new Transactions(season),
                        new EventConnections(season),
                        new Fights(season),
                        new Users(season),
                        new Events(season),
                        new Wallets(season),
                        new Venues(season)));
    }

    @Override
    public Script script() {
        return ScriptParser.parse("gallobets/workload.sql", Loader.resource(Gallobets.class, "workload.sql"));
    }

    @Override
    public List<Target> targets() {
        return List.of(
                Target.below(Metric.P50, 200),
                Target.below(Metric.P95, 500),
                Target.below(Metric.P99, 1000),
                Target.above(Metric.REQUESTS_PER_SECOND, 100),
                Target.below(Metric.SEQUENTIAL_SCAN_SHARE, 0.10),
                Target.above(Metric.INDEX_USE_SHARE, 0.90),
                Target.below(Metric.STORAGE_OVERHEAD, 0.20),
                Target.below(Metric.P95_RATIO, 0.20));
    }
}
