package dev.hone.twin;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * An inverted index as ginbuild makes it: a tree of keys, each with the compressed list of its rows, or with a tree of
 * such lists where one does not fit.
 *
 * <p>The lists hold the distances between heap pointers, seven bits a byte (ginpostinglist.c): their length follows
 * from how far apart the rows of a key are. Keys arrive in order, and a full page of keys is split into halves even
 * then (ginentrypage.c), so that pages stay half full; pages of lists are filled to the end (gindatapage.c). Keys are
 * laid out one by one, up to a number that is ample, and what is beyond follows in proportion.
 *
 * @param entryPages pages of the tree of keys
 * @param dataPages pages of lists outside it
 * @param entries number of keys
 */
record GinSize(long pages, long entryPages, long dataPages, long entries) implements IndexSize {

    private static final int META_TAIL_FREE = 32;
    private static final int META = 24;

    private static final int ENTRY_PAGE_BYTES = 8_160;
    private static final int DATA_PAGE_BYTES = 8_152;
    private static final int LINE_POINTER_BYTES = 4;
    private static final int TUPLE_HEADER_BYTES = 8;

    /** First heap pointer of a list, uncompressed, and the list's length. */
    private static final int LIST_HEADER_BYTES = 8;

    /** GinMaxItemSize: three must fit into a page. */
    private static final int LARGEST_ENTRY_BYTES = 2_712;

    /** Lists of a full page are of this size, GinPostingListSegmentTargetSize. */
    private static final int SEGMENT_BYTES = 256;

    private static final double SEGMENTS_PER_PAGE = Math.floor(DATA_PAGE_BYTES / (double) SEGMENT_BYTES);

    /** Pointers of ten bytes in an inner page of a tree of lists. */
    private static final int POINTERS_PER_PAGE = 815;

    /** A key's heap pointers are kept for one page as offset bits, then 2048 for each page between. */
    private static final double[] PAGES_PER_BYTE = {0, 8, 1_024, 131_072};

    /** min_parallel_table_scan_size by default, in pages. */
    private static final int PARALLEL_PAGES = 1_024;

    /** maintenance_work_mem by default. */
    private static final double MAINTENANCE_BYTES = 64 * 1024 * 1024;

    private static final int COLLECTED_KEY_BYTES = 112;
    private static final int COLLECTED_ROW_BYTES = 9;

    private static final int MOST_SIMULATED = 60_000;

    /** Pages of keys after several rounds of insertion, in which they were split at any time. */
    private static final double MIXED_FILL = 0.7;

    /**
     * Keys that are alike.
     *
     * @param count how many there are
     * @param rows in how many rows each of them is met on average, 1 at least
     * @param keyBytes bytes of a key where it is stored
     * @param distanceBytes mean bytes for the distance between two of its rows; {@link #AT_RANDOM} if rows are scattered
     *     so
     */
    record Keys(double count, double rows, double keyBytes, double distanceBytes) {

        static final double AT_RANDOM = 0;

        /** Keys whose rows are scattered at random. */
        Keys(double count, double rows, double keyBytes) {
            this(count, rows, keyBytes, AT_RANDOM);
        }
    }

    /**
     * The index.
     *
     * @param rows of the table that are in the index
     * @param rowsPerPage how many of them there are in a page of the table
     * @param columnNumber whether each key goes with its column's number: where there are several columns
     * @param oneRound whether every key is inserted but once: the build sorts, or has all keys in memory
     */
    static GinSize of(List<Keys> keys, double rows, double rowsPerPage, boolean columnNumber, boolean oneRound) {
        double total = keys.stream().mapToDouble(Keys::count).sum();
        double scale = Math.max(1, total / MOST_SIMULATED);
        RandomGenerator random = new SplittableRandom(1);
        List<Integer> entries = new ArrayList<>();
        double dataPages = 0;
        double many = 0;
        double manyEntries = 0;
        for (Keys alike : keys) {
            // Few keys are never thinned out.
            double each = alike.count() <= 200 ? 1 : scale;
            int times = (int) Math.max(1, Math.rint(alike.count() / each));
            double weight = alike.count() / times;
            double dataOfAlike = 0;
            for (int i = 0; i < times; i++) {
                double held = Math.clamp(around(alike.rows(), random), 1, Math.max(1, rows));
                int key = align(TUPLE_HEADER_BYTES + (columnNumber ? 4 : 0) + alike.keyBytes());
                double distance = alike.distanceBytes() != Keys.AT_RANDOM
                        ? alike.distanceBytes()
                        : distanceBytes(held / Math.max(1, rows), rowsPerPage);
                double list = LIST_HEADER_BYTES + (held - 1) * distance;
                boolean fits = key + list <= LARGEST_ENTRY_BYTES;
                int entry = fits ? align(key + list) : key;
                dataOfAlike += fits ? 0 : dataPages(held, list);
                if (weight > 1.5) {
                    many += (weight - 1) * (entry + LINE_POINTER_BYTES);
                    manyEntries += weight - 1;
                }
                entries.add(entry + LINE_POINTER_BYTES);
            }
            dataPages += dataOfAlike * weight;
        }
        Collections.shuffle(entries, new Random(1));
        double bytes = entries.stream().mapToDouble(Integer::doubleValue).sum();
        double leaves = leaves(entries, oneRound);
        leaves *= 1 + many / Math.max(1, bytes);
        double fanOut = Math.max(
                2,
                ENTRY_PAGE_BYTES
                        * (oneRound ? 0.5 : MIXED_FILL)
                        / (align(TUPLE_HEADER_BYTES + meanKeyBytes(keys)) + LINE_POINTER_BYTES));
        double entryPages = Math.min(RelationFile.MOST_PAGES / 4.0, Math.ceil(leaves));
        for (double level = entryPages; level > 1; ) {
            level = Math.ceil(level / fanOut);
            entryPages += level;
        }
        long data = (long) Math.min(RelationFile.MOST_PAGES / 4.0, Math.ceil(dataPages));
        return new GinSize(
                1 + (long) entryPages + data, (long) entryPages, data, (long) (entries.size() + manyEntries));
    }

