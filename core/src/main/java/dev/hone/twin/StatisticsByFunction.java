package dev.hone.twin;

import dev.hone.postgres.Catalog.Relation;
import dev.hone.postgres.ServerVersion;
import dev.hone.postgres.Sql;
import dev.hone.postgres.Statistics.ColumnStatistics;
import dev.hone.twin.TwinRelation.Name;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * From version 18 on: {@code pg_restore_relation_stats} and {@code pg_restore_attribute_stats}, which a table's owner
 * may call and which check much of what they are given.
 */
final class StatisticsByFunction extends StatisticsRestorer {

    private static final int BATCH = 100;

    /** A call, and whose statistics it restores. */
    private record Call(String object, String sql) {}

    private final ServerVersion version;
    private final Session owner;

    StatisticsByFunction(ServerVersion version, Session owner, Consumer<Omission> omissions) {
        super(omissions);
        this.version = version;
        this.owner = owner;
    }

    @Override
    void writeSizes(List<Relation> relations, Map<Name, TwinRelation> twin) throws SQLException {
        run(relations.stream().map(this::relationCall).toList());
    }

    @Override
    void writeColumns(List<Entry> entries) throws SQLException {
        run(entries.stream()
                .map(entry -> new Call(entry.object(), attributeCall(entry)))
                .toList());
    }

    private Call relationCall(Relation relation) {
        int frozen = Math.clamp(relation.allFrozenPages(), 0, pages(relation));
        return new Call(
                size(relation),
                "pg_restore_relation_stats(" + head(relation.schema(), relation.name()) + ", 'relpages', "
                        + pages(relation) + "::int, 'reltuples', '" + relation.tuples()
                        + "'::real, 'relallvisible', " + allVisible(relation) + "::int, 'relallfrozen', " + frozen
                        + "::int)");
    }

    private String attributeCall(Entry entry) {
        ColumnStatistics row = entry.row();
        StringBuilder sql = new StringBuilder("pg_restore_attribute_stats(")
                .append(head(row.schema(), row.relation()))
                .append(
                        entry.number() > 0
                                ? ", 'attnum', " + entry.number() + "::int2"
                                : ", 'attname', " + Sql.literal(entry.column()) + "::text")
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
        return sql.append(')').toString();
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

    private void run(List<Call> calls) throws SQLException {
        owner.execute("BEGIN READ WRITE");
        try {
            for (int from = 0; from < calls.size(); from += BATCH) {
                attempt(calls.subList(from, Math.min(calls.size(), from + BATCH)));
            }
            owner.execute("COMMIT");
        } catch (SQLException e) {
            owner.execute("ROLLBACK");
            throw e;
        }
    }

    /** Many calls in one statement; where one raises an error, each half alone. */
    private void attempt(List<Call> calls) throws SQLException {
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
                omit(calls.getFirst().object(), Session.reason(e));
                return;
            }
            int half = calls.size() / 2;
            attempt(calls.subList(0, half));
            attempt(calls.subList(half, calls.size()));
            return;
        }
        for (int i : refused) {
            // It says false and warns; asked again, it warns of this call alone.
            String why = owner.warnings("SELECT " + calls.get(i).sql());
            omit(calls.get(i).object(), why.isEmpty() ? "refused" : why);
        }
    }
}
