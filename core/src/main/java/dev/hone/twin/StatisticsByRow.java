package dev.hone.twin;

import dev.hone.postgres.Catalog.Relation;
import dev.hone.postgres.Sql;
import dev.hone.postgres.Statistics.ColumnStatistics;
import dev.hone.twin.Session.Step;
import dev.hone.twin.TwinRelation.Name;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Before version 18, which has functions for it: rows of pg_class and pg_statistic as ANALYZE would write them. The
 * unprivileged owner turns the source's texts into values, since a type of the source may run code of the source; the
 * superuser then only moves finished rows.
 */
final class StatisticsByRow extends StatisticsRestorer {

    /** Slots in a row of pg_statistic, and their kinds as pg_statistic.h numbers them. */
    private static final int SLOTS = 5;

    private static final int MOST_COMMON_VALUES = 1;
    private static final int HISTOGRAM = 2;
    private static final int CORRELATION = 3;
    private static final int MOST_COMMON_ELEMENTS = 4;
    private static final int ELEMENT_COUNT_HISTOGRAM = 5;
    private static final int RANGE_LENGTH_HISTOGRAM = 6;
    private static final int RANGE_BOUNDS_HISTOGRAM = 7;

    private static final int BATCH = 500;
    private static final long TEXT = 25;
    private static final long FLOAT8 = 701;
    private static final long FLOAT8_LESS = 672;
    private static final long DEFAULT_COLLATION = 100;

    /** A column by its place in the catalogs. */
    private record Place(Name relation, String name, int number, long oid, long type, int modifier, long collation) {}

    /**
     * What ANALYZE knows of a type, domains being their base types.
     *
     * @param element type of an array's elements, or 0
     * @param range type of a multirange's ranges, or 0
     * @param less operator, or 0 if it has no order
     * @param equal operator, or 0
     */
    private record Type(long oid, String name, String kind, long element, long range, long less, long equal) {

        boolean isRange() {
            return kind.equals("r") || kind.equals("m");
        }
    }

    private record Slot(int kind, long operator, long collation, String numbers, String values) {

        static final Slot EMPTY = new Slot(0, 0, 0, "NULL", "NULL");
    }

    private final Session superuser;
    private final Session owner;
    private final Map<Long, Type> types = new HashMap<>();

    StatisticsByRow(Session superuser, Session owner, Consumer<Omission> omissions) {
        super(omissions);
        this.superuser = superuser;
        this.owner = owner;
    }

    @Override
    void writeSizes(List<Relation> relations, Map<Name, TwinRelation> twin) throws SQLException {
        for (int from = 0; from < relations.size(); from += BATCH) {
            superuser.execute(relations.subList(from, Math.min(relations.size(), from + BATCH)).stream()
                    .map(relation -> "UPDATE pg_class SET relpages = " + pages(relation) + ", reltuples = '"
                            + relation.tuples() + "'::float8::real, relallvisible = " + allVisible(relation)
                            + " WHERE oid = "
                            + Objects.requireNonNull(twin.get(new Name(relation.schema(), relation.name())))
                                    .oid())
                    .collect(Collectors.joining(";\n")));
        }
    }

    @Override
    void writeColumns(List<Entry> entries) throws SQLException {
        Map<Name, List<Place>> places = places(entries);
        List<Step> steps = new ArrayList<>();
        for (Entry entry : entries) {
            Place place = places.getOrDefault(entry.relation(), List.of()).stream()
                    .filter(p -> entry.number() > 0
                            ? p.number() == entry.number()
                            : p.name().equals(entry.column()))
                    .findFirst()
                    .orElse(null);
            if (place == null) {
                continue;
            }
            try {
                steps.add(new Step(entry.object(), insert(entry.row(), place, type(place.type()))));
            } catch (IllegalArgumentException e) {
                omit(entry.object(), String.valueOf(e.getMessage()));
            }
        }
        owner.execute("BEGIN READ WRITE; DELETE FROM hone_twin_private.statistics");
        try {
            owner.attempt(steps, (step, reason) -> omit(step.object(), reason));
            owner.execute("COMMIT");
        } catch (SQLException e) {
            owner.execute("ROLLBACK");
            throw e;
        }
        superuser.execute(Sql.text(Twin.class, "take_statistics", superuser.version()));
    }

    private Map<Name, List<Place>> places(List<Entry> entries) throws SQLException {
        List<Name> names =
                entries.stream().map(Entry::relation).distinct().limit(2).toList();
        // One relation is looked up by its name; all together cost less than each by itself.
        String which = names.size() > 1
                ? "true"
                : "n.nspname = " + Sql.literal(names.getFirst().schema()) + " AND c.relname = "
                        + Sql.literal(names.getFirst().name());
        return superuser
                .query(
                        Sql.load(Twin.class, "statistics_columns", superuser.version())
                                .replace(":relations", which),
                        row -> new Place(
                                new Name(row.getString("schema"), row.getString("relation")),
                                row.getString("name"),
                                row.getInt("number"),
                                row.getLong("oid"),
                                row.getLong("type"),
                                row.getInt("modifier"),
                                row.getLong("collation")))
                .stream()
                .collect(Collectors.groupingBy(Place::relation));
    }

