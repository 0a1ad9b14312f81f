package dev.hone.twin;

import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/** How many pages a GiST or SP-GiST index takes: tuples as long as their keys, in pages as full as splits leave them. */
final class TreeSize {

    private static final int SAMPLES = 500;
    private static final int LINE_POINTER_BYTES = 4;

    /** Page less page header and special space. */
    private static final int PAGE_BYTES = 8_152;

    /** Pages that were split at any time, as of any tree with insertions in no order. */
    private static final double SPLIT_FILL = 0.7;

    private static final int INNER_TUPLE_BYTES = 40;

    /** A leaf tuple of SP-GiST has a header of 16 bytes, of which 8 are as that of any index tuple. */
    private static final int SPGIST_HEADER_BYTES = 8;

    private TreeSize() {}

    /**
     * A GiST index.
     *
     * @param sorted whether its operator classes can sort, so that the build fills page by page
     */
    static IndexSize gist(List<KeyColumn> columns, double rows, boolean sorted, int fillFactor) {
        return pages(meanTuple(columns), rows, sorted ? fillFactor / 100.0 : SPLIT_FILL, 1);
    }

    /** An SP-GiST index, which has a metapage and a page for NULL. */
    static IndexSize spgist(List<KeyColumn> columns, double rows) {
        return pages(meanTuple(columns) + SPGIST_HEADER_BYTES, rows, SPLIT_FILL, 3);
    }

    private static double meanTuple(List<KeyColumn> columns) {
        RandomGenerator random = new SplittableRandom(1);
        KeyColumn.Value[] row = new KeyColumn.Value[columns.size()];
        double bytes = 0;
        for (int sample = 0; sample < SAMPLES; sample++) {
            for (int i = 0; i < row.length; i++) {
                row[i] = columns.get(i).draw(random);
            }
            bytes += BtreeSize.tupleBytes(columns, row, row.length);
        }
        return bytes / SAMPLES;
    }

    private static IndexSize pages(double tuple, double rows, double fill, int more) {
        double leaves = Math.max(1, Math.ceil(rows * (tuple + LINE_POINTER_BYTES) / (PAGE_BYTES * fill)));
        double pages = leaves;
        double fanOut = Math.max(2, PAGE_BYTES * fill / (INNER_TUPLE_BYTES + LINE_POINTER_BYTES));
        for (double level = leaves; level > 1; ) {
            level = Math.ceil(level / fanOut);
            pages += level;
        }
        return new IndexSize.Plain((long) pages + more - 1);
    }
}
