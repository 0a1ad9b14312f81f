package dev.hone.cases.gallobets;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.cases.Case;
import dev.hone.cases.CaseTarget;
import dev.hone.cases.Loader;
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
    public List<CaseTarget> targets() {
        return List.of(
                CaseTarget.atMost("p50_ms", 200),
                CaseTarget.atMost("p95_ms", 500),
                CaseTarget.atMost("p99_ms", 1000),
                CaseTarget.atLeast("requests_per_second", 100),
                CaseTarget.atMost("sequential_scan_share", 0.10),
                CaseTarget.atLeast("index_use_share", 0.90),
                CaseTarget.atMost("storage_overhead_share", 0.20),
                CaseTarget.atLeast("p95_ratio", 5));
    }
}
