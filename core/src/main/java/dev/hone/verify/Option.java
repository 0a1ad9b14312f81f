package dev.hone.verify;

import dev.hone.change.AlterColumnStatistics;
import dev.hone.change.AlterSetting;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Sql;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** What there is to be tried. */
sealed interface Option {

    /** What it really takes. */
    default long bytes() {
        return 0;
    }

    /** Whether it may change what a call does that touches these tables, each qualified and quoted. */
    boolean concerns(Set<String> tables);

    /**
     * An index that was built.
     *
     * @param wanted what it stands for
     * @param name it has where it was built, unquoted
     * @param oid of the index
     * @param table oid of the table
     * @param bytes what it really takes
     */
    record Index(CreateIndex wanted, String name, long oid, long table, long bytes) implements Option {

        /** Its name as SQL. */
        String subject() {
            return Sql.identifier(wanted.schema(), name);
        }

        @Override
        public boolean concerns(Set<String> tables) {
            return tables.contains(Sql.identifier(wanted.schema(), wanted.table()));
        }
    }

    /**
     * A number of different values that the planner may be told.
     *
     * @param told the number, as pg_stats has it
     * @param estimated what ANALYZE found
     * @param column its number in the table
     * @param table oid of the table
     */
    record Distinct(AlterColumnStatistics change, double told, double estimated, int column, long table)
            implements Option {

        @Override
        public boolean concerns(Set<String> tables) {
            return tables.contains(Sql.identifier(change.schema(), change.table()));
        }
    }

    /**
     * A cost that the planner may reckon with.
     *
     * @param value in the place of what holds now
     * @param now what holds
     */
    record Cost(String name, String value, String now) implements Option {

        AlterSetting change(String database) {
            return AlterSetting.ofDatabase(database, name, value);
        }

        @Override
        public boolean concerns(Set<String> tables) {
            return true;
        }
    }

    static List<Index> indexes(List<Option> some) {
        return some.stream()
                .filter(Index.class::isInstance)
                .map(Index.class::cast)
                .toList();
    }

    /**
     * Tells the planner the numbers, or takes back what it was told, as ANALYZE would; needs a superuser.
     *
     * @return empty if there are no numbers among them
     */
    static String telling(List<Option> some, boolean visible) {
        StringBuilder sql = new StringBuilder();
        for (Option one : some) {
            if (one instanceof Distinct number) {
                sql.append("UPDATE pg_catalog.pg_statistic SET stadistinct = ")
                        .append(visible ? number.told() : number.estimated())
                        .append(" WHERE NOT stainherit AND starelid = ")
                        .append(number.table())
                        .append(" AND staattnum = ")
                        .append(number.column())
                        .append("; ");
            }
        }
        return sql.toString();
    }

    /** The costs, as statements for one transaction; where one is given twice, the last holds. */
    static String settings(List<Option> some) {
        return some.stream()
                .filter(Cost.class::isInstance)
                .map(Cost.class::cast)
                .map(cost -> "SET LOCAL " + Sql.identifier(cost.name()) + " = " + Sql.literal(cost.value()) + ";")
                .collect(Collectors.joining(" "));
    }

    /**
     * Marks indexes so that the planner does not see them, or sees them again; needs a superuser.
     *
     * @param upkeep whether writing statements are to do without them too. The list of a table's indexes is cached with the
     *     table, which must therefore seem to have changed.
     */
    static String flags(List<Index> indexes, boolean visible, boolean upkeep) {
        String oids = indexes.stream().map(index -> Long.toString(index.oid())).collect(Collectors.joining(", "));
        String tables = indexes.stream()
                .map(index -> Long.toString(index.table()))
                .distinct()
                .collect(Collectors.joining(", "));
        return "UPDATE pg_catalog.pg_index SET indisvalid = " + visible
                + (upkeep ? ", indisready = " + visible + ", indislive = " + visible : "") + " WHERE indexrelid IN ("
                + oids + ")"
                + (upkeep ? "; UPDATE pg_catalog.pg_class SET relname = relname WHERE oid IN (" + tables + ")" : "");
    }
}