    /**
     * Whether a build inserts each key but once: a parallel build, which large tables get since version 18, sorts; any
     * other collects in maintenance_work_mem and inserts what it has whenever that is full.
     */
    static boolean oneRound(List<Keys> keys, double tablePages) {
        double bytes = keys.stream()
                .mapToDouble(alike -> alike.count() * (COLLECTED_KEY_BYTES + COLLECTED_ROW_BYTES * alike.rows()))
                .sum();
        return tablePages >= PARALLEL_PAGES || bytes < MAINTENANCE_BYTES;
    }

    /** An index whose length is known, made up as a fresh one of these keys would be. */
    static GinSize known(long pages, GinSize fresh) {
        double grown = pages / (double) Math.max(1, fresh.pages());
        long entry = Math.clamp(Math.round(fresh.entryPages() * grown), 1, Math.max(1, pages - 1));
        return new GinSize(pages, entry, Math.max(0, pages - 1 - entry), Math.max(1, fresh.entries()));
    }

    private static double meanKeyBytes(List<Keys> keys) {
        double count = 0;
        double bytes = 0;
        for (Keys alike : keys) {
            count += alike.count();
            bytes += alike.count() * alike.keyBytes();
        }
        return count > 0 ? bytes / count : 4;
    }

    /** A number of rows at random that has this mean, never zero. */
    private static double around(double mean, RandomGenerator random) {
        if (mean <= 1.0001) {
            return 1;
        }
        if (mean > 50) {
            return Math.rint(random.nextGaussian(mean, Math.sqrt(mean)));
        }
        double limit = Math.exp(-(mean - 1));
        int count = 1;
        for (double product = random.nextDouble(); product > limit; product *= random.nextDouble()) {
            count++;
        }
        return count;
    }

    /**
     * Mean bytes for the distance between two rows of a key which a share of the rows has, scattered at random.
     *
     * <p>The next is so many rows away with a geometric distribution. In the same page the distance is less than 128,
     * mostly, which takes one byte; each page between adds 2048.
     */
    static double distanceBytes(double share, double rowsPerPage) {
        double rate = -Math.log(1 - Math.min(share, 0.999_999));
        double perPage = rate * Math.max(1, rowsPerPage);
        double samePage = 1 - (1 - Math.exp(-perPage)) / Math.max(1e-12, perPage);
        double farInPage = rowsPerPage > 128 ? samePage * Math.exp(-rate * 128) : 0;
        double bytes = samePage + farInPage;
        double beyond = 1 - samePage;
        double reached = beyond;
        for (int size = 1; size < PAGES_PER_BYTE.length; size++) {
            // Half a page is behind the row on average.
            double further = Math.min(reached, Math.exp(-perPage * (PAGES_PER_BYTE[size] - 0.5)));
            bytes += (size + 1) * (reached - further);
            reached = further;
        }
        return bytes + (PAGES_PER_BYTE.length + 1) * reached;
    }

    private static double dataPages(double rows, double listBytes) {
        double distance = (listBytes - LIST_HEADER_BYTES) / Math.max(1, rows - 1);
        double perSegment = 1 + (SEGMENT_BYTES - LIST_HEADER_BYTES) / distance;
        double segments = Math.ceil(rows / perSegment);
        double leaves = Math.ceil(segments / SEGMENTS_PER_PAGE);
        return leaves <= 1 ? 1 : leaves + Math.ceil(leaves / POINTERS_PER_PAGE);
    }

    private static double leaves(List<Integer> entries, boolean oneRound) {
        if (!oneRound) {
            double bytes = entries.stream().mapToDouble(Integer::doubleValue).sum();
            return Math.max(1, bytes / (ENTRY_PAGE_BYTES * MIXED_FILL));
        }
        int pages = 1;
        int used = 0;
        List<Integer> page = new ArrayList<>();
        for (int entry : entries) {
            page.add(entry);
            used += entry;
            if (used > ENTRY_PAGE_BYTES) {
                // The left page takes entries until it has more than half of the bytes.
                int left = 0;
                int first = 0;
                while (left <= used / 2) {
                    left += page.get(first++);
                }
                page.subList(0, first).clear();
                used -= left;
                pages++;
            }
        }
        return pages;
    }

    private static int align(double bytes) {
        return KeyColumn.align((int) Math.ceil(bytes), 8);
    }

    @Override
    public void write(RelationFile file) throws IOException {
        byte[] bytes = file.read(0);
        ByteBuffer meta = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        // Head and tail of the list of pending rows: there is none.
        meta.putInt(META, -1).putInt(META + 4, -1).putInt(META_TAIL_FREE, 0);
        meta.putInt(META + 12, 0).putLong(META + 16, 0);
        meta.putInt(META + 24, (int) pages).putInt(META + 28, (int) entryPages).putInt(META + 32, (int) dataPages);
        meta.putLong(META + 40, entries);
        file.write(0, bytes);
    }

    @Override
    public boolean buffered() {
        return true;
    }
}
