package dev.hone.twin;

import dev.hone.twin.GinSize.Keys;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;

/**
 * The keys of a sample of a table's pages, counted.
 *
 * @param share of the table's pages that are in the sample: above 0, up to 1
 * @param rows of the sample that would be in the index
 * @param nulls those without a value
 * @param without those whose value has no key
 * @param alike the keys
 */
record KeyCounts(double share, double rows, double nulls, double without, List<Alike> alike) {

    /** Keys in so few pages of the sample stand for others that are in none of them. */
    private static final int RARE_PAGES = 2;

    private static final double MOST = 1e12;
    private static final int MOST_ALIKE = 100_000;

    /** Of a key, a text of which can be in an index only if it is no longer. */
    private static final int WIDEST = 2_700;

    /** Of a distance to another page that nothing is known of. */
    private static final double FAR_BYTES = 3;

    private static final double PLACEHOLDER_BYTES = 8;

    /**
     * Keys met in as many pages and rows.
     *
     * @param pages of the sample that have one of them
     * @param rows of the sample that have one of them
     * @param keys how many they are
     * @param width of their stored values on average, in bytes
     * @param far bytes that all their lists need for the distances from page to page
     */
    record Alike(double pages, double rows, double keys, double width, double far) {

        Alike {
            require(pages >= 1 && rows >= pages && keys >= 1 && width >= 0 && far >= 0, pages, rows, keys, width, far);
            width = Math.min(width, WIDEST);
        }
    }

    KeyCounts {
        require(
                share > 0 && share <= 1 && nulls >= 0 && without >= 0 && nulls + without <= rows,
                share,
                rows,
                nulls,
                without);
        alike = List.copyOf(alike);
        require(alike.size() <= MOST_ALIKE);
    }

    private static void require(boolean sound, double... numbers) {
        if (!sound || !DoubleStream.of(numbers).allMatch(number -> number <= MOST)) {
            throw new IllegalArgumentException("no counts of keys");
        }
    }

    /** How many keys a row has on average. */
    double perRow() {
        return alike.stream().mapToDouble(some -> some.keys() * some.rows()).sum() / Math.max(1, rows);
    }

    /** Rows that the index would have. */
    double all() {
        return rows / share;
    }

    /**
     * The keys of the index.
     *
     * @param keyBytes length of a key of fixed length; 0 for variable length
     */
    List<Keys> keys(int keyBytes) {
        List<Keys> keys = new ArrayList<>();
        double once = 0;
        double twice = 0;
        double rareRows = 0;
        double rareFar = 0;
        double rareWidth = 0;
        for (Alike some : alike) {
            double width = keyBytes > 0 ? keyBytes : some.width();
            if (share == 1 || some.pages() > RARE_PAGES) {
                double between = some.keys() * (some.rows() - 1);
                double near = some.keys() * (some.rows() - some.pages());
                double distance = between > 0 ? (near + some.far()) / between : Keys.AT_RANDOM;
                keys.add(new Keys(some.keys(), some.rows() / share, width, distance));
            } else {
                once += some.pages() == 1 ? some.keys() : 0;
                twice += some.pages() == 1 ? 0 : some.keys();
                rareRows += some.keys() * some.rows();
                rareFar += some.far();
                rareWidth += some.keys() * width;
            }
        }
        if (once + twice > 0) {
            // Haas and Stokes' Duj1, of pages that have a key rather than of rows, which may stand together.
            double drawn = once + 2 * twice;
            double distinct = drawn * (once + twice) / (drawn - once + once * share);
            double each = rareRows / share / distinct;
            double pages = drawn / share / distinct;
            double far = twice > 0 ? rareFar / twice : FAR_BYTES;
            double distance = each > 1 ? Math.max(0, (each - pages) + (pages - 1) * far) / (each - 1) : Keys.AT_RANDOM;
            keys.add(new Keys(distinct, Math.max(1, each), rareWidth / (once + twice), distance));
        }
        for (double placeholder : new double[] {nulls, without}) {
            if (placeholder > 0) {
                keys.add(new Keys(1, placeholder / share, PLACEHOLDER_BYTES));
            }
        }
        return keys;
    }
}
