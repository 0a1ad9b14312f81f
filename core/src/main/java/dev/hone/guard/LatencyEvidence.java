package dev.hone.guard;

import dev.hone.HoneException;
import dev.hone.Json;
import dev.hone.guard.Window.Pool;
import dev.hone.guard.Window.Sample;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/** The application's own figures. */
record LatencyEvidence(URI address, Map<String, String> queries) implements Evidence {

    private static final String APPLICATION = "application";
    private static final int MOST_BYTES = 10 << 20;
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Set<String> KNOWN =
            Set.of("p95", "requests", "errors", "pool_active", "pool_size", "pool_waiting");

    LatencyEvidence {
        queries = Map.copyOf(queries);
        String scheme = String.valueOf(address.getScheme());
        if (address.getHost() == null || !(scheme.equals("http") || scheme.equals("https"))) {
            throw HoneException.usage(
                    "The latency source is no address: " + shown(address),
                    "Nothing was changed. Give http://HOST:PORT/… or https://….");
        }
        if (address.getUserInfo() != null) {
            throw HoneException.usage(
                    "The address of the latency source " + shown(address) + " holds a user or a password",
                    "Nothing was changed. Other users of this machine can read a command line: let a proxy on this machine"
                            + " add it.");
        }
        for (String name : queries.keySet()) {
            if (!KNOWN.contains(name)) {
                throw HoneException.usage(
                        "A latency query tells p95, requests, errors, pool_active, pool_size or pool_waiting, not "
                                + name,
                        "Nothing was changed. Write --latency-query 'p95=histogram_quantile(0.95, …)'.");
            }
        }
        if (!queries.isEmpty() && !(queries.containsKey("p95") && queries.containsKey("requests"))) {
            throw HoneException.usage(
                    "The latency queries must tell p95 (in seconds) and requests (a second): a percentile of few requests"
                            + " says nothing",
                    "Nothing was changed. Add --latency-query 'requests=sum(rate(…_count[1m]))'.");
        }
    }

    private static String shown(URI address) {
        return address.getScheme() + "://" + address.getHost()
                + (address.getPort() < 0 ? "" : ":" + address.getPort())
                + (address.getPath() == null ? "" : address.getPath());
    }

    @Override
    public String name() {
        return (queries.isEmpty() ? "" : "Prometheus ") + shown(address);
    }

    @Override
    public Watcher open(Touches touches) {
        HttpClient client = HttpClient.newBuilder().connectTimeout(PATIENCE).build();
        return queries.isEmpty() ? new Document(this, client) : new Prometheus(this, client);
    }

