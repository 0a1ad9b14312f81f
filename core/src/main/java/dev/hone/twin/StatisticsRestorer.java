package dev.hone.twin;

import dev.hone.postgres.Catalog.Column;
import dev.hone.postgres.Catalog.Relation;
import dev.hone.postgres.ServerVersion;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.Sql;
import dev.hone.postgres.Statistics.ColumnStatistics;
import dev.hone.twin.TwinRelation.Name;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Gives the twin's relations the statistics of the source by {@code pg_restore_relation_stats} and {@code
 * pg_restore_attribute_stats}, which check what they are given; what they would trust, {@link StatisticsCheck} looks
 * at before.
 */
final class StatisticsRestorer {

    private static final int BATCH = 100;

    /** A call, and whose statistics it restores. */
    private record Call(String object, String sql) {}

    private final Session owner;
    private final ServerVersion version;
    private final Consumer<Omission> omissions;

    StatisticsRestorer(Session owner, ServerVersion version, Consumer<Omission> omissions) {
        this.owner = owner;
        this.version = version;
        this.omissions = omissions;
    }

    void restore(Snapshot snapshot, Map<Name, TwinRelation> twin) throws SQLException {
        List<Call> calls = new ArrayList<>();
        for (Relation relation : snapshot.catalog().relations()) {
            if (twin.containsKey(new Name(relation.schema(), relation.name()))) {
                relationCall(relation).ifPresent(calls::add);
            }
        }
        Map<Name, Map<String, Integer>> indexColumns = indexColumns(snapshot);
        for (ColumnStatistics row : snapshot.statistics().columns()) {
            Name name = new Name(row.schema(), row.relation());
            TwinRelation relation = twin.get(name);
            if (relation == null) {
                continue;
            }
            String column;
            if (relation.kind().equalsIgnoreCase("i")) {
                // The columns of an index are named by the server, and not always alike: their numbers are.
                Integer number = indexColumns.getOrDefault(name, Map.of()).get(row.column());
                if (number == null) {
                    continue;
                }
                column = "'attnum', " + number + "::int2";
            } else {
                column = "'attname', " + Sql.literal(row.column()) + "::text";
            }
            attributeCall(row, column).ifPresent(calls::add);
        }
        owner.execute("BEGIN");
        for (int from = 0; from < calls.size(); from += BATCH) {
            run(calls.subList(from, Math.min(calls.size(), from + BATCH)));
        }
        owner.execute("COMMIT");
    }

    /**
     * Restores one row outside {@link #restore}, in an open transaction.
     *
     * @param column which column, as a name-value pair of the function: {@code 'attnum', 1::int2}
     */
    void restore(ColumnStatistics row, String column) throws SQLException {
        Optional<Call> call = attributeCall(row, column);
        if (call.isPresent()) {
            run(List.of(call.get()));
        }
    }

    private static Map<Name, Map<String, Integer>> indexColumns(Snapshot snapshot) {
        Map<Long, Name> indexes = snapshot.catalog().relations().stream()
                .filter(relation -> relation.kind().equalsIgnoreCase("i"))
                .collect(Collectors.toMap(Relation::oid, r -> new Name(r.schema(), r.name()), (a, b) -> a));
        Map<Name, Map<String, Integer>> numbers = new HashMap<>();
        for (Column column : snapshot.catalog().columns()) {
            Name index = indexes.get(column.relation());
            if (index != null) {
                numbers.computeIfAbsent(index, name -> new HashMap<>()).put(column.name(), column.number());
            }
        }
        return numbers;
    }

    private Optional<Call> relationCall(Relation relation) {
        String object = "size of " + relation.qualifiedName();
        if (!Double.isFinite(relation.tuples()) || relation.tuples() < -1 || relation.pages() < -1) {
            omissions.accept(new Omission(object, "malformed: rows or pages below zero, or no number"));
            return Optional.empty();
        }
        int pages = Math.max(0, relation.pages());
        return Optional.of(new Call(
                object,
                "pg_restore_relation_stats(" + head(relation.schema(), relation.name())
                        + ", 'relpages', " + pages + "::int, 'reltuples', '" + relation.tuples()
                        + "'::real, 'relallvisible', " + clamp(relation.allVisiblePages(), pages)
                        + "::int, 'relallfrozen', " + clamp(relation.allFrozenPages(), pages) + "::int)"));
    }

