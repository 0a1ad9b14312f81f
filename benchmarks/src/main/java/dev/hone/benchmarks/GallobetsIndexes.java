package dev.hone.benchmarks;

import dev.hone.Progress;
import dev.hone.advise.Advice;
import dev.hone.advise.AdviceOptions;
import dev.hone.advise.IndexAdvisor;
import dev.hone.cases.Case;
import dev.hone.cases.Cases;
import dev.hone.change.Change;
import dev.hone.change.CreateIndex;
import dev.hone.check.Checks;
import dev.hone.measure.Comparison;
import dev.hone.measure.Load;
import dev.hone.measure.LoadOptions;
import dev.hone.measure.LoadResult;
import dev.hone.measure.Metric;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotReader;
import dev.hone.postgres.Sql;
import dev.hone.twin.Twin;
import dev.hone.workload.SampleValues;
import dev.hone.workload.Script;
import dev.hone.workload.Workload;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * The indexes that Hone recommends for the case gallobets beside seven that people made by hand for the same application:
 * index by index, and under the case's own load. The two sets are built in two databases of one server, one a copy of
 * the other, so that changing from one to the other takes no time and leaves nothing behind.
 *
 * <p>Arguments: rounds of two runs each (default 4; half as many with 50 connections), seconds
 * per run (default 10) and scale of the data (default 1).
 */
public final class GallobetsIndexes {

    private static final int FEW = 2;
    private static final int MANY = 50;
    private static final Duration WARM_UP = Duration.ofSeconds(3);

    /** What people made for this application: here to be compared with, never part of the case. */
    private static final List<CreateIndex> BY_HAND = List.of(
            byHand(1, "bets", null, "user_id", "status"),
            byHand(2, "bets", "status = 'pending'", "fight_id", "status"),
            byHand(3, "fights", null, "event_id", "status", "number"),
            byHand(4, "events", null, "status", "scheduled_date"),
            byHand(5, "transactions", null, "wallet_id", "type", "status"),
            byHand(6, "bets", "parent_bet_id IS NOT NULL", "parent_bet_id", "proposal_status"),
            byHand(7, "event_connections", null, "event_id", "disconnected_at"));

    private GallobetsIndexes() {}

    private static CreateIndex byHand(int number, String table, @Nullable String predicate, String... keys) {
        return new CreateIndex(
                "public", table, "by_hand_" + number, false, "btree", List.of(keys), List.of(), predicate);
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 4;
        int seconds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 10;
        double scale = arguments.length > 2 ? Double.parseDouble(arguments[2]) : 1;
        Case gallobets = Cases.find("gallobets");
        Map<String, String> settings = new HashMap<>(gallobets.serverSettings());
        settings.putAll(Map.of("fsync", "on", "full_page_writes", "on", "synchronous_commit", "on"));
        try (LocalServer local = LocalServer.start(Installation.embedded(), settings)) {
            ServerAddress maintenance = local.address("postgres");
            ServerAddress byHand = local.address("by_hand");
            ServerAddress advised = local.address("advised");
            execute(maintenance, List.of("CREATE DATABASE by_hand"));
            gallobets.create(byHand, scale, Progress.NONE);
            ServerAddress both = local.address("both_sets");
            execute(
                    maintenance,
                    List.of("CREATE DATABASE advised TEMPLATE by_hand", "CREATE DATABASE both_sets TEMPLATE by_hand"));

            Script script = gallobets.script();
            SampleValues values;
            Workload workload;
            List<Change> recommended;
            try (Server server = Server.connect(advised)) {
                values = SampleValues.read(server, script, Duration.ofMinutes(2));
                workload = script.workload(values);
                recommended = advise(server, workload);
            }
            List<String> bySeven =
                    BY_HAND.stream().map(index -> index.statement(false)).toList();
            List<String> byHone = recommended.stream()
                    .flatMap(change -> change.sql().stream())
                    .toList();
            execute(byHand, bySeven);
            execute(advised, byHone);
            execute(both, bySeven);
            execute(both, byHone);
            try (Server one = Server.connect(byHand);
                    Server other = Server.connect(advised)) {
                size("the seven by hand", one.handle());
                size("recommended", other.handle());
            }
            byHone.forEach(sql -> System.out.println("  " + sql));
            try (Server one = Server.connect(both);
                    Server other = Server.connect(both)) {
                IndexPairs.report(one, other, BY_HAND, script, values);
            }
            load(gallobets, byHand, advised, FEW, rounds, seconds);
            load(gallobets, byHand, advised, MANY, Math.max(1, rounds / 2), seconds);
        }
    }

