package dev.hone.twin;

import dev.hone.HoneException;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.Sql;
import dev.hone.postgres.Statistics.ColumnStatistics;
import dev.hone.twin.WhatIf.Between;
import dev.hone.twin.WhatIf.Every;
import dev.hone.twin.WhatIf.Hash;
import dev.hone.twin.WhatIf.Partitioned;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Tables pretended to be partitioned. The table itself is moved aside, and a partitioned one takes its name, so that
 * statements, and the views over it, need no other text. Rows and pages go to the partitions by the share that the
 * planner itself estimates for their bounds; so do the key's statistics, and those of other columns are taken to be
 * everywhere alike.
 */
final class HypotheticalPartitions {

    private static final int MOST_PARTITIONS = 1000;
    private static final int LONGEST_NAME = 55;

    /** The table as it is. */
    private record Table(
            long oid,
            String schema,
            String name,
            double tuples,
            int pages,
            int visiblePages,
            String path,
            String keyType,
            boolean keyNotNull) {
        String qualified() {
            return Sql.identifier(schema, name);
        }
    }

    /**
     * A partition to be.
     *
     * @param bound what follows {@code PARTITION OF parent}
     * @param condition which rows of the table it takes; empty for what no condition says
     */
    private record Part(String name, String bound, String condition, PartitionedKey.Place place) {}

    private record View(String name, String definition) {}

    private final TwinServer server;
    private final Session superuser;
    private final Session owner;
    private final Snapshot snapshot;
    private int made;

    HypotheticalPartitions(TwinServer server, Session superuser, Session owner, Snapshot snapshot) {
        this.server = server;
        this.superuser = superuser;
        this.owner = owner;
        this.snapshot = snapshot;
    }

