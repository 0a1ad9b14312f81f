package dev.hone.guard;

import dev.hone.HoneException;
import dev.hone.guard.Window.Pool;
import dev.hone.guard.Window.Sample;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.Sql;
import dev.hone.workload.PgStatStatements;
import dev.hone.workload.Workload;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What the database counts. */
record StatementEvidence(ServerAddress address) implements Evidence {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String TRANSACTIONS = "transactions";
    private static final String DEADLOCKS = "deadlocks";

    @Override
    public String name() {
        return "pg_stat_statements";
    }

    @Override
    public Watcher open(Touches touches) {
        return new Watching(address, touches);
    }

    private record Activity(long commits, long rollbacks, long deadlocks, long connections, long most) {}

    /** All statements, so that one that is missing was not counted yet; null if they could not be read. */
    private record Reading(Instant at, @Nullable Map<String, Workload.Query> queries, Activity activity) {}

    private static final class Watching implements Watcher {

        /** A reading is two transactions, both rolled back. */
        private static final long OWN_ROLLBACKS = 2;

        private final ServerAddress address;
        private final Touches touches;
        private final Map<String, Series.Query> queries = new HashMap<>();
        private @Nullable Server server;
        private @Nullable Reading begun;
        private @Nullable Reading ended;
        private String note = "";

        Watching(ServerAddress address, Touches touches) {
            this.address = address;
            this.touches = touches;
            queries.put(TRANSACTIONS, new Series.Query("transactions rolled back", Role.APART));
            queries.put(DEADLOCKS, deadlocks(Role.APART));
        }

        private static Series.Query deadlocks(Role role) {
            return new Series.Query("transactions ended by a deadlock", role);
        }

        private Reading read() {
            Server open = server;
            if (open == null) {
                open = Server.connect(address);
                server = open;
            }
            try {
                return read(open);
            } catch (RuntimeException e) {
                // Another connection may have more luck at the next window.
                close();
                throw e;
            }
        }

        private Reading read(Server open) {
            Activity activity = open.read(
                    PATIENCE,
                    handle -> handle.createQuery(Sql.load(StatementEvidence.class, "activity", open.version()))
                            .map((rs, context) -> new Activity(
                                    rs.getLong("commits"),
                                    rs.getLong("rollbacks"),
                                    rs.getLong("deadlocks"),
                                    rs.getLong("connections"),
                                    rs.getLong("most")))
                            .one());
            Map<String, Workload.Query> counted = null;
            try {
                counted = PgStatStatements.read(open, Integer.MAX_VALUE).workload().queries().stream()
                        .collect(Collectors.toMap(Workload.Query::id, query -> query, (one, other) -> one));
            } catch (HoneException e) {
                note = "Single queries cannot be told apart: " + e.getMessage() + ".";
            }
            return new Reading(Instant.now(), counted, activity);
        }

        @Override
        public void close() {
            Server open = server;
            server = null;
            if (open != null) {
                open.close();
            }
        }

        @Override
        public void begin(Duration length) {
            Reading last = ended;
            // One window may begin where the last ended.
            begun = last != null && last.at().isAfter(Instant.now().minus(length.dividedBy(4))) ? last : read();
        }

        @Override
        public Window end() {
            Reading from = Objects.requireNonNull(begun);
            Reading to = read();
            ended = to;
            List<Sample> samples = new ArrayList<>();
            if (from.queries() != null && to.queries() != null) {
                count(from.queries(), to.queries(), samples);
            } else {
                // Whether any of them locks is not to be seen.
                queries.put(DEADLOCKS, deadlocks(Role.UNCLEAR));
            }
            Activity before = from.activity();
            Activity after = to.activity();
            long rollbacks = Math.max(0, after.rollbacks() - before.rollbacks() - OWN_ROLLBACKS);
            long transactions = Math.max(0, after.commits() - before.commits()) + rollbacks;
            samples.add(new Sample(TRANSACTIONS, transactions, Math.min(rollbacks, transactions), null, null));
            samples.add(new Sample(
                    DEADLOCKS,
                    transactions,
                    Math.clamp(after.deadlocks() - before.deadlocks(), 0, transactions),
                    null,
                    null));
            return new Window(from.at(), to.at(), samples, new Pool(after.connections(), after.most(), null));
        }

        private void count(Map<String, Workload.Query> from, Map<String, Workload.Query> to, List<Sample> samples) {
            for (Workload.Query query : to.values()) {
                Workload.Query earlier = from.get(query.id());
                double calls = query.calls() - (earlier == null ? 0 : earlier.calls());
                double millis = total(query) - (earlier == null ? 0 : total(earlier));
                // A counter that was reset counts from nothing.
                if (calls >= 1 && millis > 0) {
                    queries.computeIfAbsent(
                            query.id(), id -> new Series.Query(Promise.shown(query.sql()), touches.role(query.sql())));
                    samples.add(new Sample(query.id(), (long) calls, 0, millis / calls, null));
                    // Unlike rollbacks, which applications make as they please, none of them is meant to happen; but
                    // nobody counts whose they are, and without a statement that locks they are not the deployment's.
                    if (touches.locks(query.sql())) {
                        queries.put(DEADLOCKS, deadlocks(Role.UNCLEAR));
                    }
                }
            }
        }

        private static double total(Workload.Query query) {
            return query.totalMillis() == null ? 0 : query.totalMillis();
        }

        @Override
        public Map<String, Series.Query> queries() {
            return queries;
        }

        @Override
        public String note() {
            return note;
        }
    }
}