    private static List<Change> advise(Server server, Workload workload) {
        Snapshot snapshot =
                SnapshotReader.whole(Checks.queries(server.version())).read(server, Progress.NONE);
        try (Twin twin = Twin.build(snapshot, Progress.NONE)) {
            Advice advice = IndexAdvisor.advise(twin, snapshot, workload, AdviceOptions.DEFAULT, Progress.NONE);
            System.out.printf(
                    Locale.ROOT,
                    "%s database, %d queries; advice after %.1f s%n",
                    size(snapshot.database().sizeBytes()),
                    advice.effort().queries(),
                    advice.effort().millis() / 1000.0);
            return advice.recommendations().stream()
                    .map(recommendation -> recommendation.change())
                    .toList();
        }
    }

    private static void execute(ServerAddress address, List<String> statements) {
        try (Server server = Server.connect(address)) {
            statements.forEach(statement -> server.handle().execute(statement));
        }
    }

    /** Prints the size of all indexes but those that the case comes with, which back constraints. */
    private static void size(String title, Handle handle) {
        handle.createQuery(Sql.tag("sizes", """
                        SELECT count(*) AS count, sum(pg_relation_size(i.indexrelid))::bigint AS bytes
                        FROM pg_index i
                        WHERE i.indrelid >= 16384
                          AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
                          AND i.indrelid IN (SELECT oid FROM pg_class WHERE relkind = 'r')"""))
                .map((row, context) -> String.format(
                        Locale.ROOT, "%s: %d indexes, %s", title, row.getInt("count"), size(row.getLong("bytes"))))
                .forEach(System.out::println);
    }

    static String size(long bytes) {
        return String.format(Locale.ROOT, "%.1f MB", bytes / 1048576.0);
    }

    private static void load(
            Case gallobets, ServerAddress byHand, ServerAddress advised, int connections, int rounds, int seconds)
            throws IOException, InterruptedException {
        LoadOptions options = LoadOptions.DEFAULT
                .withConnections(connections)
                .withDuration(WARM_UP, Duration.ofSeconds(seconds))
                .withWritesAllowed();
        Map<ServerAddress, List<LoadResult>> runs = Turns.run(List.of(byHand, advised), rounds, address -> {
            execute(address, List.of("CHECKPOINT"));
            LoadResult result = Load.run(address, gallobets.script(), options, Clock.systemUTC(), Progress.NONE);
            System.err.printf(
                    Locale.ROOT,
                    "%s: %.0f requests/s%n",
                    address.database(),
                    result.total().perSecond());
            return result;
        });
        Comparison comparison =
                Comparison.of(Objects.requireNonNull(runs.get(byHand)), Objects.requireNonNull(runs.get(advised)));
        System.out.printf(
                Locale.ROOT,
                "%n%d connections, %d runs of %d s each%n%n| request | p50 by hand, ms | p50 recommended, ms | ratio"
                        + " (95 %% confidence) | | p95 ratio (95 %% confidence) | |%n|---|---|---|---|---|---|---|%n",
                connections,
                2 * rounds,
                seconds);
        comparison.requests().forEach(GallobetsIndexes::print);
        print(comparison.total());
        System.out.println();
        Comparison.Figure perSecond = Objects.requireNonNull(comparison.total().figure(Metric.REQUESTS_PER_SECOND));
        System.out.printf(
                Locale.ROOT,
                "Requests per second: %.0f by hand, %.0f recommended, %s%n",
                perSecond.before(),
                perSecond.after(),
                ratio(perSecond));
        comparison.notes().forEach(System.out::println);
    }

    private static void print(Comparison.Row row) {
        if (row.figures().isEmpty()) {
            return;
        }
        Comparison.Figure p50 = Objects.requireNonNull(row.figure(Metric.P50));
        Comparison.Figure p95 = Objects.requireNonNull(row.figure(Metric.P95));
        System.out.printf(
                Locale.ROOT,
                "| %s | %.2f | %.2f | %s | %s | %s | %s |%n",
                row.name(),
                p50.before(),
                p50.after(),
                ratio(p50),
                p50.difference().words(),
                ratio(p95),
                p95.difference().words());
    }

    private static String ratio(Comparison.Figure figure) {
        return String.format(
                Locale.ROOT,
                "%.2f (%.2f – %.2f)",
                figure.ratio(),
                figure.ratioInterval().lower(),
                figure.ratioInterval().upper());
    }
}
