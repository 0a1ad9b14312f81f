package dev.hone.measure;

import com.sun.management.OperatingSystemMXBean;
import dev.hone.HoneException;
import dev.hone.HoneException.Kind;
import dev.hone.Progress;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.Sql;
import dev.hone.workload.SampleValues;
import dev.hone.workload.Script;
import java.lang.management.ManagementFactory;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;

/**
 * Puts a script's load on a database, in a closed loop: every client has a connection and a thread of its own and asks
 * again as soon as it is answered.
 *
 * <p>A closed loop measures capacity, and latency at that capacity. It does not measure what users see who come whether or
 * not the others have been served: while the server stalls, a closed loop stops asking.
 */
public final class Load {

    private static final String APPLICATION = "hone bench";

    /** Beyond this share of all its processors, a client measures itself. */
    private static final double SATURATED = 0.9;

    private static final int COUNTER_ATTEMPTS = 5;

    private static final Duration SAMPLE_TIMEOUT = Duration.ofMinutes(2);

    private final ServerAddress address;
    private final Script script;
    private final LoadOptions options;
    private final Clock clock;
    private final Progress progress;

    private Load(ServerAddress address, Script script, LoadOptions options, Clock clock, Progress progress) {
        this.address = address;
        this.script = script;
        this.options = options;
        this.clock = clock;
        this.progress = progress;
    }

    /**
     * Runs the load and returns when it is over: warm-up, duration, and what the last requests still take.
     *
     * @throws HoneException of kind {@code UNREACHABLE} if the server cannot be reached or goes away, {@code REFUSED} if the
     *     script writes without being allowed to, {@code USAGE} if a sample fails or is empty, {@code FAILED} if no request
     *     was measured
     */
    public static LoadResult run(
            ServerAddress address, Script script, LoadOptions options, Clock clock, Progress progress) {
        return new Load(address, script, options, clock, progress).run();
    }

    private LoadResult run() {
        refuseOpenWrites();
        try (Server server = Server.connect(address)) {
            Mix mix = new Mix(script, SampleValues.read(server, script, SAMPLE_TIMEOUT));
            Counters before = counters(server);
            Measured measured = drive(mix);
            awaitCounters(server);
            return result(mix, measured, counters(server).since(before), settings(server));
        }
    }

    /** Reading sizes waits for nobody's lock longer than half a second, so it may take another attempt. */
    private Counters counters(Server server) {
        for (int attempt = 1; ; attempt++) {
            try {
                return Counters.read(server);
            } catch (JdbiException e) {
                if (attempt == COUNTER_ATTEMPTS) {
                    throw HoneException.failed(
                            "Cannot read the counters and sizes of " + address + ": " + e.getMessage(),
                            "The measurement is void. Another session may hold a lock on a table; try again later.",
                            e);
                }
                pause(1000);
            }
        }
    }

    /** The read-only default only holds as long as the script does not lift it. */
    private void refuseOpenWrites() {
        if (options.allowWrites()) {
            return;
        }
        for (Script.Request request : script.requests()) {
            for (Script.Statement statement : request.statements()) {
                String text = statement.sql().toLowerCase(Locale.ROOT).replaceAll("\\s+", " ");
                if (text.contains("transaction_read_only") || (text.contains("read write") && !statement.isPlanned())) {
                    throw writes(request.name(), "it asks for a transaction that may write");
                }
            }
        }
    }

    private Measured drive(Mix mix) {
        SplittableRandom seeds = new SplittableRandom(options.seed());
        List<SplittableRandom> randoms = IntStream.range(0, options.connections())
                .mapToObj(i -> seeds.split())
                .toList();
        List<Connection> connections = new ArrayList<>();
        try {
            connect(connections);
            List<Client> clients = new ArrayList<>();
            for (int i = 0; i < connections.size(); i++) {
                clients.add(new Client(connections.get(i), randoms.get(i)));
            }
            return drive(mix, clients);
        } finally {
            for (Connection connection : connections) {
                try {
                    connection.close();
                } catch (SQLException e) {
                    // It is gone already; whatever went wrong before has been said.
                }
            }
        }
    }

    private void connect(List<Connection> connections) {
        try (Progress.Task task = progress.begin("Opening connections", options.connections())) {
            for (int i = 0; i < options.connections(); i++) {
                connections.add(Server.open(loadAddress(), APPLICATION));
                task.at(i + 1, "");
            }
        }
        if (!options.allowWrites()) {
            // A pooler may drop start-up options; never trust that they arrived.
            try (var statement = connections.getFirst().createStatement();
                    var shown = statement.executeQuery(Sql.tag("read_only", "SHOW default_transaction_read_only"))) {
                shown.next();
                if (!"on".equals(shown.getString(1))) {
                    throw HoneException.refused(
                            "Cannot make the connections to " + address + " read-only: a pooler on the way ignores"
                                    + " connection options",
                            "Nothing was run. Connect to the server itself, or allow writes with --allow-writes.");
                }
            } catch (SQLException e) {
                throw lost(e.getMessage(), e);
            }
        }
    }

