package dev.hone.guard;

import dev.hone.HoneException;
import dev.hone.postgres.ServerAddress;
import dev.hone.workload.Script;
import java.net.URI;
import java.time.Duration;
import java.util.Map;

/** Where the guard learns how a database, or the application on it, fares. Immutable. */
public sealed interface Evidence permits StatementEvidence, ProbeEvidence, LatencyEvidence {

    /** What the database counts: pg_stat_statements' calls and times, transactions rolled back, connections. */
    static Evidence statements(ServerAddress address) {
        return new StatementEvidence(address);
    }

    /**
     * A script of the guard's own, run all the while at a modest rate.
     *
     * @param perSecond requests a second over all connections
     * @param allowWrites false keeps every transaction read-only
     */
    static Evidence probe(
            ServerAddress address, Script script, double perSecond, int connections, boolean allowWrites) {
        return new ProbeEvidence(address, script, perSecond, connections, allowWrites);
    }

    /**
     * The application's own figures, asked for over HTTP: from a Prometheus server if there are queries, and otherwise
     * as one JSON document.
     *
     * @param queries PromQL by what it tells: {@code p95} in seconds and {@code requests} a second, and if there are any
     *     {@code errors} a second, {@code pool_active}, {@code pool_size} and {@code pool_waiting}
     * @throws HoneException of kind {@code USAGE} if the address is none, or a query is missing
     */
    static Evidence latency(URI address, Map<String, String> queries) {
        return new LatencyEvidence(address, queries);
    }

    /** What it is called in reports. */
    String name();

    /** Begins to use it. */
    Watcher open(Touches touches);

    /** One use of a source. For one thread. */
    interface Watcher extends AutoCloseable {

        /**
         * Begins a window.
         *
         * @throws HoneException if the source does not answer
         */
        void begin(Duration length);

        /** Called now and then within a window. */
        default void tick() {}

        /**
         * Ends it.
         *
         * @throws HoneException if the source does not answer
         */
        Window end();

        /** The queries seen so far. */
        Map<String, Series.Query> queries();

        /** What is to be known of it, for people; empty for nothing. */
        default String note() {
            return "";
        }

        @Override
        default void close() {}
    }
}
