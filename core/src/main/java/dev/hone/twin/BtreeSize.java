package dev.hone.twin;

import dev.hone.twin.KeyColumn.Value;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * How many pages a btree takes that is built afresh.
 *
 * <p>Rows are drawn from what the statistics say of each column. A row's key has a width, which gives its tuple; and a
 * frequency, which gives how many other rows share the key, and so a posting list. Frequencies of columns multiply, as
 * the planner also has it, unless columns are known to hang together. Leaves are then filled as nbtsort.c fills them,
 * inner pages to 70 percent. The same input gives the same result: the generator has a fixed seed.
 *
 * @param pages all pages with the metapage
 * @param height levels between the root and the leaves
 */
record BtreeSize(long pages, int height) implements IndexSize {

    private static final int SAMPLES = 2_000;
    private static final int LINE_POINTER_BYTES = 4;
    private static final int HEADER_BYTES = 8;
    private static final int HEADER_WITH_NULLS_BYTES = 16;
    private static final int HEAP_POINTER_BYTES = 6;

    /** Page less page header, special space and the high key's line pointer: nbtree's room for leaf tuples. */
    private static final int LEAF_BYTES = 8_148;

    private static final int INNER_BYTES = 8_152;
    private static final double INNER_FREE = 0.30;

    /** The longest posting list that _bt_dedup_pass builds for a new index: a tenth of a page, aligned. */
    private static final int POSTING_BYTES = 808;

    /** Items of this size fill pages in whole numbers: mostly posting lists as long as may be. */
    private static final int LARGE_ITEM_BYTES = 700;

    /** Columns, by their position in the key, that have a known number of distinct combinations. */
    record Group(Set<Integer> columns, double combinations) {}

    /**
     * The index.
     *
     * @param columns key columns, then those that are only carried along
     * @param keys how many of them are key columns
     * @param rows rows in the index
     * @param deduplicated whether duplicates share a posting list
     * @param fillFactor percent to which leaves are filled
     */
    record Input(
            List<KeyColumn> columns, int keys, double rows, boolean deduplicated, int fillFactor, List<Group> groups) {}

    static BtreeSize of(Input input) {
        if (input.rows() < 1) {
            return new BtreeSize(1, 0);
        }
        RandomGenerator random = new SplittableRandom(1);
        double bytes = 0;
        double items = 0;
        double pivot = 0;
        Value[] row = new Value[input.columns().size()];
        for (int sample = 0; sample < SAMPLES; sample++) {
            for (int i = 0; i < row.length; i++) {
                row[i] = input.columns().get(i).draw(random);
            }
            int tuple = tupleBytes(input.columns(), row, row.length);
            pivot += tupleBytes(input.columns(), row, 1);
            int sharing = input.deduplicated() ? sharing(input, row, random) : 1;
            if (sharing == 1) {
                bytes += tuple + LINE_POINTER_BYTES;
                items += 1;
                continue;
            }
            int most = Math.max(1, (POSTING_BYTES - tuple) / HEAP_POINTER_BYTES);
            int full = sharing / most;
            int rest = sharing % most;
            double group = full * (double) postingBytes(tuple, most) + (rest == 0 ? 0 : postingBytes(tuple, rest));
            bytes += group / sharing;
            items += (full + (rest == 0 ? 0 : 1)) / (double) sharing;
        }
        double rows = input.rows();
        double itemBytes = bytes / items;
        double perLeaf = perLeaf(input, itemBytes);
        long leaves = Math.max(1, (long) Math.ceil(bytes / SAMPLES * rows / perLeaf));
        // Where keys repeat, an inner key needs a heap pointer to tell them apart.
        boolean repeats = items / SAMPLES < 0.98;
        return ofLeaves(leaves, pivot / SAMPLES + (repeats ? 8 : 0));
    }

    /**
     * The height of an index of a known size.
     *
     * @param pivotBytes mean size of a tuple in its inner pages
     */
    static int height(long pages, double pivotBytes) {
        return ofLeaves(Math.max(1, pages - 1), pivotBytes).height();
    }

    @Override
    public void write(RelationFile file) throws IOException {
        BtreePages.setHeight(file, height);
    }

    @Override
    public boolean buffered() {
        // A btree is written past the buffers.
        return false;
    }

    private static BtreeSize ofLeaves(long leaves, double pivotBytes) {
        double fanOut =
                Math.max(2, (INNER_BYTES - INNER_FREE * RelationFile.PAGE_BYTES) / (pivotBytes + LINE_POINTER_BYTES));
        long pages = 1 + leaves;
        int height = 0;
        for (long level = leaves; level > 1; height++) {
            level = (long) Math.ceil(level / fanOut);
            pages += level;
        }
        return new BtreeSize(pages, height);
    }

    private static double perLeaf(Input input, double itemBytes) {
        if (itemBytes > LARGE_ITEM_BYTES) {
            // The last list of a page moves to the next when the page is closed.
            return (Math.floor(LEAF_BYTES / itemBytes) - 1) * itemBytes;
        }
        double usable = LEAF_BYTES - (100 - input.fillFactor()) / 100.0 * RelationFile.PAGE_BYTES;
        boolean alike = itemBytes == Math.rint(itemBytes)
                && input.columns().stream().allMatch(column -> column.fixedBytes() > 0);
        return alike ? Math.floor(usable / itemBytes) * itemBytes : usable - itemBytes / 2;
    }

    static int tupleBytes(List<KeyColumn> columns, Value[] row, int count) {
        int end = 0;
        boolean nulls = false;
        for (int i = 0; i < count; i++) {
            if (row[i].isNull()) {
                nulls = true;
            } else {
                end = columns.get(i).end(end, row[i].width());
            }
        }
        return KeyColumn.align((nulls ? HEADER_WITH_NULLS_BYTES : HEADER_BYTES) + end, 8);
    }

    private static int postingBytes(int tuple, int rows) {
        return LINE_POINTER_BYTES + (rows == 1 ? tuple : KeyColumn.align(tuple + HEAP_POINTER_BYTES * rows, 8));
    }

    /** Rows that have this row's key, itself among them. */
    private static int sharing(Input input, Value[] row, RandomGenerator random) {
        double rarest = 1;
        double all = 1;
        for (int i = 0; i < input.keys(); i++) {
            int position = i;
            boolean grouped = input.groups().stream().anyMatch(g -> g.columns().contains(position));
            if (!grouped) {
                rarest = Math.min(rarest, row[i].frequency());
                all *= row[i].frequency();
            }
        }
        for (Group group : input.groups()) {
            rarest = Math.min(rarest, 1 / group.combinations());
            all /= group.combinations();
        }
        double others = truncatedRate(input.rows() * rarest) * (all / rarest);
        return 1 + poisson(random, others);
    }

    /** The rate of a Poisson distribution without zero that has this mean: a value that is there has one row at least. */
    private static double truncatedRate(double mean) {
        if (mean <= 1.0001) {
            return 0;
        }
        double rate = mean;
        for (int i = 0; i < 60; i++) {
            rate = mean * (1 - Math.exp(-rate));
        }
        return rate;
    }

    private static int poisson(RandomGenerator random, double rate) {
        if (rate > 50) {
            return (int) Math.min(1e9, Math.max(0, Math.rint(random.nextGaussian(rate, Math.sqrt(rate)))));
        }
        double limit = Math.exp(-rate);
        int count = 0;
        for (double product = random.nextDouble(); product > limit; product *= random.nextDouble()) {
            count++;
        }
        return count;
    }
}