    private Type type(long oid) throws SQLException {
        if (!types.containsKey(oid)) {
            types.putAll(superuser
                    .query(
                            Sql.load(Twin.class, "statistics_types", superuser.version()),
                            row -> new Type(
                                    row.getLong("type"),
                                    row.getString("name"),
                                    row.getString("kind"),
                                    row.getLong("element"),
                                    row.getLong("range"),
                                    row.getLong("less"),
                                    row.getLong("equal")))
                    .stream()
                    .collect(Collectors.toMap(Type::oid, Function.identity())));
        }
        Type type = types.get(oid);
        if (type == null) {
            throw new IllegalArgumentException("a column of a type that has no values");
        }
        return type;
    }

    private String insert(ColumnStatistics row, Place place, Type type) throws SQLException {
        List<Slot> slots = slots(row, place, type);
        StringBuilder sql = new StringBuilder("INSERT INTO hone_twin_private.statistics VALUES (")
                .append(place.oid())
                .append(", ")
                .append(place.number())
                .append(", ")
                .append(row.inherited())
                .append(", '")
                .append(row.nullFraction())
                .append("', ")
                .append(row.averageWidth())
                .append(", '")
                .append(row.distinct())
                .append('\'');
        List<Function<Slot, Object>> parts =
                List.of(Slot::kind, Slot::operator, Slot::collation, Slot::numbers, Slot::values);
        for (Function<Slot, Object> part : parts) {
            for (int i = 0; i < SLOTS; i++) {
                sql.append(", ").append(part.apply(i < slots.size() ? slots.get(i) : Slot.EMPTY));
            }
        }
        return sql.append(')').toString();
    }

    private List<Slot> slots(ColumnStatistics row, Place place, Type type) throws SQLException {
        List<Slot> slots = new ArrayList<>();
        long collation = place.collation();
        if (row.mostCommonValues() != null) {
            slots.add(new Slot(
                    MOST_COMMON_VALUES,
                    need(type.equal(), "most common values", type),
                    collation,
                    numbers(row.mostCommonFrequencies()),
                    values(row.mostCommonValues(), place.type(), place.modifier())));
        }
        if (row.histogramBounds() != null) {
            slots.add(new Slot(
                    HISTOGRAM,
                    need(type.less(), "a histogram", type),
                    collation,
                    "NULL",
                    values(row.histogramBounds(), place.type(), place.modifier())));
        }
        if (row.correlation() != null) {
            slots.add(new Slot(
                    CORRELATION,
                    need(type.less(), "a correlation", type),
                    collation,
                    numbers("{" + row.correlation() + "}"),
                    "NULL"));
        }
        elements(row, place, type, slots);
        if (row.rangeLengthHistogram() != null && row.rangeEmptyFraction() != null && type.isRange()) {
            slots.add(new Slot(
                    RANGE_LENGTH_HISTOGRAM,
                    FLOAT8_LESS,
                    0,
                    numbers("{" + row.rangeEmptyFraction() + "}"),
                    values(row.rangeLengthHistogram(), FLOAT8, -1)));
        }
        if (row.rangeBoundsHistogram() != null && type.isRange()) {
            slots.add(new Slot(
                    RANGE_BOUNDS_HISTOGRAM,
                    0,
                    0,
                    "NULL",
                    values(row.rangeBoundsHistogram(), type.range() != 0 ? type.range() : place.type(), -1)));
        }
        return slots;
    }

    private void elements(ColumnStatistics row, Place place, Type type, List<Slot> slots) throws SQLException {
        boolean words = type.name().equals("tsvector");
        long element = words ? TEXT : type.element();
        if (element == 0) {
            return;
        }
        long equal = type(element).equal();
        if (row.mostCommonElements() != null) {
            slots.add(new Slot(
                    MOST_COMMON_ELEMENTS,
                    need(equal, "most common elements", type),
                    words ? DEFAULT_COLLATION : place.collation(),
                    numbers(row.mostCommonElementFrequencies()),
                    values(row.mostCommonElements(), element, -1)));
        }
        if (row.elementCountHistogram() != null) {
            slots.add(new Slot(
                    ELEMENT_COUNT_HISTOGRAM,
                    need(equal, "a histogram of element counts", type),
                    place.collation(),
                    numbers(row.elementCountHistogram()),
                    "NULL"));
        }
    }

    private static long need(long operator, String what, Type type) {
        if (operator == 0) {
            throw new IllegalArgumentException("malformed: " + what + " of type " + type.name());
        }
        return operator;
    }

    private static String numbers(@Nullable String array) {
        return array == null ? "NULL" : Sql.literal(array) + "::real[]";
    }

    private static String values(String array, long type, int modifier) {
        return "pg_catalog.array_in(" + Sql.literal(array) + "::cstring, " + type + ", " + modifier + ")";
    }
}
