package dev.hone.benchmarks.advisor;

import dev.hone.change.CreateIndex;
import dev.hone.postgres.Sql;
import dev.hone.twin.Plan;
import dev.hone.workload.Workload;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * The published algorithm Extend over HypoPG, written anew as a control: it must arrive at the figures that were published for
 * it, or the set-up is another one. Schlosser, Kossmann, Boissier: Efficient Scalable Multi-attribute Index Selection Using
 * Recursive Strategies, ICDE 2019. Greedy by saving per byte; a step adds an index on one column, or one column to the end
 * of a chosen index; it stops at what saves less than 0.3 %.
 */
final class Extend {

    private static final double LEAST_IMPROVEMENT = 1.003;

    /** An index in the making. */
    private record Keys(String table, List<String> columns) {
        Keys with(String column) {
            List<String> more = new ArrayList<>(columns);
            more.add(column);
            return new Keys(table, more);
        }

        CreateIndex index() {
            return new CreateIndex(
                    "public",
                    table,
                    "extend",
                    false,
                    "btree",
                    columns.stream().map(Sql::identifier).toList(),
                    List.of(),
                    null);
        }
    }

    private record Step(List<Keys> set, double ratio, double cost) {}

    /**
     * What came out.
     *
     * @param cost estimated, of the whole workload
     * @param bytes as HypoPG estimates them
     */
    record Result(List<CreateIndex> indexes, double cost, long bytes, long plans, double seconds) {}

    private final Handle handle;
    private final Workload workload;
    private final int width;
    private final List<Keys> columns = new ArrayList<>();
    private final Map<Keys, Long> bytes = new HashMap<>();
    private final Map<String, Map<Set<Keys>, Double>> costs = new HashMap<>();
    private final Map<String, String> texts = new HashMap<>();
    private long plans;

    /** @param handle of a superuser, who alone may create the extension */
    Extend(Handle handle, Workload workload, int width) {
        this.handle = handle;
        this.workload = workload;
        this.width = width;
        handle.execute("CREATE EXTENSION IF NOT EXISTS hypopg");
        for (Workload.Query query : workload.queries()) {
            texts.put(query.id(), withViews(query.sql()));
        }
        handle.createQuery("SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
                        + " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0"
                        + " ORDER BY 1, a.attnum")
                .map((row, context) -> new Keys(row.getString(1), List.of(row.getString(2))))
                .filter(one -> texts.values().stream().anyMatch(text -> names(text, one)))
                .forEach(columns::add);
    }

    /** A query's text and that of the views it names, which name their columns. */
    private String withViews(String sql) {
        return handle
                .createQuery("SELECT viewname, definition FROM pg_views WHERE schemaname = 'public'")
                .map((row, context) -> Pattern.compile("\\b" + Pattern.quote(row.getString(1)) + "\\b")
                                .matcher(sql)
                                .find()
                        ? row.getString(2)
                        : "")
                .stream()
                .reduce(sql, (all, one) -> all + " " + one);
    }

    private static boolean names(String text, Keys one) {
        return Pattern.compile("\\b" + Pattern.quote(one.columns().getFirst()) + "\\b")
                .matcher(text)
                .find();
    }

    Result choose(long budgetBytes) {
        long start = System.nanoTime();
        long before = plans;
        List<Keys> chosen = List.of();
        double cost = cost(chosen);
        while (true) {
            Step best = best(chosen, cost, budgetBytes);
            if (best == null) {
                break;
            }
            chosen = best.set();
            cost = best.cost();
        }
        return new Result(
                chosen.stream().map(Keys::index).toList(),
                cost,
                chosen.stream().mapToLong(this::bytes).sum(),
                plans - before,
                (System.nanoTime() - start) / 1e9);
    }

    private @Nullable Step best(List<Keys> chosen, double cost, long budgetBytes) {
        Step best = null;
        for (Keys column : columns) {
            if (!chosen.contains(column)) {
                List<Keys> set = new ArrayList<>(chosen);
                set.add(column);
                best = better(best, weigh(set, 0, cost, budgetBytes));
            }
            for (Keys old : chosen) {
                if (old.table().equals(column.table())
                        && old.columns().size() < width
                        && !old.columns().contains(column.columns().getFirst())) {
                    List<Keys> set = new ArrayList<>(chosen);
                    set.remove(old);
                    set.add(old.with(column.columns().getFirst()));
                    best = better(best, weigh(set, bytes(old), cost, budgetBytes));
                }
            }
        }
        return best;
    }

    private static @Nullable Step better(@Nullable Step one, @Nullable Step other) {
        return one == null || (other != null && other.ratio() > one.ratio()) ? other : one;
    }

    private @Nullable Step weigh(List<Keys> set, long replacedBytes, double cost, long budgetBytes) {
        if (set.stream().mapToLong(this::bytes).sum() > budgetBytes) {
            return null;
        }
        double now = cost(set);
        if (now * LEAST_IMPROVEMENT >= cost) {
            return null;
        }
        long more = Math.max(1, bytes(set.getLast()) - replacedBytes);
        return new Step(set, (cost - now) / more, now);
    }

    private double cost(List<Keys> set) {
        return workload.queries().stream()
                .mapToDouble(query -> query.calls() * cost(query, set))
                .sum();
    }

    private double cost(Workload.Query query, List<Keys> set) {
        Set<Keys> relevant = new LinkedHashSet<>();
        String text = texts.getOrDefault(query.id(), "");
        for (Keys keys : set) {
            if (columns.stream().anyMatch(column -> column.table().equals(keys.table()) && names(text, column))) {
                relevant.add(keys);
            }
        }
        return costs.computeIfAbsent(query.id(), any -> new HashMap<>())
                .computeIfAbsent(relevant, any -> explain(query, relevant));
    }

    private double explain(Workload.Query query, Set<Keys> visible) {
        handle.execute("SELECT hypopg_reset()");
        visible.forEach(this::create);
        plans++;
        String json = handle.createQuery("EXPLAIN (FORMAT JSON) " + query.sql())
                .mapTo(String.class)
                .one();
        handle.execute("SELECT hypopg_reset()");
        return Plan.parse(json).totalCost();
    }

    private long create(Keys keys) {
        return handle.createQuery("SELECT indexrelid::bigint FROM hypopg_create_index("
                        + Sql.literal(keys.index().statement(false).replaceFirst("INDEX \\S+ ON", "INDEX ON"))
                        + ")")
                .mapTo(Long.class)
                .one();
    }

    private long bytes(Keys keys) {
        return bytes.computeIfAbsent(keys, any -> {
            long size = handle.createQuery("SELECT hypopg_relation_size(" + create(keys) + "::oid)")
                    .mapTo(Long.class)
                    .one();
            handle.execute("SELECT hypopg_reset()");
            return size;
        });
    }
}