    private Map<String, Object> get(HttpClient client, URI uri) {
        HttpRequest request = HttpRequest.newBuilder(uri)
                .timeout(PATIENCE)
                .header("Accept", "application/json")
                .GET()
                .build();
        try {
            HttpResponse<InputStream> response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
            try (InputStream body = response.body()) {
                byte[] bytes = body.readNBytes(MOST_BYTES);
                if (response.statusCode() != 200) {
                    throw failed("it answers " + response.statusCode(), null);
                }
                return Json.object(new String(bytes, StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            throw failed(String.valueOf(e), e);
        } catch (JacksonException e) {
            throw failed("its answer is no JSON object", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failed("interrupted", e);
        }
    }

    private HoneException failed(String why, @Nullable Throwable cause) {
        return HoneException.failed(
                "The latency source " + shown(address) + " cannot be used: " + why,
                "See that it can be reached from here, and gives what docs/guard.md says.",
                cause);
    }

    private static double number(@Nullable Object value) {
        if (value instanceof Number number) {
            return number.doubleValue();
        }
        try {
            return value instanceof String text ? Double.parseDouble(text.replace("+Inf", "Infinity")) : Double.NaN;
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }

    private static @Nullable Double positive(double value) {
        return Double.isFinite(value) && value > 0 ? value : null;
    }

    private static @Nullable Pool pool(double active, double size, double waiting) {
        return Double.isFinite(active) && Double.isFinite(size)
                ? new Pool(Math.round(active), Math.round(size), Double.isFinite(waiting) ? Math.round(waiting) : null)
                : null;
    }

    /** One document, whose requests and errors are counted from the application's start. */
    private static final class Document implements Watcher {
        private final LatencyEvidence source;
        private final HttpClient client;
        private Map<String, Object> begun = Map.of();
        private Instant from = Instant.EPOCH;
        private final List<Double> p95 = new ArrayList<>();
        private @Nullable Pool worst;

        Document(LatencyEvidence source, HttpClient client) {
            this.source = source;
            this.client = client;
        }

        private Map<String, Object> poll() {
            Map<String, Object> read = source.get(client, source.address());
            if (!Double.isFinite(number(read.get("requests"))) || !Double.isFinite(number(read.get("p95_ms")))) {
                throw source.failed("its answer lacks requests or p95_ms", null);
            }
            Pool pool = pool(
                    number(read.get("pool_active")), number(read.get("pool_size")), number(read.get("pool_waiting")));
            if (pool != null && (worst == null || pool.exhausted() || !worst.exhausted())) {
                worst = pool;
            }
            return read;
        }

        @Override
        public void begin(Duration length) {
            p95.clear();
            worst = null;
            from = Instant.now();
            begun = poll();
        }

        @Override
        public void tick() {
            p95.add(number(poll().get("p95_ms")));
        }

        @Override
        public Window end() {
            Map<String, Object> now = poll();
            p95.add(number(now.get("p95_ms")));
            double mean =
                    p95.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
            long requests = since("requests", now);
            long errors = Math.min(requests, since("errors", now));
            return new Window(
                    from,
                    Instant.now(),
                    List.of(new Sample(APPLICATION, requests, errors, null, positive(mean))),
                    worst);
        }

        /** What a counter rose by; one that fell was begun anew. */
        private long since(String name, Map<String, Object> now) {
            double later = number(now.get(name));
            double earlier = number(begun.get(name));
            if (!Double.isFinite(later)) {
                return 0;
            }
            return Math.max(0, Math.round(Double.isFinite(earlier) && earlier <= later ? later - earlier : later));
        }

        @Override
        public Map<String, Series.Query> queries() {
            return Map.of(APPLICATION, new Series.Query(source.name(), Role.TOUCHED));
        }
    }

    /** Ranges of queries, a series a set of labels. */
    private static final class Prometheus implements Watcher {
        private final LatencyEvidence source;
        private final HttpClient client;
        private final Map<String, Series.Query> queries = new HashMap<>();
        private Instant from = Instant.EPOCH;

        Prometheus(LatencyEvidence source, HttpClient client) {
            this.source = source;
            this.client = client;
        }

        @Override
        public void begin(Duration length) {
            from = Instant.now();
        }

        @Override
        public Window end() {
            Instant to = Instant.now();
            double seconds = Duration.between(from, to).toMillis() / 1000.0;
            Map<String, Double> p95 = range("p95", to);
            Map<String, Double> requests = range("requests", to);
            Map<String, Double> errors = range("errors", to);
            List<Sample> samples = new ArrayList<>();
            p95.forEach((labels, value) -> {
                queries.put(
                        labels, new Series.Query(labels.equals(APPLICATION) ? source.name() : labels, Role.TOUCHED));
                long count = Math.round(matching(requests, labels) * seconds);
                long failed = Math.min(count, Math.round(matching(errors, labels) * seconds));
                samples.add(new Sample(labels, count, failed, null, positive(value * 1000)));
            });
            Pool pool = pool(
                    first(range("pool_active", to)), first(range("pool_size", to)), first(range("pool_waiting", to)));
            return new Window(from, to, samples, pool);
        }

        private static double first(Map<String, Double> values) {
            return values.values().stream().findFirst().orElse(Double.NaN);
        }

        /** The series of the same labels, or the only one. */
        private static double matching(Map<String, Double> values, String labels) {
            Double own = values.get(labels);
            return own != null ? own : values.size() == 1 ? first(values) : 0;
        }

        /** The mean of each series over the window; none if there is no such query. */
        private Map<String, Double> range(String name, Instant to) {
            String query = source.queries().get(name);
            Map<String, Double> means = new TreeMap<>();
            if (query == null) {
                return means;
            }
            double step = Math.max(0.1, Duration.between(from, to).toMillis() / 5000.0);
            Map<String, Object> answer = source.get(
                    client,
                    URI.create(source.address().toString().replaceFirst("/+$", "") + "/api/v1/query_range?query="
                            + URLEncoder.encode(query, StandardCharsets.UTF_8) + "&start=" + seconds(from) + "&end="
                            + seconds(to) + "&step=" + step));
            if (!(answer.get("data") instanceof Map<?, ?> data) || !(data.get("result") instanceof List<?> result)) {
                throw source.failed(
                        "Prometheus refuses the query " + name + ": " + answer.getOrDefault("error", "no data"), null);
            }
            for (Object one : result) {
                if (one instanceof Map<?, ?> series && series.get("values") instanceof List<?> values) {
                    values.stream()
                            .filter(value -> value instanceof List<?> pair && pair.size() == 2)
                            .mapToDouble(value -> number(((List<?>) value).get(1)))
                            .filter(Double::isFinite)
                            .average()
                            .ifPresent(mean -> means.put(labels(series.get("metric")), mean));
                }
            }
            return means;
        }

        private static String seconds(Instant instant) {
            return String.format(Locale.ROOT, "%.3f", instant.toEpochMilli() / 1000.0);
        }

        private static String labels(@Nullable Object metric) {
            if (!(metric instanceof Map<?, ?> map) || map.isEmpty()) {
                return APPLICATION;
            }
            Map<String, String> sorted = new TreeMap<>();
            map.forEach((key, value) -> sorted.put(String.valueOf(key), String.valueOf(value)));
            sorted.remove("__name__");
            return sorted.isEmpty() ? APPLICATION : sorted.toString();
        }

        @Override
        public Map<String, Series.Query> queries() {
            return queries;
        }
    }
}