    Assumption create(Twin twin, Partitioned whatIf) throws SQLException {
        Table table = table(whatIf);
        ColumnStatistics key = snapshot.statistics().columns().stream()
                .filter(row -> row.schema().equals(whatIf.schema())
                        && row.relation().equals(whatIf.table())
                        && row.column().equals(whatIf.column())
                        && !row.inherited()
                        && StatisticsCheck.problem(row).isEmpty())
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "nothing is known of " + Sql.identifier(whatIf.column()) + "; ANALYZE the table first"));
        List<Part> parts = parts(whatIf, table, key);
        List<Double> shares = shares(twin, whatIf, table, parts, key);
        List<WhatIf.NewIndex> indexes =
                WhatIfParser.indexes(superuser, "i.indisvalid AND i.indrelid = " + table.oid() + " ORDER BY c.oid");
        List<View> views = views(table);
        String aside = "hone_twin_aside_" + ++made;
        List<String> notes = new ArrayList<>();
        List<HypotheticalIndex> created = new ArrayList<>();
        Assumptions.Undo undo = () -> {
            created.reversed().forEach(twin::drop);
            putBack(table, views, aside);
        };
        replace(table, whatIf, parts, views, aside, notes);
        try {
            fill(table, whatIf, parts, shares, key);
            for (WhatIf.NewIndex index : indexes) {
                createIndex(twin, index.definition(), whatIf, created, notes);
            }
        } catch (SQLException | RuntimeException e) {
            undo.run();
            throw e;
        }
        return new Assumption(whatIf, null, notes, () -> Assumptions.undo(whatIf, undo));
    }

    private Table table(Partitioned whatIf) throws SQLException {
        return superuser
                .query(
                        "SELECT c.oid::bigint, c.reltuples, c.relpages, c.relallvisible, pg_relation_filepath(c.oid),"
                                + " format_type(a.atttypid, a.atttypmod), a.attnotnull FROM pg_class c JOIN pg_namespace n ON"
                                + " n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 WHERE"
                                + " c.relkind = 'r' AND NOT c.relispartition AND NOT c.relhassubclass AND n.nspname = "
                                + Sql.literal(whatIf.schema()) + " AND c.relname = " + Sql.literal(whatIf.table())
                                + " AND a.attname = " + Sql.literal(whatIf.column()),
                        row -> new Table(
                                row.getLong(1),
                                whatIf.schema(),
                                whatIf.table(),
                                Math.max(0, row.getDouble(2)),
                                row.getInt(3),
                                row.getInt(4),
                                row.getString(5),
                                row.getString(6),
                                row.getBoolean(7)))
                .stream()
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("the twin has no ordinary table of that name with a"
                        + " column " + Sql.identifier(whatIf.column())));
    }

    private List<Part> parts(Partitioned whatIf, Table table, ColumnStatistics key) throws SQLException {
        String column = Sql.identifier(whatIf.column());
        List<Part> parts = new ArrayList<>();
        switch (whatIf.scheme()) {
            case Hash hash -> {
                for (int i = 0; i < hash.partitions(); i++) {
                    parts.add(new Part(
                            name(table, i),
                            "FOR VALUES WITH (MODULUS " + hash.partitions() + ", REMAINDER " + i + ")",
                            "",
                            new PartitionedKey.Place(i, null, null)));
                }
            }
            case Every every -> {
                List<String> bounds = bounds(every.step(), table, key);
                for (int i = 1; i < bounds.size(); i++) {
                    parts.add(range(table, column, i, bounds.get(i - 1), bounds.get(i)));
                }
                if (!table.keyNotNull()) {
                    parts.add(new Part(
                            name(table, bounds.size()),
                            "DEFAULT",
                            column + " IS NULL",
                            new PartitionedKey.Place(-1, null, null)));
                }
            }
            case Between between -> {
                List<String> bounds = between.bounds();
                for (int i = 0; i <= bounds.size(); i++) {
                    parts.add(range(
                            table,
                            column,
                            i,
                            i == 0 ? null : bounds.get(i - 1),
                            i == bounds.size() ? null : bounds.get(i)));
                }
                if (!table.keyNotNull()) {
                    parts.add(new Part(
                            name(table, bounds.size() + 1),
                            "DEFAULT",
                            column + " IS NULL",
                            new PartitionedKey.Place(-1, null, null)));
                }
            }
        }
        if (parts.size() > MOST_PARTITIONS) {
            throw new IllegalArgumentException("that makes more than " + MOST_PARTITIONS + " partitions");
        }
        return parts;
    }

    private static Part range(Table table, String column, int bucket, @Nullable String from, @Nullable String to) {
        List<String> conditions = new ArrayList<>();
        if (from != null) {
            conditions.add(column + " >= " + Sql.literal(from) + "::" + table.keyType());
        }
        if (to != null) {
            conditions.add(column + " < " + Sql.literal(to) + "::" + table.keyType());
        }
        return new Part(
                name(table, bucket),
                "FOR VALUES FROM (" + (from == null ? "MINVALUE" : Sql.literal(from)) + ") TO ("
                        + (to == null ? "MAXVALUE" : Sql.literal(to)) + ")",
                String.join(" AND ", conditions),
                new PartitionedKey.Place(bucket, from, to));
    }

    private static String name(Table table, int number) {
        String start = table.name();
        while (start.getBytes(StandardCharsets.UTF_8).length > LONGEST_NAME) {
            start = start.substring(0, start.offsetByCodePoints(start.length(), -1));
        }
        return start + "_p" + number;
    }

    /** Bounds at round values, from the least known value to beyond the greatest. */
    private List<String> bounds(String step, Table table, ColumnStatistics key) throws SQLException {
        List<String> values = new ArrayList<>();
        if (key.mostCommonValues() != null) {
            values.addAll(ArrayText.parse(key.mostCommonValues()));
        }
        if (key.histogramBounds() != null) {
            values.addAll(ArrayText.parse(key.histogramBounds()));
        }
        String type = table.keyType();
        String kind = type.toLowerCase(Locale.ROOT);
        String extremes = "(SELECT min(v::" + type + ") AS least, max(v::" + type + ") AS most FROM unnest(ARRAY["
                + values.stream().map(Sql::literal).collect(Collectors.joining(", ")) + "]::text[]) v) x";
        String interval = Sql.literal(step) + "::interval";
        String series;
        if (kind.startsWith("timestamp") || kind.equals("date")) {
            String instant = kind.equals("date") ? "timestamp" : type;
            series = "SELECT s::" + type + "::text FROM " + extremes + ", generate_series(date_trunc(CASE WHEN "
                    + interval
                    + " >= '1 year' THEN 'year' WHEN " + interval + " >= '1 month' THEN 'month' WHEN " + interval
                    + " >= '7 days' THEN 'week' WHEN " + interval + " >= '1 day' THEN 'day' WHEN " + interval
                    + " >= '1 hour' THEN 'hour' ELSE 'minute' END, least::" + instant + "), most::" + instant + " + "
                    + interval + ", " + interval + ") s";
        } else if (kind.matches("(smallint|integer|bigint|numeric.*)")) {
            String number = Sql.literal(step) + "::numeric";
            series = "SELECT s::" + type + "::text FROM " + extremes + ", generate_series(floor(least::numeric / "
                    + number + ") * " + number + ", most::numeric + " + number + ", " + number + ") s";
        } else {
            throw new IllegalArgumentException("EVERY is for times and numbers, not " + type + "; give bounds AT (…)");
        }
        List<String> bounds = owner.query(
                "SELECT * FROM (" + series + ") q(bound) LIMIT " + (MOST_PARTITIONS + 2), row -> row.getString(1));
        if (bounds.size() < 2) {
            throw new IllegalArgumentException("nothing is known of the least and the greatest value");
        }
        return bounds;
    }

    /** What share of the rows each takes, by the planner's own estimate. */
    private List<Double> shares(Twin twin, Partitioned whatIf, Table table, List<Part> parts, ColumnStatistics key)
            throws SQLException {
        if (whatIf.scheme() instanceof Hash) {
            return new PartitionedKey(owner, table.keyType(), key).hashShares(parts.size());
        }
        List<Double> rows = new ArrayList<>();
        for (Part part : parts) {
            String where = part.condition().isEmpty() ? "" : " WHERE " + part.condition();
            rows.add(twin.explain("SELECT 1 FROM ONLY " + table.qualified() + where)
                    .root()
                    .rows());
        }
        double sum = rows.stream().mapToDouble(Double::doubleValue).sum();
        return rows.stream().map(count -> count / Math.max(1, sum)).toList();
    }

    private List<View> views(Table table) throws SQLException {
        return superuser.query(
                "SELECT DISTINCT format('%I.%I', n.nspname, v.relname), pg_get_viewdef(v.oid) FROM pg_depend d JOIN pg_rewrite"
                        + " r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass JOIN pg_class v ON v.oid ="
                        + " r.ev_class AND v.relkind = 'v' JOIN pg_namespace n ON n.oid = v.relnamespace WHERE"
                        + " d.refclassid = 'pg_class'::regclass AND d.refobjid = " + table.oid(),
                row -> new View(row.getString(1), row.getString(2)));
    }

    /** Moves the table aside and makes the partitioned one, empty. */
    private void replace(
            Table table, Partitioned whatIf, List<Part> parts, List<View> views, String aside, List<String> notes)
            throws SQLException {
        String old = Sql.identifier(aside, table.name());
        List<String> foreignKeys = superuser.query(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND conrelid = " + table.oid(),
                row -> row.getString(1));
        superuser.query(
                "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND confrelid = " + table.oid()
                        + " HAVING count(*) > 0",
                row -> notes.add("Foreign keys to " + table.qualified()
                        + " are not taken into account: on a partitioned table they need a key that includes "
                        + Sql.identifier(whatIf.column()) + "."));
        String kind = whatIf.scheme() instanceof Hash ? "HASH" : "RANGE";
        StringBuilder sql = new StringBuilder("BEGIN READ WRITE; SET LOCAL check_function_bodies = off; CREATE SCHEMA ")
                .append(aside)
                .append("; ALTER TABLE ")
                .append(table.qualified())
                .append(" SET SCHEMA ")
                .append(aside)
                .append("; CREATE TABLE ")
                .append(table.qualified())
                .append(" (LIKE ")
                .append(old)
                .append(" INCLUDING GENERATED INCLUDING CONSTRAINTS) PARTITION BY ")
                .append(kind)
                .append(" (")
                .append(Sql.identifier(whatIf.column()))
                .append(')');
        for (Part part : parts) {
            sql.append("; CREATE TABLE ")
                    .append(Sql.identifier(table.schema(), part.name()))
                    .append(" PARTITION OF ")
                    .append(table.qualified())
                    .append(' ')
                    .append(part.bound());
        }
        for (String foreignKey : foreignKeys) {
            sql.append("; ALTER TABLE ")
                    .append(table.qualified())
                    .append(" ADD ")
                    .append(foreignKey);
        }
        for (View view : views) {
            sql.append("; CREATE OR REPLACE VIEW ")
                    .append(view.name())
                    .append(" AS ")
                    .append(view.definition());
        }
        try {
            owner.execute(sql.append("; COMMIT").toString());
        } catch (SQLException e) {
            owner.execute("ROLLBACK");
            throw e;
        }
    }

    private void putBack(Table table, List<View> views, String aside) throws SQLException {
        String gone = aside + "_gone";
        StringBuilder sql = new StringBuilder("BEGIN READ WRITE; CREATE SCHEMA ")
                .append(gone)
                .append("; ALTER TABLE ")
                .append(table.qualified())
                .append(" SET SCHEMA ")
                .append(gone)
                .append("; ALTER TABLE ")
                .append(Sql.identifier(aside, table.name()))
                .append(" SET SCHEMA ")
                .append(Sql.identifier(table.schema()));
        for (View view : views) {
            sql.append("; CREATE OR REPLACE VIEW ")
                    .append(view.name())
                    .append(" AS ")
                    .append(view.definition());
        }
        owner.execute(sql.append("; DROP SCHEMA ")
                .append(gone)
                .append(" CASCADE; DROP SCHEMA ")
                .append(aside)
                .append("; COMMIT")
                .toString());
    }

    /**
     * The probability that a partition has none of so many rows of a value: what is left of the whole to that power, which
     * PostgreSQL refuses to reckon out where it comes to nothing.
     */
    private static String missing(String rows) {
        return "CASE WHEN p.share >= 1 THEN 0 ELSE exp(greatest(-700, " + rows + " * ln(1 - p.share))) END";
    }

    /** Gives the partitions rows, pages and statistics. */
    private void fill(Table table, Partitioned whatIf, List<Part> parts, List<Double> shares, ColumnStatistics key)
            throws SQLException {
        long currentPages;
        try {
            currentPages = server.file(table.path()).pages();
        } catch (IOException e) {
            throw Twin.unchecked(e);
        }
        StringBuilder values = new StringBuilder();
        for (int i = 0; i < parts.size(); i++) {
            values.append(i == 0 ? "" : ", ")
                    .append("(")
                    .append(Sql.literal(
                            Sql.identifier(table.schema(), parts.get(i).name())))
                    .append("::regclass, ")
                    .append(shares.get(i))
                    .append("::float8)");
        }
        String partitions = "(VALUES " + values + ") p(relation, share)";
        String columns = superuser
                .text(
                        "SELECT string_agg('s.' || quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid ="
                                + " 'pg_statistic'::regclass AND attnum > 6")
                .orElseThrow();
        String old = table.oid() + "::oid";
        double tuples = Math.max(1, table.tuples());
        // An average of values drawn from a share of the rows: what is rare may not be among them.
        String distinct = "CASE WHEN s.stadistinct > 0 THEN greatest(1, s.stadistinct * (1 - "
                + missing("greatest(1, " + tuples + " / s.stadistinct)")
                + ")) WHEN s.stadistinct < 0 AND p.share > 0 THEN -least(1, -s.stadistinct * (1 - "
                + missing("1 / -s.stadistinct") + ") / p.share) ELSE s.stadistinct END";
        superuser.execute("UPDATE pg_class c SET reltuples = ceil(" + tuples + " * p.share), relpages = ceil("
                + table.pages() + " * p.share), relallvisible = floor(" + table.visiblePages()
                + " * p.share) FROM " + partitions + " WHERE c.oid = p.relation; UPDATE pg_class SET reltuples = "
                + tuples + ", relpages = -1 WHERE oid = " + Sql.literal(table.qualified()) + "::regclass"
                + "; INSERT INTO pg_statistic SELECT " + Sql.literal(table.qualified())
                + "::regclass, s.staattnum, true, s.stanullfrac, s.stawidth, s.stadistinct, " + columns
                + " FROM pg_statistic s WHERE s.starelid = " + old + " AND NOT s.stainherit"
                + "; INSERT INTO pg_statistic SELECT p.relation, s.staattnum, false, s.stanullfrac, s.stawidth, "
                + distinct
                + ", " + columns + " FROM pg_statistic s JOIN pg_attribute a ON a.attrelid = s.starelid AND a.attnum ="
                + " s.staattnum CROSS JOIN " + partitions + " WHERE s.starelid = " + old
                + " AND NOT s.stainherit AND a.attname <> " + Sql.literal(whatIf.column()));
        List<ColumnStatistics> keys = new PartitionedKey(owner, table.keyType(), key)
                .split(
                        parts.stream().map(Part::place).toList(),
                        shares,
                        tuples,
                        table.schema(),
                        parts.stream().map(Part::name).toList(),
                        whatIf.scheme() instanceof Hash);
        List<Omission> failures = new ArrayList<>();
        StatisticsRestorer.of(superuser, owner, failures::add)
                .restore(keys.stream()
                        .map(row -> new StatisticsRestorer.Entry(row, whatIf.column(), 0))
                        .toList());
        if (!failures.isEmpty()) {
            throw new SQLException(failures.getFirst().reason());
        }
        for (int i = 0; i < parts.size(); i++) {
            String path = superuser
                    .text("SELECT pg_relation_filepath("
                            + Sql.literal(
                                    Sql.identifier(table.schema(), parts.get(i).name())) + "::regclass)")
                    .orElseThrow();
            try {
                server.file(path).extendTo((long) Math.ceil(currentPages * shares.get(i)));
            } catch (IOException e) {
                throw Twin.unchecked(e);
            }
        }
    }

    private static void createIndex(
            Twin twin, CreateIndex index, Partitioned whatIf, List<HypotheticalIndex> created, List<String> notes) {
        boolean withKey = index.keys().stream().anyMatch(key -> isColumn(key, whatIf.column()));
        CreateIndex divided = new CreateIndex(
                index.schema(),
                index.table(),
                index.name(),
                index.unique() && withKey,
                index.method(),
                index.keys(),
                index.include(),
                index.predicate());
        if (index.unique() && !withKey) {
            notes.add("The unique index " + Sql.identifier(index.name()) + " cannot be unique over all partitions"
                    + " without " + Sql.identifier(whatIf.column()) + " in it; planned as an index that is not.");
        }
        try {
            created.add(twin.create(divided));
        } catch (HoneException e) {
            notes.add("Without index " + Sql.identifier(index.name()) + ": " + e.getMessage());
        }
    }

    private static boolean isColumn(String key, String column) {
        return key.equals(column)
                || key.equals(Sql.identifier(column))
                || key.startsWith(column + " ")
                || key.startsWith(Sql.identifier(column) + " ");
    }
}
