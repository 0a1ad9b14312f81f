package dev.hone.twin;

import dev.hone.postgres.Catalog;
import dev.hone.postgres.Catalog.Column;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.Sql;
import dev.hone.postgres.Statistics.ColumnStatistics;
import dev.hone.postgres.Statistics.ExpressionStatistics;
import dev.hone.postgres.Statistics.ExtendedStatistics;
import dev.hone.twin.StatisticsRestorer.Entry;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Gives the twin's statistics objects their data. PostgreSQL up to 18 has no function for it: the images enter through casts
 * that exist only in one transaction, and expression statistics through the ordinary ones of a scratch table that has
 * the expressions for columns.
 */
final class ExtendedStatisticsRestorer {

    static final String SCRATCH_SCHEMA = "hone_twin_scratch";

    private static final List<String> CASTS =
            List.of("bytea AS pg_ndistinct", "bytea AS pg_dependencies", "bytea AS pg_mcv_list", "numeric AS bytea");

    /** A statistics object of the twin: its columns' names and types in order, then its expressions' types. */
    private record Target(long oid, String table, Map<String, Integer> numbers, List<String> names) {}

    private record Named(String name, CommonValues.Type type) {}

    private final Session superuser;
    private final Session owner;
    private final Snapshot snapshot;
    private final Consumer<Omission> omissions;
    private int scratchTables;

    ExtendedStatisticsRestorer(Session superuser, Session owner, Snapshot snapshot, Consumer<Omission> omissions) {
        this.superuser = superuser;
        this.owner = owner;
        this.snapshot = snapshot;
        this.omissions = omissions;
    }

    void restore() throws SQLException {
        if (snapshot.statistics().extended().isEmpty()) {
            return;
        }
        superuser.execute("BEGIN");
        for (String cast : CASTS) {
            superuser.execute("CREATE CAST (" + cast + ") WITHOUT FUNCTION");
        }
        for (ExtendedStatistics row : snapshot.statistics().extended()) {
            superuser.execute("SAVEPOINT object");
            try {
                restore(row);
            } catch (SQLException e) {
                superuser.execute("ROLLBACK TO object");
                omit(row, "its data", Session.reason(e));
            }
        }
        for (String cast : CASTS) {
            superuser.execute("DROP CAST (" + cast + ")");
        }
        superuser.execute("COMMIT");
    }

    private void restore(ExtendedStatistics row) throws SQLException {
        Catalog.StatisticsObject definition = snapshot.catalog().statisticsObjects().stream()
                .filter(object ->
                        object.schema().equals(row.schema()) && object.name().equals(row.name()))
                .findFirst()
                .orElse(null);
        Target target = definition == null ? null : target(row);
        if (definition == null || target == null) {
            return;
        }
        Map<Integer, String> sourceNames = snapshot.catalog().columns().stream()
                .filter(column -> column.relation() == definition.relation())
                .collect(Collectors.toMap(Column::number, Column::name, (a, b) -> a));
        java.util.function.IntUnaryOperator renumber =
                number -> target.numbers().getOrDefault(Objects.requireNonNullElse(sourceNames.get(number), ""), 0);
        String distinct = orNull(row, "number of distinct combinations", () -> {
            String image = row.distinct();
            return image == null ? null : StatisticsImage.distinct(image, renumber);
        });
        String dependencies = orNull(row, "functional dependencies", () -> {
            String image = row.dependencies();
            return image == null ? null : StatisticsImage.dependencies(image, renumber);
        });
        Optional<String> scratch = scratch(row, target);
        String common = orNull(row, "most common values", () -> commonValues(row, target, scratch.orElse(null)));
        String expressions = "NULL";
        if (scratch.isPresent() && expressionStatistics(row, scratch.get())) {
            expressions =
                    "(SELECT array_agg(ROW(0, 0, false, " + restOfStatistic() + ")::pg_statistic ORDER BY staattnum)"
                            + " FROM pg_statistic WHERE starelid = '" + scratch.get() + "'::regclass)";
        }
        // Of a parent alone and with its children came with version 15, expressions with 14.
        boolean inheritable = superuser.version().isAtLeast(15);
        boolean expressible = superuser.version().isAtLeast(14);
        superuser.execute("DELETE FROM pg_statistic_ext_data WHERE stxoid = " + target.oid()
                + (inheritable ? " AND stxdinherit = " + row.inherited() : "")
                + "; INSERT INTO pg_statistic_ext_data (stxoid, stxdndistinct, stxddependencies, stxdmcv"
                + (inheritable ? ", stxdinherit" : "") + (expressible ? ", stxdexpr" : "") + ") VALUES ("
                + target.oid() + ", " + bytes(distinct) + "::pg_ndistinct, " + bytes(dependencies)
                + "::pg_dependencies, " + bytes(common) + "::pg_mcv_list"
                + (inheritable ? ", " + row.inherited() : "") + (expressible ? ", " + expressions : "") + ")");
    }

