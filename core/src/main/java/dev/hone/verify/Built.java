package dev.hone.verify;

import dev.hone.change.AlterColumnStatistics;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Sql;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What there is to be tried: an index that was built, or a number of different values that the planner may be told.
 *
 * @param index what it stands for; null if it is no index
 * @param distinct the number to be told; null if it is an index
 * @param estimated the number that ANALYZE found, as pg_stats has it; 0 for an index
 * @param name of the index where it was built, unquoted; empty for a number
 * @param oid of the index; for a number, that of the column in its table
 * @param table oid of the table
 * @param bytes what it really takes
 */
record Built(
        @Nullable CreateIndex index,
        @Nullable AlterColumnStatistics distinct,
        double estimated,
        String name,
        long oid,
        long table,
        long bytes) {

    Built {
        if ((index == null) == (distinct == null)) {
            throw new IllegalArgumentException("either an index or a number");
        }
    }

    static Built of(CreateIndex wanted, String name, long oid, long table, long bytes) {
        return new Built(wanted, null, 0, name, oid, table, bytes);
    }

    static Built of(AlterColumnStatistics wanted, double estimated, long column, long table) {
        return new Built(null, wanted, estimated, "", column, table, 0);
    }

    /** Qualified and quoted name of its table. */
    String on() {
        if (index != null) {
            return Sql.identifier(index.schema(), index.table());
        }
        return distinct == null ? "" : Sql.identifier(distinct.schema(), distinct.table());
    }

    static List<Built> indexes(List<Built> some) {
        return some.stream().filter(one -> one.index() != null).toList();
    }

    /**
     * Tells the planner the numbers, or takes back what it was told, as ANALYZE would; needs a superuser.
     *
     * @return empty if there are no numbers among them
     */
    static String telling(List<Built> some, boolean visible) {
        StringBuilder sql = new StringBuilder();
        for (Built one : some) {
            Double told = one.distinct() == null ? null : one.distinct().distinct();
            if (told != null) {
                sql.append("UPDATE pg_catalog.pg_statistic SET stadistinct = ")
                        .append(visible ? told.doubleValue() : one.estimated())
                        .append(" WHERE NOT stainherit AND starelid = ")
                        .append(one.table())
                        .append(" AND staattnum = ")
                        .append(one.oid())
                        .append("; ");
            }
        }
        return sql.toString();
    }

    /** The oids, with commas. */
    static String oids(List<Built> indexes) {
        return indexes.stream().map(index -> Long.toString(index.oid())).collect(Collectors.joining(", "));
    }

    /** The oids of their tables, with commas. */
    static String tables(List<Built> indexes) {
        return indexes.stream()
                .map(index -> Long.toString(index.table()))
                .distinct()
                .collect(Collectors.joining(", "));
    }
}
