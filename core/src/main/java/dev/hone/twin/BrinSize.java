package dev.hone.twin;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A block range index: a summary of every so many pages of the table, and a map of where the summaries are. Layouts are
 * those of PostgreSQL's brin_page.h and brin_tuple.c.
 *
 * @param mapPages pages of the map
 */
record BrinSize(long pages, long mapPages) implements IndexSize {

    private static final int MAGIC = 0xA8109CFA;
    private static final int META_MAGIC = 24;
    private static final int META_LAST_MAP_PAGE = 36;

    private static final int PAGE_BYTES = 8_160;
    private static final int LINE_POINTER_BYTES = 4;

    /** Pointers of six bytes that fit into a page of the map. */
    private static final int MAP_POINTERS = 1_360;

    /** A summary's block number and flags. */
    private static final int HEADER_BYTES = 5;

    /**
     * The index.
     *
     * @param tablePages pages of the table
     * @param rangePages pages that share a summary
     * @param summaryBytes bytes of one summary's values
     * @param values how many values are in a summary, each of which may be NULL twice over: in part, and wholly
     * @param nulls whether any column has NULLs
     */
    static BrinSize of(double tablePages, int rangePages, int summaryBytes, int values, boolean nulls) {
        long ranges = Math.max(1, (long) Math.ceil(tablePages / Math.max(1, rangePages)));
        int header = KeyColumn.align(HEADER_BYTES + (nulls ? (2 * values + 7) / 8 : 0), 8);
        int tuple = KeyColumn.align(header + summaryBytes, 8) + LINE_POINTER_BYTES;
        long perPage = Math.max(1, PAGE_BYTES / tuple);
        long map = Math.ceilDiv(ranges, MAP_POINTERS);
        return new BrinSize(1 + map + Math.ceilDiv(ranges, perPage), map);
    }

    /** An index whose length is known. */
    static BrinSize known(long pages, double tablePages, int rangePages) {
        long ranges = Math.max(1, (long) Math.ceil(tablePages / Math.max(1, rangePages)));
        return new BrinSize(pages, Math.ceilDiv(ranges, MAP_POINTERS));
    }

    @Override
    public void write(RelationFile file) throws IOException {
        byte[] bytes = file.read(0);
        ByteBuffer meta = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        if (meta.getInt(META_MAGIC) != MAGIC) {
            throw new IOException(file.first().getFileName() + " is not a block range index");
        }
        meta.putInt(META_LAST_MAP_PAGE, (int) mapPages);
        file.write(0, bytes);
    }

    @Override
    public boolean buffered() {
        return true;
    }
}
