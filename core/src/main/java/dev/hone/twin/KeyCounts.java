package dev.hone.twin;

import dev.hone.twin.GinSize.Keys;
import java.util.ArrayList;
import java.util.List;

/**
 * The keys of a sample of a table's pages, counted.
 *
 * @param rows of the sample
 * @param nulls those without a value
 * @param without those whose value has no key
 * @param alike the keys
 */
record KeyCounts(double rows, double nulls, double without, List<Alike> alike) {

    /** Keys in so few pages of the sample stand for others that are in none of them. */
    private static final int RARE_PAGES = 2;

    /**
     * Keys met in as many pages and rows.
     *
     * @param pages of the sample that have one of them
     * @param rows of the sample that have one of them
     * @param keys how many they are
     * @param width of their stored values on average, in bytes
     * @param far bytes that all their lists need for the distances from page to page
     */
    record Alike(double pages, double rows, double keys, double width, double far) {}

    KeyCounts {
        alike = List.copyOf(alike);
    }

    /**
     * The keys of an index.
     *
     * @param keyBytes length of a key of fixed length; 0 for variable length
     * @param all rows in the index
     */
    List<Keys> keys(int keyBytes, double all) {
        List<Keys> keys = new ArrayList<>();
        double share = Math.min(1, rows / Math.max(1, all));
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
                double distance = between > 0 ? (near + some.far()) / between : 0;
                keys.add(new Keys(some.keys(), some.rows() / share, width, distance));
            } else {
                once += some.pages() == 1 ? some.keys() : 0;
                twice += some.pages() == 2 ? some.keys() : 0;
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
            double far = twice > 0 ? rareFar / twice : 3;
            double distance = each > 1 ? ((each - pages) + (pages - 1) * far) / (each - 1) : 0;
            keys.add(new Keys(distinct, Math.max(1, each), rareWidth / (once + twice), Math.max(0, distance)));
        }
        for (double placeholder : new double[] {nulls, without}) {
            if (placeholder > 0) {
                keys.add(new Keys(1, Math.max(1, placeholder / share), 8));
            }
        }
        return keys;
    }
}
