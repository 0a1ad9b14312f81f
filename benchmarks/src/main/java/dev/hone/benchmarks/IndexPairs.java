package dev.hone.benchmarks;

import dev.hone.Json;
import dev.hone.change.CreateIndex;
import dev.hone.measure.Comparison;
import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import dev.hone.twin.Plan;
import dev.hone.workload.SampleValues;
import dev.hone.workload.Script;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Each index of one set beside those of another set that serve the same queries, in one database that has both: what is
 * not compared is hidden from the planner, and each of two sessions hides the other's in a transaction that it never
 * commits. Every query runs with the same values in the one session and the other, turn by turn, many times.
 *
 * <p>The time is what {@code EXPLAIN (ANALYZE, TIMING OFF)} calls Execution Time: the server's, without planning and
 * without the way to the client. It comes in whole microseconds, of which some queries take five, so that the time of a
 * query is not the median but the mean of the middle half. The time of an index is the mean over its queries, each
 * weighing as often as the script asks it; the interval is the middle 95 % of 1,000 bootstrap resamples of the pairs. Only
 * queries: what indexes cost writes shows under load.
 *
 * <p>A control line compares queries that use no index of either set, and so the very same plans: how far it is from 1 is
 * what the two sessions differ by themselves.
 */
final class IndexPairs {

    private static final int PAIRS = 500;
    private static final int SHOWN = 20;
    private static final int RESAMPLES = 1000;
    private static final long SEED = 1;
    /** Queries by primary key. */
    private static final String CONTROLS =
            "bets list #3|event detail #[123]|fight detail #1|counter-proposals to a bet #1";

    /** A query of the script, prepared in both sessions under a name of its own. */
    private record Query(String name, String title, double weight, List<String> calls) {}

    /** Times of the same call on either side, in milliseconds. */
    private record Pair(double before, double after) {}

    /** A session, and the indexes of its set. */
    private record Side(Handle handle, Map<String, Index> indexes) {}

    /** An index that backs no constraint. */
    private record Index(String table, String definition, long bytes) {}

    private final Side before;
    private final Side after;
    private final List<Query> queries = new ArrayList<>();

    private IndexPairs(Server before, Server after, Set<String> ofBefore, Script script, SampleValues values) {
        this.before = side(before.handle(), ofBefore::contains);
        this.after = side(after.handle(), name -> !ofBefore.contains(name));
        for (Side side : List.of(this.before, this.after)) {
            // A generic plan would go on using an index that has been hidden since.
            run(side, "SET plan_cache_mode = force_custom_plan");
        }
        SplittableRandom random = new SplittableRandom(SEED);
        for (Script.Request request : script.requests()) {
            for (int i = 0; i < request.statements().size(); i++) {
                Script.Statement statement = request.statements().get(i);
                if (statement.sql().stripLeading().toUpperCase(Locale.ROOT).startsWith("SELECT")) {
                    String name = "query_" + queries.size();
                    queries.add(new Query(
                            name,
                            request.statements().size() == 1 ? request.name() : request.name() + " #" + (i + 1),
                            request.weight(),
                            calls(name, request, statement, values, random)));
                    for (Side side : List.of(this.before, this.after)) {
                        run(side, "PREPARE " + name + " AS " + statement.sql());
                    }
                }
            }
        }
    }

    /** Compares and prints a table. */
    static void report(Server before, Server after, List<CreateIndex> indexes, Script script, SampleValues values) {
        Set<String> ofBefore = indexes.stream().map(CreateIndex::name).collect(Collectors.toSet());
        IndexPairs pairs = new IndexPairs(before, after, ofBefore, script, values);
        System.out.println(
                "\n| index by hand | recommended index for the same queries | queries | by hand, ms | recommended,"
                        + " ms | ratio (95 % confidence) | |\n|---|---|---|---|---|---|---|");
        indexes.forEach(pairs::compare);
        pairs.control();
    }

    private void control() {
        List<Query> served =
                queries.stream().filter(query -> query.title.matches(CONTROLS)).toList();
        print("control: keys only", "keys only", served, timesWith(Set.of(), Set.of(), served));
    }

