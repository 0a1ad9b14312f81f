package dev.hone.twin;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;

/**
 * The bytes in which PostgreSQL keeps extended statistics. It reads them back on trust, so all that goes in is checked
 * or made here. Layouts are those of statistics/mvdistinct.c, dependencies.c and mcv.c.
 */
final class StatisticsImage {

    private static final int DISTINCT_MAGIC = 0xA352BFA4;
    private static final int DEPENDENCIES_MAGIC = 0xB4549A2C;
    private static final int COMMON_VALUES_MAGIC = 0xE1A651C2;
    private static final int TYPE_BASIC = 1;
    private static final int MOST_COLUMNS = 8;
    private static final int MOST_ITEMS = 10_000;

    private StatisticsImage() {}

    /**
     * The image of pg_ndistinct with the columns' numbers in the twin.
     *
     * @param renumber number in the source to number in the twin; 0 for a column that is not there
     * @throws IllegalArgumentException if it is malformed
     */
    static String distinct(String hex, IntUnaryOperator renumber) {
        return renumbered(hex, DISTINCT_MAGIC, true, renumber);
    }

    /** The image of pg_dependencies with the columns' numbers in the twin, as {@link #distinct}. */
    static String dependencies(String hex, IntUnaryOperator renumber) {
        return renumbered(hex, DEPENDENCIES_MAGIC, false, renumber);
    }

    private static String renumbered(String hex, int magic, boolean counts, IntUnaryOperator renumber) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        ByteBuffer image = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        try {
            if (image.getInt() != magic || image.getInt() != TYPE_BASIC) {
                throw new IllegalArgumentException("malformed: not of a known kind");
            }
            for (int items = between(image.getInt(), 1, MOST_ITEMS); items > 0; items--) {
                double value = image.getDouble();
                if (!(value >= 0 && value <= (counts ? 1e15 : 1))) {
                    throw new IllegalArgumentException("malformed: a value out of range");
                }
                for (int n = between(counts ? image.getInt() : image.getShort(), 2, MOST_COLUMNS); n > 0; n--) {
                    image.mark();
                    short number = image.getShort();
                    int renumbered = number < 0 ? number : renumber.applyAsInt(number);
                    if (renumbered == 0 || renumbered < -MOST_COLUMNS) {
                        throw new IllegalArgumentException("malformed: it names a column that is not there");
                    }
                    image.reset();
                    image.putShort((short) renumbered);
                }
            }
        } catch (BufferUnderflowException e) {
            throw new IllegalArgumentException("malformed: too short", e);
        }
        if (image.hasRemaining()) {
            throw new IllegalArgumentException("malformed: too long");
        }
        return HexFormat.of().formatHex(bytes);
    }

    private static int between(int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException("malformed: a count out of range");
        }
        return value;
    }

    /** How many distinct combinations of columns there are, the columns by their numbers in order. */
    record Distinct(List<Integer> columns, double count) {}

    /** In what share of rows some columns determine the last one. */
    record Dependencies(List<Integer> columns, double degree) {
        Dependencies {
            if (!(degree >= 0 && degree <= 1)) {
                throw new IllegalArgumentException("a degree of dependency outside 0 to 1: " + degree);
            }
        }
    }

    /** An image of pg_ndistinct. */
    static String distinct(List<Distinct> items) {
        ByteBuffer out = ByteBuffer.allocate(12 + items.size() * (12 + 2 * MOST_COLUMNS))
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(DISTINCT_MAGIC)
                .putInt(TYPE_BASIC)
                .putInt(items.size());
        for (Distinct item : items) {
            out.putDouble(item.count()).putInt(item.columns().size());
            item.columns().forEach(column -> out.putShort(column.shortValue()));
        }
        return HexFormat.of().formatHex(out.array(), 0, out.position());
    }

    /** An image of pg_dependencies. */
    static String dependencies(List<Dependencies> items) {
        ByteBuffer out = ByteBuffer.allocate(12 + items.size() * (10 + 2 * MOST_COLUMNS))
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(DEPENDENCIES_MAGIC)
                .putInt(TYPE_BASIC)
                .putInt(items.size());
        for (Dependencies item : items) {
            out.putDouble(item.degree()).putShort((short) item.columns().size());
            item.columns().forEach(column -> out.putShort(column.shortValue()));
        }
        return HexFormat.of().formatHex(out.array(), 0, out.position());
    }

    /**
     * A column of a list of most common values.
     *
     * @param type oid of its type in the twin
     * @param length pg_type.typlen
     * @param images hexadecimal bytes of each value by its text
     */
    record Dimension(long type, int length, boolean byValue, LinkedHashMap<String, String> images) {}

    /** One combination of values, and how often it is met; and would be, were the columns independent. */
    record Item(List<String> values, List<Boolean> nulls, double frequency, double baseFrequency) {}

    /** The image of pg_mcv_list. */
    static String commonValues(List<Dimension> dimensions, List<Item> items) {
        HexFormat hex = HexFormat.of();
        ByteBuffer out = ByteBuffer.allocate(size(dimensions, items)).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(COMMON_VALUES_MAGIC).putInt(TYPE_BASIC).putInt(items.size()).putShort((short) dimensions.size());
        dimensions.forEach(dimension -> out.putInt((int) dimension.type()));
        for (Dimension dimension : dimensions) {
            int bytes = 0;
            int aligned = 0;
            for (String image : dimension.images().values()) {
                int length = image.length() / 2;
                bytes += length + (dimension.length() < 0 ? 4 : 0);
                aligned += dimension.byValue() ? 0 : KeyColumn.align(length + (dimension.length() < 0 ? 4 : 0), 8);
            }
            out.putInt(dimension.images().size()).putInt(bytes).putInt(aligned).putInt(dimension.length());
            out.put((byte) (dimension.byValue() ? 1 : 0)).put(new byte[3]);
        }
        for (Dimension dimension : dimensions) {
            for (String image : dimension.images().values()) {
                if (dimension.length() < 0) {
                    out.putInt(image.length() / 2);
                }
                out.put(hex.parseHex(image));
            }
        }
        List<Map<String, Short>> positions =
                dimensions.stream().map(StatisticsImage::positions).toList();
        for (Item item : items) {
            item.nulls().forEach(isNull -> out.put((byte) (isNull ? 1 : 0)));
            out.putDouble(item.frequency()).putDouble(item.baseFrequency());
            for (int i = 0; i < dimensions.size(); i++) {
                Short position = item.nulls().get(i)
                        ? Short.valueOf((short) 0)
                        : positions.get(i).get(item.values().get(i));
                if (position == null) {
                    throw new IllegalArgumentException("a value without bytes");
                }
                out.putShort(position);
            }
        }
        return hex.formatHex(out.array(), 0, out.position());
    }

    private static Map<String, Short> positions(Dimension dimension) {
        Map<String, Short> positions = new LinkedHashMap<>();
        for (String value : dimension.images().keySet()) {
            positions.put(value, (short) positions.size());
        }
        return positions;
    }

    private static int size(List<Dimension> dimensions, List<Item> items) {
        int size = 14 + dimensions.size() * 24 + items.size() * (16 + dimensions.size() * 3);
        for (Dimension dimension : dimensions) {
            for (String image : dimension.images().values()) {
                size += 4 + image.length() / 2;
            }
        }
        return size;
    }
}
