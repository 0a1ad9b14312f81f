package dev.hone.twin;

import dev.hone.Json;
import dev.hone.postgres.Sql;
import dev.hone.postgres.Statistics.ExtendedStatistics;
import dev.hone.twin.StatisticsImage.Dimension;
import dev.hone.twin.StatisticsImage.Item;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * Lists of most common combinations of values, rebuilt for the twin from their texts. Only types whose bytes are known
 * for certain are served: a server ends itself on a list that is not as it expects.
 */
final class CommonValues {

    private static final int MOST_ITEMS = 10_000;

    /** Expression that gives a value's bytes as they are stored, from its text {@code v}; most have a send function. */
    private static final Map<String, String> BYTES = Map.ofEntries(
            Map.entry("bool", "boolsend(v::bool)"),
            Map.entry("int2", "int2send(v::int2)"),
            Map.entry("int4", "int4send(v::int4)"),
            Map.entry("int8", "int8send(v::int8)"),
            Map.entry("float4", "float4send(v::float4)"),
            Map.entry("float8", "float8send(v::float8)"),
            Map.entry("date", "date_send(v::date)"),
            Map.entry("time", "time_send(v::time)"),
            Map.entry("timestamp", "timestamp_send(v::timestamp)"),
            Map.entry("timestamptz", "timestamptz_send(v::timestamptz)"),
            Map.entry("uuid", "uuid_send(v::uuid)"),
            Map.entry("text", "textsend(v)"),
            Map.entry("varchar", "textsend(v)"),
            Map.entry("bpchar", "textsend(v)"),
            Map.entry("numeric", "v::numeric::bytea"));

    /** Sent with the most significant byte first, and stored as this machine has them. */
    private static final Set<String> NUMBERS =
            Set.of("bool", "int2", "int4", "int8", "float4", "float8", "date", "time", "timestamp", "timestamptz");

    /** A column's type in the twin. */
    record Type(long oid, String name, String kind, int length, boolean byValue) {}

    private CommonValues() {}

    /**
     * The image of a list, hexadecimal; null if there is no list.
     *
     * @param superuser in a transaction in which numeric can be cast to bytea
     * @param order for each column of the twin's object, its position in the source's
     * @throws IllegalArgumentException if it is malformed, or a type's bytes are not known
     */
    static @Nullable String image(Session superuser, ExtendedStatistics row, List<Type> types, List<Integer> order)
            throws SQLException {
        String values = row.mostCommonValues();
        if (values == null) {
            return null;
        }
        List<Item> items = items(row, values, order);
        List<Dimension> dimensions = new ArrayList<>();
        for (int i = 0; i < types.size(); i++) {
            Set<String> distinct = new LinkedHashSet<>();
            for (Item item : items) {
                if (!item.nulls().get(i)) {
                    distinct.add(item.values().get(i));
                }
            }
            dimensions.add(dimension(superuser, types.get(i), List.copyOf(distinct)));
        }
        return StatisticsImage.commonValues(dimensions, items);
    }

    private static List<Item> items(ExtendedStatistics row, String valuesJson, List<Integer> order) {
        List<?> values = list(valuesJson);
        List<?> nulls = list(row.mostCommonNulls());
        List<?> frequencies = list(row.mostCommonFrequencies());
        List<?> baseFrequencies = list(row.mostCommonBaseFrequencies());
        int count = values.size();
        if (count == 0
                || count > MOST_ITEMS
                || nulls.size() != count
                || frequencies.size() != count
                || baseFrequencies.size() != count) {
            throw new IllegalArgumentException("malformed: not as many frequencies as values");
        }
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            List<String> texts = new ArrayList<>();
            List<Boolean> absent = new ArrayList<>();
            for (int position : order) {
                boolean isNull = Boolean.TRUE.equals(at(at(nulls, i), position));
                Object text = at(at(values, i), position);
                if (!isNull && !(text instanceof String)) {
                    throw new IllegalArgumentException("malformed: a value is missing");
                }
                absent.add(isNull);
                texts.add(isNull ? "" : (String) text);
            }
            items.add(new Item(texts, absent, fraction(frequencies.get(i)), fraction(baseFrequencies.get(i))));
        }
        return items;
    }

    private static List<?> list(@Nullable String json) {
        try {
            return json == null ? List.of() : Json.read(json, List.class);
        } catch (JacksonException e) {
            throw new IllegalArgumentException("malformed: not a JSON array", e);
        }
    }

    private static @Nullable Object at(@Nullable Object list, int position) {
        if (list instanceof List<?> all && position < all.size()) {
            return all.get(position);
        }
        throw new IllegalArgumentException("malformed: not as many values as columns");
    }

    private static double fraction(@Nullable Object value) {
        if (value instanceof Number number && number.doubleValue() >= 0 && number.doubleValue() <= 1) {
            return number.doubleValue();
        }
        throw new IllegalArgumentException("malformed: a frequency outside 0 to 1");
    }

    private static Dimension dimension(Session superuser, Type type, List<String> values) throws SQLException {
        LinkedHashMap<String, String> images = new LinkedHashMap<>();
        String texts = values.stream().map(Sql::literal).collect(java.util.stream.Collectors.joining(", "));
        String expression = BYTES.get(type.name());
        String sql;
        if (type.kind().equals("e")) {
            sql = "SELECT v, encode(int4send(e.oid::int8::int4), 'hex') FROM unnest(ARRAY[" + texts
                    + "]::text[]) v JOIN pg_enum e ON e.enumlabel = v AND e.enumtypid = " + type.oid();
        } else if (type.kind().equals("b") && expression != null) {
            sql = "SELECT v, encode(" + expression + ", 'hex') FROM unnest(ARRAY[" + texts + "]::text[]) v";
        } else {
            throw new IllegalArgumentException("the bytes of type " + type.name() + " are not known");
        }
        superuser.query(sql, row -> images.put(row.getString(1), row.getString(2)));
        boolean number = type.kind().equals("e") || NUMBERS.contains(type.name());
        for (String value : values) {
            String image = images.get(value);
            if (image == null || (type.length() > 0 && image.length() != 2 * type.length())) {
                throw new IllegalArgumentException("the bytes of a value of type " + type.name() + " are not known");
            }
            if (number) {
                images.put(value, reversed(image));
            }
        }
        return new Dimension(type.oid(), type.length(), type.byValue(), images);
    }

    private static String reversed(String hex) {
        StringBuilder reversed = new StringBuilder(hex.length());
        for (int i = hex.length(); i > 0; i -= 2) {
            reversed.append(hex, i - 2, i);
        }
        return reversed.toString();
    }
}