    private void compare(CreateIndex index) {
        Index shown = require(before.indexes.get(index.name()));
        Map<Query, Set<String>> usedBefore = used(before, after);
        Map<Query, Set<String>> usedAfter = used(after, before);
        List<Query> served = queries.stream()
                .filter(query -> require(usedBefore.get(query)).contains(index.name()))
                .toList();
        Set<String> serving = new TreeSet<>();
        for (Query query : served) {
            require(usedAfter.get(query)).stream()
                    .filter(name -> require(after.indexes.get(name)).table.equals(shown.table))
                    .forEach(serving::add);
        }
        String left = describe(before, Set.of(index.name()));
        if (served.isEmpty()) {
            System.out.println("| " + left + " | | none | | | | serves no query |");
            return;
        }
        print(left, describe(after, serving), served, timesWith(Set.of(index.name()), serving, served));
    }

    /** Times queries with some indexes of the one set in its session, and some of the other in the other. */
    private List<List<Pair>> timesWith(Set<String> ofBefore, Set<String> ofAfter, List<Query> served) {
        before.indexes.keySet().forEach(name -> valid(before, name, ofBefore.contains(name)));
        after.indexes.keySet().forEach(name -> valid(before, name, ofAfter.contains(name)));
        before.handle.begin();
        after.handle.begin();
        ofAfter.forEach(name -> valid(before, name, false));
        ofBefore.forEach(name -> valid(after, name, false));
        List<List<Pair>> pairs = served.stream().map(this::time).toList();
        before.handle.rollback();
        after.handle.rollback();
        before.indexes.keySet().forEach(name -> valid(before, name, true));
        after.indexes.keySet().forEach(name -> valid(before, name, true));
        return pairs;
    }

    private List<Pair> time(Query query) {
        // Not counted, and before all that is: what the calls read comes into the cache.
        for (String call : query.calls) {
            millis(before, call);
            millis(after, call);
        }
        List<Pair> pairs = new ArrayList<>();
        for (int i = 0; i < PAIRS; i++) {
            String call = query.calls.get(i % query.calls.size());
            // To and fro, so that either side follows itself as often as the other: who runs again finds warm caches.
            if (i % 2 == 0) {
                double one = millis(before, call);
                pairs.add(new Pair(one, millis(after, call)));
            } else {
                double other = millis(after, call);
                pairs.add(new Pair(millis(before, call), other));
            }
        }
        return pairs;
    }

    private static void print(String left, String right, List<Query> served, List<List<Pair>> pairs) {
        double[] measured = times(served, pairs);
        SplittableRandom random = new SplittableRandom(SEED);
        double[] ratios = new double[RESAMPLES];
        for (int i = 0; i < RESAMPLES; i++) {
            double[] drawn = times(
                    served,
                    pairs.stream()
                            .map(all -> all.stream()
                                    .map(pair -> all.get(random.nextInt(all.size())))
                                    .toList())
                            .toList());
            ratios[i] = drawn[1] / drawn[0];
        }
        Arrays.sort(ratios);
        double lower = ratios[(int) (0.025 * RESAMPLES)];
        double upper = ratios[(int) (0.975 * RESAMPLES) - 1];
        Comparison.Difference difference = upper < 1 - Comparison.NOISE
                ? Comparison.Difference.FASTER
                : lower > 1 + Comparison.NOISE ? Comparison.Difference.SLOWER : Comparison.Difference.NONE;
        System.out.printf(
                Locale.ROOT,
                "| %s | %s | %s | %.3f | %.3f | %.2f (%.2f – %.2f) | %s |%n",
                left,
                right.isEmpty() ? "none" : right,
                served.stream().map(Query::title).collect(Collectors.joining(", ")),
                measured[0],
                measured[1],
                measured[1] / measured[0],
                lower,
                upper,
                difference.words());
    }

    /** The mean over the queries on either side. */
    private static double[] times(List<Query> served, List<List<Pair>> pairs) {
        double weights = served.stream().mapToDouble(Query::weight).sum();
        double[] sums = new double[2];
        for (int i = 0; i < served.size(); i++) {
            double share = served.get(i).weight / weights;
            sums[0] += share * middle(pairs.get(i), Pair::before);
            sums[1] += share * middle(pairs.get(i), Pair::after);
        }
        return sums;
    }

    /** The mean of the middle half. */
    private static double middle(List<Pair> pairs, ToDoubleFunction<Pair> time) {
        double[] sorted = pairs.stream().mapToDouble(time).sorted().toArray();
        return Arrays.stream(sorted, sorted.length / 4, sorted.length - sorted.length / 4)
                .average()
                .orElseThrow();
    }