    private @Nullable Target target(ExtendedStatistics row) throws SQLException {
        List<Target> found = superuser.query(
                "SELECT s.oid::bigint, format('%I.%I', n.nspname, c.relname), c.oid::bigint FROM pg_statistic_ext s JOIN"
                        + " pg_class c ON c.oid = s.stxrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE"
                        + " s.stxname = " + Sql.literal(row.name()) + " AND s.stxnamespace = (SELECT oid FROM"
                        + " pg_namespace WHERE nspname = " + Sql.literal(row.schema()) + ")",
                result -> new Target(result.getLong(1), result.getString(2), Map.of(), List.of()));
        if (found.isEmpty()) {
            return null;
        }
        Target target = found.getFirst();
        Map<String, Integer> numbers = superuser
                .query(
                        "SELECT attname, attnum::int FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped AND attrelid ="
                                + " (SELECT stxrelid FROM pg_statistic_ext WHERE oid = " + target.oid() + ")",
                        result -> Map.entry(result.getString(1), result.getInt(2)))
                .stream()
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
        List<String> names = superuser.query(
                "SELECT a.attname FROM pg_statistic_ext s, unnest(s.stxkeys::int2[]) WITH ORDINALITY k(number, place) JOIN"
                        + " pg_attribute a ON a.attnum = k.number WHERE s.oid = " + target.oid()
                        + " AND a.attrelid = s.stxrelid ORDER BY k.place",
                result -> result.getString(1));
        return new Target(target.oid(), target.table(), numbers, names);
    }

    /** A table that has the object's expressions for columns; empty if it has none. */
    private Optional<String> scratch(ExtendedStatistics row, Target target) throws SQLException {
        if (row.expressions().isEmpty()) {
            return Optional.empty();
        }
        String table = SCRATCH_SCHEMA + ".s" + scratchTables++;
        List<String> columns = new ArrayList<>();
        for (String expression : row.expressions()) {
            columns.add("(" + expression + ") AS e" + columns.size());
        }
        owner.execute("CREATE TABLE " + table + " AS SELECT " + String.join(", ", columns) + " FROM " + target.table()
                + " WITH NO DATA");
        return Optional.of(table);
    }