    /** The address with what the load's connections need. */
    private ServerAddress loadAddress() {
        Map<String, String> properties = new HashMap<>(address.properties());
        String settings = "-c statement_timeout=" + options.statementTimeout().toMillis()
                + (options.allowWrites() ? "" : " -c default_transaction_read_only=on");
        properties.merge("options", settings, (given, ours) -> given + " " + ours);
        // The server infers types, as it does for psql; statements are prepared by the first execution.
        properties.put("stringtype", "unspecified");
        properties.put("prepareThreshold", "1");
        // A server that hangs must not hang the run: the socket gives up a little after the statement should have.
        properties.put("socketTimeout", Long.toString(options.statementTimeout().toSeconds() + 10));
        return new ServerAddress(
                address.host(), address.port(), address.database(), address.user(), address.password(), properties);
    }

    private record Measured(
            Instant startedAt, Slices slices, List<Map<String, LoadResult.Failure>> errors, double cpuSeconds) {}

    private Measured drive(Mix mix, List<Client> clients) {
        int sliceCount = Slices.count(options.duration());
        Slices slices = new Slices(sliceCount, mix.requests().size());
        AtomicReference<Client.@Nullable Stop> stop = new AtomicReference<>();
        AtomicBoolean interrupted = new AtomicBoolean();
        CountDownLatch ended = new CountDownLatch(clients.size());
        long from = System.nanoTime() + options.warmUp().toNanos();
        long until = from + options.duration().toNanos();
        long between =
                options.perSecond() == 0 ? 0 : Math.max(1, Math.round(1e9 * clients.size() / options.perSecond()));
        Client.Plan plan = new Client.Plan(
                mix, slices, from, until, sliceCount, between, () -> interrupted.get() || stop.get() != null);
        for (Client client : clients) {
            Thread.ofPlatform().name("hone-load").daemon().start(() -> {
                try {
                    client.run(plan);
                } catch (Client.Stop e) {
                    stop.compareAndSet(null, e);
                } finally {
                    ended.countDown();
                }
            });
        }
        try {
            follow(clients, ended, options.warmUp(), "Warming up", from);
            Instant startedAt = clock.instant();
            long cpuBefore = cpuNanos();
            follow(clients, ended, options.duration(), "Measuring", until);
            double cpuSeconds = (cpuNanos() - cpuBefore) / 1e9;
            ended.await();
            Client.Stop stopped = stop.get();
            if (stopped != null) {
                throw explain(stopped);
            }
            return new Measured(startedAt, slices, sum(clients, mix.requests().size()), cpuSeconds);
        } catch (InterruptedException e) {
            interrupted.set(true);
            Thread.currentThread().interrupt();
            throw HoneException.failed("The load was interrupted", "Its connections are closed.", e);
        }
    }

    private void follow(List<Client> clients, CountDownLatch ended, Duration length, String label, long deadline)
            throws InterruptedException {
        if (length.isZero()) {
            return;
        }
        long start = deadline - length.toNanos();
        long tick = TimeUnit.MILLISECONDS.toNanos(500);
        long answeredBefore = answered(clients);
        long before = System.nanoTime();
        try (Progress.Task task = progress.begin(label, length.toMillis())) {
            while (true) {
                long left = deadline - System.nanoTime();
                if (left <= 0 || ended.await(Math.min(left, tick), TimeUnit.NANOSECONDS)) {
                    return;
                }
                long now = System.nanoTime();
                long answered = answered(clients);
                long perSecond = Math.round((answered - answeredBefore) * 1e9 / (now - before));
                task.at(
                        Math.clamp(TimeUnit.NANOSECONDS.toMillis(now - start), 0, length.toMillis()),
                        perSecond + " requests/s");
                answeredBefore = answered;
                before = now;
            }
        }
    }

    private static long answered(List<Client> clients) {
        return clients.stream().mapToLong(Client::answered).sum();
    }

    private static List<Map<String, LoadResult.Failure>> sum(List<Client> clients, int requests) {
        List<Map<String, LoadResult.Failure>> sum = new ArrayList<>();
        for (int i = 0; i < requests; i++) {
            Map<String, LoadResult.Failure> ofRequest = new TreeMap<>();
            for (Client client : clients) {
                client.errors().get(i).forEach((state, failure) -> merge(ofRequest, state, failure));
            }
            sum.add(ofRequest);
        }
        return sum;
    }

