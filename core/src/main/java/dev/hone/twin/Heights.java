package dev.hone.twin;

import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;

/**
 * Estimates the heights of btrees whose size is known. Keys in inner pages are cut to the shortest prefix of columns
 * that tells the leaves apart, which decides how many fit into a page.
 */
final class Heights {

    /** How many times more distinct prefixes than leaves there must be for a prefix to tell nearly all leaves apart. */
    private static final double AMPLE = 20;

    private static final int HEADER_BYTES = 8;
    private static final int HEAP_POINTER_BYTES = 8;

    /** Key columns seen so far, for a given number of pages. */
    private static final class Prefix {
        private int end;
        private double combinations = 1;
    }

    private Heights() {}

    /**
     * The height of every btree in the twin.
     *
     * @param pages pages of each by oid
     */
    static Map<Long, Integer> all(Session superuser, Map<Long, Long> pages) throws SQLException {
        Map<Long, Prefix> prefixes = new HashMap<>();
        superuser.query(Sql.load(Twin.class, "btree_keys", superuser.version()), row -> {
            Long index = row.getLong("index");
            Prefix prefix = prefixes.computeIfAbsent(index, oid -> new Prefix());
            if (prefix.combinations < pages.getOrDefault(index, 1L) * AMPLE) {
                int length = row.getInt("length");
                int alignment = switch (row.getString("alignment")) {
                    case "c" -> 1;
                    case "s" -> 2;
                    case "i" -> 4;
                    default -> 8;
                };
                prefix.end = length > 0
                        ? KeyColumn.align(prefix.end, alignment) + length
                        : prefix.end + row.getInt("average_width");
                double distinct = row.getDouble("distinct");
                prefix.combinations *= distinct < 0
                        ? Math.max(1, -distinct * row.getDouble("tuples"))
                        : distinct == 0 ? 200 : distinct;
            }
            return index;
        });
        Map<Long, Integer> heights = new HashMap<>();
        pages.forEach((index, count) -> {
            Prefix prefix = prefixes.getOrDefault(index, new Prefix());
            int pivot = KeyColumn.align(HEADER_BYTES + prefix.end, 8)
                    + (prefix.combinations < count * AMPLE ? HEAP_POINTER_BYTES : 0);
            heights.put(index, BtreeSize.height(count, pivot));
        });
        return heights;
    }
}