    /** Restores the statistics of all expressions of the object on the scratch table; whether all have some. */
    private boolean expressionStatistics(ExtendedStatistics row, String scratch) throws SQLException {
        AtomicBoolean complete = new AtomicBoolean(true);
        StatisticsRestorer restorer = StatisticsRestorer.of(superuser, owner, omission -> {
            complete.set(false);
            omit(row, "expression statistics", omission.reason());
        });
        String table = scratch.substring(SCRATCH_SCHEMA.length() + 1);
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < row.expressions().size(); i++) {
            String expression = row.expressions().get(i);
            Optional<ExpressionStatistics> known = snapshot.statistics().expressions().stream()
                    .filter(e -> e.schema().equals(row.schema())
                            && e.name().equals(row.name())
                            && e.inherited() == row.inherited()
                            && e.expression().equals(expression))
                    .findFirst();
            Optional<ColumnStatistics> columnRow = known.flatMap(e -> asColumn(e, table));
            if (columnRow.isEmpty()) {
                complete.set(false);
            } else {
                entries.add(new Entry(columnRow.get(), "e" + i, 0));
            }
        }
        restorer.restore(entries);
        return complete.get();
    }

    private static Optional<ColumnStatistics> asColumn(ExpressionStatistics row, String table) {
        Float nulls = row.nullFraction();
        Float distinct = row.distinct();
        Integer width = row.averageWidth();
        if (nulls == null || distinct == null || width == null) {
            return Optional.empty();
        }
        return Optional.of(new ColumnStatistics(
                SCRATCH_SCHEMA,
                table,
                row.expression(),
                false,
                nulls,
                width,
                distinct,
                row.mostCommonValues(),
                row.mostCommonFrequencies(),
                row.histogramBounds(),
                row.correlation(),
                row.mostCommonElements(),
                row.mostCommonElementFrequencies(),
                row.elementCountHistogram(),
                null,
                null,
                null));
    }

    private @Nullable String commonValues(ExtendedStatistics row, Target target, @Nullable String scratch)
            throws SQLException {
        if (row.mostCommonValues() == null) {
            return null;
        }
        List<CommonValues.Type> types = new ArrayList<>();
        List<Integer> order = new ArrayList<>();
        Map<String, CommonValues.Type> columns = types(target.table());
        for (String name : target.names()) {
            CommonValues.Type type = columns.get(name);
            int position = row.columns().indexOf(name);
            if (type == null || position < 0) {
                throw new IllegalArgumentException("a column is not in the twin: " + name);
            }
            types.add(type);
            order.add(position);
        }
        if (scratch != null) {
            Map<String, CommonValues.Type> expressions = types(scratch);
            for (int i = 0; i < row.expressions().size(); i++) {
                types.add(Objects.requireNonNull(expressions.get("e" + i)));
                order.add(row.columns().size() + i);
            }
        }
        return CommonValues.image(superuser, row, types, order);
    }

    private Map<String, CommonValues.Type> types(String table) throws SQLException {
        return superuser
                .query(
                        "SELECT a.attname, t.oid::bigint, t.typname, t.typtype::text, t.typlen, t.typbyval FROM"
                                + " pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attnum > 0 AND NOT"
                                + " a.attisdropped AND a.attrelid = " + Sql.literal(table) + "::regclass",
                        row -> new Named(
                                row.getString(1),
                                new CommonValues.Type(
                                        row.getLong(2),
                                        row.getString(3),
                                        row.getString(4),
                                        row.getInt(5),
                                        row.getBoolean(6))))
                .stream()
                .collect(Collectors.toMap(Named::name, Named::type));
    }

    private String restOfStatistic() throws SQLException {
        return superuser
                .text("SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid ="
                        + " 'pg_statistic'::regclass AND attnum > 3")
                .orElseThrow();
    }

    @FunctionalInterface
    private interface Image {
        @Nullable String make() throws SQLException;
    }

    /** A part that cannot be had does not keep the others out. */
    private @Nullable String orNull(ExtendedStatistics row, String part, Image image) throws SQLException {
        superuser.execute("SAVEPOINT part");
        try {
            return image.make();
        } catch (IllegalArgumentException e) {
            omit(row, part, String.valueOf(e.getMessage()));
        } catch (SQLException e) {
            superuser.execute("ROLLBACK TO part");
            omit(row, part, Session.reason(e));
        }
        return null;
    }

    private void omit(ExtendedStatistics row, String part, String reason) {
        omissions.accept(new Omission("statistics " + Sql.identifier(row.schema(), row.name()) + ", " + part, reason));
    }

    private static String bytes(@Nullable String hex) {
        return hex == null ? "NULL::bytea" : "'\\x" + hex + "'::bytea";
    }
}
