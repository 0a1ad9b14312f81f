package dev.hone.benchmarks.advisor;

import dev.hone.advise.AdviceOptions;
import dev.hone.change.AlterColumnStatistics;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Sql;
import dev.hone.twin.Plan;
import dev.hone.workload.Workload;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;

/**
 * The indexes of all contenders, each built once for real. Which of them the planner sees can be changed at any time,
 * without building or dropping anything.
 */
final class RealIndexes {

    /** An index that was built. */
    private record Built(long oid, long bytes) {}

    private final Handle handle;
    private final Map<String, Built> all = new HashMap<>();

    /** By table and column, what ANALYZE found. */
    private final Map<String, Double> estimated = new HashMap<>();

    /** @param handle of a superuser */
    RealIndexes(Handle handle) {
        this.handle = handle;
    }

    /** Builds those that are not there yet. */
    void build(Collection<CreateIndex> indexes) {
        for (CreateIndex index : indexes) {
            all.computeIfAbsent(AdviceOptions.identity(index), identity -> build(index));
        }
    }

    private Built build(CreateIndex index) {
        String name = "benchmark_" + all.size();
        CreateIndex renamed = new CreateIndex(
                index.schema(),
                index.table(),
                name,
                index.unique(),
                index.method(),
                index.keys(),
                index.include(),
                index.predicate());
        handle.execute(renamed.statement(false));
        return handle.createQuery("SELECT oid::bigint, pg_relation_size(oid) FROM pg_class WHERE oid = "
                        + Sql.literal(renamed.subject()) + "::regclass")
                .map((row, context) -> new Built(row.getLong(1), row.getLong(2)))
                .one();
    }

    long bytes(Collection<CreateIndex> indexes) {
        return indexes.stream().mapToLong(index -> built(index).bytes()).sum();
    }

    /** Makes exactly these visible to the planner. */
    void show(Collection<CreateIndex> indexes) {
        List<Long> shown = indexes.stream().map(index -> built(index).oid()).toList();
        all.values().stream()
                .collect(Collectors.partitioningBy(
                        built -> shown.contains(built.oid()),
                        Collectors.mapping(built -> Long.toString(built.oid()), Collectors.joining(", "))))
                .forEach((visible, oids) -> {
                    if (!oids.isEmpty()) {
                        handle.execute("UPDATE pg_index SET indisvalid = " + visible + " WHERE indexrelid IN (" + oids
                                + ") AND indisvalid <> " + visible);
                    }
                });
    }

    /** Tells the planner exactly these numbers of different values, as ANALYZE would after the change. */
    void tell(Collection<AlterColumnStatistics> numbers) {
        estimated.forEach((column, distinct) -> handle.execute("UPDATE pg_statistic SET stadistinct = " + distinct
                + " WHERE (starelid, staattnum) = (" + column + ")"));
        for (AlterColumnStatistics number : numbers) {
            String column = handle.createQuery(
                            "SELECT attrelid::bigint || ', ' || attnum FROM pg_attribute WHERE attrelid = "
                                    + Sql.literal(Sql.identifier(number.schema(), number.table()))
                                    + "::regclass AND attname = " + Sql.literal(number.column()))
                    .mapTo(String.class)
                    .one();
            estimated.computeIfAbsent(
                    column,
                    any -> handle.createQuery("SELECT stadistinct FROM pg_statistic WHERE (starelid, staattnum) = ("
                                    + column + ")")
                            .mapTo(Double.class)
                            .one());
            handle.execute("UPDATE pg_statistic SET stadistinct = " + number.distinct()
                    + " WHERE (starelid, staattnum) = (" + column + ")");
        }
    }

    private Built built(CreateIndex index) {
        return Objects.requireNonNull(all.get(AdviceOptions.identity(index)), "not built");
    }

    /** What the planner says that each query costs with what it sees now. */
    Map<String, Double> costs(Workload workload) {
        return workload.queries().stream().collect(Collectors.toMap(Workload.Query::id, this::cost));
    }

    private double cost(Workload.Query query) {
        return Plan.parse(handle.createQuery("EXPLAIN (FORMAT JSON) " + query.sql())
                        .mapTo(String.class)
                        .one())
                .totalCost();
    }
}