    private static double millis(Side side, String call) {
        String json = text(side, "EXPLAIN (ANALYZE, TIMING OFF, BUFFERS OFF, FORMAT JSON) " + call);
        Map<?, ?> explained = (Map<?, ?>) Json.read(json, List.class).getFirst();
        return require((Number) explained.get("Execution Time")).doubleValue();
    }

    /** The indexes of a side's set that the plans of some calls use, without those of the other set. */
    private Map<Query, Set<String>> used(Side side, Side other) {
        Map<Query, Set<String>> all = new HashMap<>();
        side.handle.begin();
        other.indexes.keySet().forEach(name -> valid(side, name, false));
        for (Query query : queries) {
            Set<String> used = new TreeSet<>();
            for (String call : query.calls.subList(0, Math.min(SHOWN, query.calls.size()))) {
                Plan.parse(text(side, "EXPLAIN (FORMAT JSON) " + call))
                        .nodes()
                        .map(Plan.Node::index)
                        .filter(side.indexes::containsKey)
                        .forEach(used::add);
            }
            all.put(query, used);
        }
        side.handle.rollback();
        return all;
    }

    private static void valid(Side side, String name, boolean valid) {
        side.handle
                .createUpdate("UPDATE pg_index SET indisvalid = :valid WHERE indexrelid = to_regclass(:name)")
                .bind("valid", valid)
                .bind("name", Sql.identifier("public", name))
                .execute();
    }

    private static Side side(Handle handle, Predicate<String> ofThisSet) {
        Map<String, Index> indexes = new HashMap<>();
        handle.createQuery("""
                        SELECT x.relname, t.relname AS table, pg_get_indexdef(x.oid) AS definition,
                               pg_relation_size(x.oid) AS bytes
                        FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
                        WHERE x.relnamespace = 'public'::regnamespace
                          AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = x.oid)""")
                .map((row, context) -> Map.entry(
                        row.getString("relname"),
                        new Index(row.getString("table"), row.getString("definition"), row.getLong("bytes"))))
                .filter(entry -> ofThisSet.test(entry.getKey()))
                .forEach(entry -> indexes.put(entry.getKey(), entry.getValue()));
        return new Side(handle, indexes);
    }

    private static String describe(Side side, Set<String> names) {
        return names.stream()
                .map(name -> require(side.indexes.get(name)))
                .map(index -> "`" + index.table + " "
                        + index.definition.replaceFirst("^.* USING ", "").replaceFirst("^btree ", "") + "` "
                        + GallobetsIndexes.size(index.bytes))
                .collect(Collectors.joining(", "));
    }

    private static List<String> calls(
            String name,
            Script.Request request,
            Script.Statement statement,
            SampleValues values,
            SplittableRandom random) {
        List<String> calls = new ArrayList<>();
        for (int i = 0; i < (statement.parameters().isEmpty() ? 1 : PAIRS); i++) {
            Map<String, String> literals = new HashMap<>();
            for (Script.Sample sample : request.samples()) {
                List<List<@Nullable String>> rows = values.rows(sample);
                List<@Nullable String> row = rows.get(random.nextInt(rows.size()));
                for (int column = 0; column < row.size(); column++) {
                    String value = row.get(column);
                    literals.put(sample.parameters().get(column), value == null ? "NULL" : Sql.literal(value));
                }
            }
            calls.add("EXECUTE " + name
                    + (statement.parameters().isEmpty()
                            ? ""
                            : statement.parameters().stream()
                                    .map(parameter -> require(literals.get(parameter)))
                                    .collect(Collectors.joining(", ", "(", ")"))));
        }
        return calls;
    }

    /** Runs a statement past Jdbi, which would read its own placeholders into it. */
    private static void run(Side side, String sql) {
        try (var statement = side.handle.getConnection().createStatement()) {
            statement.setEscapeProcessing(false);
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }

    private static String text(Side side, String sql) {
        try (var statement = side.handle.getConnection().createStatement()) {
            statement.setEscapeProcessing(false);
            try (var rows = statement.executeQuery(sql)) {
                rows.next();
                return rows.getString(1);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }

    private static <T> T require(@Nullable T value) {
        return Objects.requireNonNull(value);
    }
}