    private static int clamp(int value, int most) {
        return Math.max(0, Math.min(value, most));
    }

    private Optional<Call> attributeCall(ColumnStatistics row, String column) {
        String object = "statistics of column " + Sql.identifier(row.column()) + " of "
                + Sql.identifier(row.schema(), row.relation());
        Optional<String> problem = StatisticsCheck.problem(row);
        if (problem.isPresent()) {
            omissions.accept(new Omission(object, problem.get()));
            return Optional.empty();
        }
        StringBuilder sql = new StringBuilder("pg_restore_attribute_stats(")
                .append(head(row.schema(), row.relation()))
                .append(", ")
                .append(column)
                .append(", 'inherited', ")
                .append(row.inherited())
                .append(", 'null_frac', '")
                .append(row.nullFraction())
                .append("'::real, 'avg_width', ")
                .append(row.averageWidth())
                .append(", 'n_distinct', '")
                .append(row.distinct())
                .append("'::real");
        argument(sql, "most_common_vals", row.mostCommonValues(), "text");
        argument(sql, "most_common_freqs", row.mostCommonFrequencies(), "real[]");
        argument(sql, "histogram_bounds", row.histogramBounds(), "text");
        argument(sql, "correlation", row.correlation(), "real");
        argument(sql, "most_common_elems", row.mostCommonElements(), "text");
        argument(sql, "most_common_elem_freqs", row.mostCommonElementFrequencies(), "real[]");
        argument(sql, "elem_count_histogram", row.elementCountHistogram(), "real[]");
        argument(sql, "range_length_histogram", row.rangeLengthHistogram(), "text");
        argument(sql, "range_empty_frac", row.rangeEmptyFraction(), "real");
        argument(sql, "range_bounds_histogram", row.rangeBoundsHistogram(), "text");
        return Optional.of(new Call(object, sql.append(')').toString()));
    }

    private String head(String schema, String relation) {
        return "'version', " + version.number() + ", 'schemaname', " + Sql.literal(schema) + "::text, 'relname', "
                + Sql.literal(relation) + "::text";
    }

    private static void argument(StringBuilder sql, String name, @Nullable Object value, String type) {
        if (value != null) {
            sql.append(", '")
                    .append(name)
                    .append("', ")
                    .append(Sql.literal(value.toString()))
                    .append("::")
                    .append(type);
        }
    }

    /** Many calls in one statement; where one raises an error, each half alone. */
    private void run(List<Call> calls) throws SQLException {
        StringBuilder sql = new StringBuilder();
        for (int i = 0; i < calls.size(); i++) {
            sql.append(i == 0 ? "SAVEPOINT attempt; " : " UNION ALL ")
                    .append("SELECT ")
                    .append(i)
                    .append(", ")
                    .append(calls.get(i).sql());
        }
        List<Integer> refused = new ArrayList<>();
        try {
            owner.query(sql + "; RELEASE attempt", row -> row.getBoolean(2) || refused.add(row.getInt(1)));
        } catch (SQLException e) {
            owner.execute("ROLLBACK TO attempt; RELEASE attempt");
            if (calls.size() == 1) {
                omissions.accept(new Omission(calls.getFirst().object(), Session.reason(e)));
                return;
            }
            int half = calls.size() / 2;
            run(calls.subList(0, half));
            run(calls.subList(half, calls.size()));
            return;
        }
        for (int i : refused) {
            // It says false and warns; asked again, it warns of this call alone.
            String why = owner.warnings("SELECT " + calls.get(i).sql());
            omissions.accept(new Omission(calls.get(i).object(), why.isEmpty() ? "refused" : why));
        }
    }
}
