package dev.hone.advise;

import dev.hone.postgres.Catalog.Column;
import dev.hone.postgres.Sql;
import dev.hone.postgres.Statistics.ColumnStatistics;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Columns whose values may not fit into an entry of a btree, which holds at most 2,704 bytes (BTMaxItemSize): creating
 * the index would fail, or, worse, a later INSERT.
 */
final class WideColumns {

    /** Longer values are in no list of ANALYZE's (WIDTH_THRESHOLD in analyze.c), so that one near it is a warning. */
    private static final int LISTED_BYTES = 1_024;

    private static final int SAFE_BYTES = 2_600;
    private static final int NEARLY = LISTED_BYTES * 3 / 4;
    private static final Pattern LIMITED = Pattern.compile("character(?: varying)?\\((\\d+)\\)");

    private WideColumns() {}

    /**
     * Takes such columns out of what a btree could hold for a use; gives the names of those that are compared by order,
     * for which there is no other index.
     */
    static Set<String> remove(TableUse use) {
        Set<String> removed = new TreeSet<>();
        for (Column column : use.table.columns().values()) {
            String key = Sql.identifier(column.name());
            if (!isWide(column, use.table)) {
                continue;
            }
            if (use.equal.contains(key) || use.joins.contains(key)) {
                use.wide.add(key);
            }
            use.equal.remove(key);
            use.joins.remove(key);
            boolean wanted = use.ranges.remove(key);
            wanted |= use.loose.remove(key);
            use.arms.removeIf(arm -> arm.contains(key));
            wanted |= use.sorts.stream()
                    .anyMatch(sort -> sort.stream().anyMatch(one -> one.key().equals(key)));
            wanted |= use.groups.stream().anyMatch(group -> group.contains(key));
            use.sorts.replaceAll(sort ->
                    sort.stream().takeWhile(one -> !one.key().equals(key)).toList());
            use.sorts.removeIf(List::isEmpty);
            use.groups.replaceAll(
                    group -> group.stream().filter(one -> !one.equals(key)).toList());
            use.groups.removeIf(List::isEmpty);
            use.fixed.values().removeIf(fixed -> fixed.key().equals(key));
            use.needsHeap |= use.needed.contains(column.name());
            if (wanted) {
                removed.add(column.name());
            }
        }
        return removed;
    }

    static boolean isWide(Column column, Schema.Table table) {
        ColumnStatistics known = table.statistics().get(column.name());
        if (column.length() >= 0 || known == null || known.nullFraction() >= 1) {
            return false;
        }
        Matcher limited = LIMITED.matcher(column.type());
        if (limited.matches() && 4L * Integer.parseInt(limited.group(1)) <= SAFE_BYTES) {
            return false;
        }
        int widest = widest(known);
        // All values too long for the lists; the average does not tell, since it counts a value stored out of line as
        // 18.
        boolean nothingListed = widest < 0
                && known.mostCommonElements() == null
                && table.relation().tuples() > 1;
        return nothingListed || widest >= NEARLY || known.averageWidth() >= NEARLY;
    }

    /** Bytes of the longest value listed; -1 if none is. */
    private static int widest(ColumnStatistics column) {
        ValueDistribution values = ValueDistribution.of(column);
        List<@Nullable String> all = new ArrayList<>(values.values());
        all.addAll(values.histogram());
        return all.stream()
                .mapToInt(value -> value == null ? 0 : value.getBytes(StandardCharsets.UTF_8).length)
                .max()
                .orElse(column.mostCommonValues() == null && column.histogramBounds() == null ? -1 : 0);
    }
}
