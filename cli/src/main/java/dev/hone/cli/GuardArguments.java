package dev.hone.cli;

import dev.hone.HoneException;
import dev.hone.guard.Evidence;
import dev.hone.guard.GuardOptions;
import dev.hone.postgres.ServerAddress;
import dev.hone.workload.ScriptParser;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a deployment is guarded. */
final class GuardArguments {

    private static final Pattern NAMED = Pattern.compile("(p95|requests|errors|pool_[a-z]+)=(.*)", Pattern.DOTALL);

    @Option(
            names = "--guard",
            description = "Compare before with after, and take the deployment back if something got worse.")
    private boolean guard;

    @Option(names = "--guard-time", paramLabel = "TIME", description = "How long to watch afterwards; 10m if left out.")
    private @Nullable Duration after;

    @Option(names = "--guard-before", paramLabel = "TIME", description = "How long to look before; 3m if left out.")
    private @Nullable Duration before;

    @Option(
            names = "--guard-window",
            paramLabel = "TIME",
            description = "The slices of time that are compared; 15s if left out.")
    private @Nullable Duration window;

    @Option(
            names = "--probe",
            paramLabel = "WORKLOAD",
            description = "A workload script to run before and after, and to compare.")
    private @Nullable Path probe;

    @Option(names = "--probe-rate", paramLabel = "N", description = "Its requests a second; 50 if left out.")
    private @Nullable Double rate;

    @Option(names = "--probe-writes", description = "Let it write; otherwise every transaction is read-only.")
    private boolean writes;

    @Option(
            names = "--latency",
            paramLabel = "URL",
            description = "Where the application tells its latency: a JSON document, or a Prometheus server.")
    private @Nullable String latency;

    @Option(
            names = "--latency-query",
            paramLabel = "[NAME=]PROMQL",
            description = "What to ask Prometheus for: p95 (seconds) and requests (a second); also errors (a second),"
                    + " pool_active, pool_size, pool_waiting. May be given several times.")
    private List<String> queries = List.of();

    /** Whether a guard is wanted. */
    boolean wanted() {
        boolean any = after != null
                || before != null
                || window != null
                || probe != null
                || rate != null
                || writes
                || latency != null
                || !queries.isEmpty();
        if (any && !guard) {
            throw HoneException.usage(
                    "Options of the guard were given, and no guard", "Nothing was changed. Add --guard.");
        }
        if ((rate != null || writes) && probe == null) {
            throw HoneException.usage(
                    "Options of the probe were given, and no probe", "Nothing was changed. Add --probe WORKLOAD.");
        }
        if (!queries.isEmpty() && latency == null) {
            throw HoneException.usage(
                    "A latency query was given, and no server to ask", "Nothing was changed. Add --latency URL.");
        }
        return guard;
    }

    GuardOptions options() {
        GuardOptions usual = GuardOptions.DEFAULT;
        return usual.withTimes(
                window == null ? usual.window() : window,
                before == null ? usual.before() : before,
                after == null ? usual.after() : after);
    }

    List<Evidence> sources(ServerAddress address) {
        List<Evidence> sources = new ArrayList<>();
        sources.add(Evidence.statements(address));
        if (probe != null) {
            sources.add(Evidence.probe(address, ScriptParser.read(probe), rate == null ? 50 : rate, 2, writes));
        }
        if (latency != null) {
            sources.add(Evidence.latency(uri(latency), named()));
        }
        return sources;
    }

    private static URI uri(String text) {
        try {
            return new URI(text);
        } catch (URISyntaxException e) {
            throw HoneException.usage(
                    "--latency is no address: " + e.getReason(), "Nothing was changed. Give http://HOST:PORT/….");
        }
    }

    private Map<String, String> named() {
        Map<String, String> named = new HashMap<>();
        for (String query : queries) {
            Matcher matcher = NAMED.matcher(query);
            String name = matcher.matches() ? matcher.group(1) : "p95";
            if (named.put(name, matcher.matches() ? matcher.group(2) : query) != null) {
                throw HoneException.usage(
                        "Two latency queries for " + name, "Nothing was changed. Write NAME=PROMQL for each.");
            }
        }
        return named;
    }
}
