package dev.hone.guard;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.guard.Window.Sample;
import dev.hone.measure.Load;
import dev.hone.measure.LoadOptions;
import dev.hone.measure.LoadResult;
import dev.hone.postgres.ServerAddress;
import dev.hone.workload.Script;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** A script of the guard's own. */
record ProbeEvidence(ServerAddress address, Script script, double perSecond, int connections, boolean allowWrites)
        implements Evidence {

    /** A load is no shorter. */
    private static final Duration SHORTEST = Duration.ofSeconds(1);

    @Override
    public String name() {
        return "probe " + script.name();
    }

    @Override
    public Watcher open(Touches touches) {
        Map<String, Series.Query> queries = new HashMap<>();
        for (Script.Request request : script.requests()) {
            queries.put(
                    request.name(),
                    new Series.Query(
                            request.name(),
                            touches.role(request.statements().stream()
                                    .map(Script.Statement::sql)
                                    .toList())));
        }
        return new Watching(this, queries);
    }

    private static final class Watching implements Watcher {
        private final ProbeEvidence probe;
        private final Map<String, Series.Query> queries;
        private @Nullable CompletableFuture<LoadResult> running;
        private long seed;

        Watching(ProbeEvidence probe, Map<String, Series.Query> queries) {
            this.probe = probe;
            this.queries = queries;
        }

        @Override
        public void begin(Duration length) {
            LoadOptions load = LoadOptions.DEFAULT
                    .withConnections(probe.connections())
                    .withDuration(Duration.ZERO, length.compareTo(SHORTEST) < 0 ? SHORTEST : length)
                    .withSeed(++seed)
                    .withRate(probe.perSecond());
            LoadOptions allowed = probe.allowWrites() ? load.withWritesAllowed() : load;
            running = CompletableFuture.supplyAsync(
                    () -> Load.run(probe.address(), probe.script(), allowed, Clock.systemUTC(), Progress.NONE),
                    Thread::startVirtualThread);
        }

        @Override
        public Window end() {
            try {
                LoadResult result = Objects.requireNonNull(running).get();
                List<Sample> samples = new ArrayList<>();
                for (LoadResult.Request request : result.requests()) {
                    long all = request.count() + request.errorCount();
                    if (all > 0) {
                        boolean any = request.count() > 0;
                        samples.add(new Sample(
                                request.name(),
                                all,
                                request.errorCount(),
                                any ? request.latency().mean() : null,
                                any ? request.latency().p95() : null));
                    }
                }
                return new Window(result.startedAt(), Instant.now(), samples, null);
            } catch (ExecutionException e) {
                if (e.getCause() instanceof HoneException explained) {
                    throw explained;
                }
                throw new IllegalStateException(e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw HoneException.failed("The probe was interrupted", "Run the same command again.", e);
            }
        }

        @Override
        public Map<String, Series.Query> queries() {
            return queries;
        }
    }
}