    private static void merge(Map<String, LoadResult.Failure> into, String state, LoadResult.Failure failure) {
        into.merge(state, failure, (a, b) -> new LoadResult.Failure(a.count() + b.count(), a.example()));
    }

    /** Backends hand in what they counted when they end, so they must have ended; before 15, a collector is slow besides. */
    private static void awaitCounters(Server server) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        while (System.nanoTime() < deadline) {
            int alive = server.handle()
                    .createQuery(Sql.tag(
                            "load_alive",
                            "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE application_name = :name"
                                    + " AND datname = current_database()"))
                    .bind("name", APPLICATION)
                    .mapTo(Integer.class)
                    .one();
            if (alive == 0) {
                break;
            }
            pause(50);
        }
        if (!server.version().isAtLeast(15)) {
            pause(1000);
        }
    }

    private static SortedMap<String, String> settings(Server server) {
        return server.read(Duration.ofSeconds(10), handle -> {
            SortedMap<String, String> settings = new TreeMap<>();
            handle.createQuery(Sql.load(Load.class, "settings", server.version()))
                    .map((row, context) -> Map.entry(row.getString("name"), row.getString("value")))
                    .forEach(entry -> settings.put(entry.getKey(), entry.getValue()));
            return settings;
        });
    }

    private LoadResult result(Mix mix, Measured measured, Counters database, SortedMap<String, String> settings) {
        double seconds = options.duration().toNanos() / 1e9;
        List<LoadResult.Request> requests = new ArrayList<>();
        Histogram all = Slices.empty();
        SortedMap<String, LoadResult.Failure> allErrors = new TreeMap<>();
        for (int i = 0; i < mix.requests().size(); i++) {
            List<Histogram> slices = measured.slices.of(i);
            Histogram sum = Slices.empty();
            slices.forEach(sum::add);
            all.add(sum);
            SortedMap<String, LoadResult.Failure> errors = new TreeMap<>(measured.errors.get(i));
            errors.forEach((state, failure) -> merge(allErrors, state, failure));
            requests.add(new LoadResult.Request(
                    mix.requests().get(i).name(),
                    sum.getTotalCount(),
                    errors,
                    sum.getTotalCount() / seconds,
                    LoadResult.Latency.of(sum),
                    slices.stream().map(Slices::encode).toList()));
        }
        LoadResult.Request total = new LoadResult.Request(
                "total",
                all.getTotalCount(),
                allErrors,
                all.getTotalCount() / seconds,
                LoadResult.Latency.of(all),
                List.of());
        if (total.count() + total.errorCount() == 0) {
            throw HoneException.failed(
                    "No request began in the " + options.duration().toSeconds() + " s that were measured",
                    "The requests of the warm-up were still running. Measure for longer.",
                    null);
        }
        int cores = Runtime.getRuntime().availableProcessors();
        return new LoadResult(
                LoadResult.FORMAT,
                script.name(),
                measured.startedAt,
                options.connections(),
                options.seed(),
                options.allowWrites(),
                options.warmUp().toNanos() / 1e9,
                seconds,
                seconds / Slices.count(options.duration()),
                requests,
                total,
                database,
                settings.getOrDefault("server_version", ""),
                settings,
                new LoadResult.Client(measured.cpuSeconds, cores),
                warnings(measured.cpuSeconds / (seconds * cores), total));
    }

    private static List<String> warnings(double clientLoad, LoadResult.Request total) {
        List<String> warnings = new ArrayList<>();
        if (clientLoad >= SATURATED) {
            warnings.add(String.format(
                    Locale.ROOT,
                    "The load generator itself used %.0f %% of this machine's processors: it was measured rather than the"
                            + " server. Run it from a bigger machine, or with fewer connections.",
                    100 * clientLoad));
        }
        if (total.count() == 0) {
            warnings.add("Every request failed: there is no latency to speak of.");
        }
        return Collections.unmodifiableList(warnings);
    }

    private static long cpuNanos() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
    }

    private HoneException explain(Client.Stop stop) {
        return switch (stop.reason()) {
            case WRITES -> writes(stop.request(), String.valueOf(stop.getMessage()));
            case LOST -> lost(stop.getMessage(), stop);
        };
    }

    private static HoneException writes(String request, String why) {
        return HoneException.refused(
                "Request '" + request + "' writes: " + why,
                "Nothing was changed: without leave to write, every transaction is read-only. If the database may be"
                        + " written to, add --allow-writes.");
    }

    private HoneException lost(@Nullable String why, Throwable cause) {
        return new HoneException(
                Kind.UNREACHABLE,
                "The load lost a connection to " + address + ": " + why,
                "The run is void. Statements that were under way may have taken effect. See the server's log, and"
                        + " measure again when it is up.",
                cause);
    }

    private static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
