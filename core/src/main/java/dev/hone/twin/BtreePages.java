package dev.hone.twin;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The pages of an empty btree that pretends to be high. Page 0 is the metapage, page 1 the root, then one page for
 * every level below. Each inner page holds one downlink without key ("minus infinity"), so that a real descent, as the
 * planner does it to look up the smallest and largest key, ends in an empty leaf. Layouts are those of PostgreSQL's
 * bufpage.h, itup.h and nbtree.h.
 */
final class BtreePages {

    private static final int MAGIC = 0x053162;
    private static final int HEADER_BYTES = 24;
    private static final int LINE_POINTER_BYTES = 4;
    private static final int SPECIAL_BYTES = 16;
    private static final int ITEM_BYTES = 8;
    private static final int LAYOUT_VERSION = 4;
    private static final int LP_NORMAL = 1;

    /** Offsets in the metapage. */
    private static final int META_MAGIC = HEADER_BYTES;

    private static final int META_ROOT = HEADER_BYTES + 8;
    private static final int META_ALL_EQUAL_IMAGE = HEADER_BYTES + 40;

    private static final int LEAF = 1;
    private static final int ROOT = 2;

    /** INDEX_ALT_TID_MASK: the tuple's heap pointer holds something else, here zero key columns. */
    private static final int ALTERNATIVE_POINTER = 0x2000;

    private BtreePages() {}

    /** Whether equal keys of this index are equal bytes, so that its duplicates can share a posting list. */
    static boolean allEqualImage(RelationFile file) throws IOException {
        return metapage(file)[META_ALL_EQUAL_IMAGE] == 1;
    }

    /**
     * Gives an empty btree a height.
     *
     * @param height levels between the root and the leaves; 0 where the root is a leaf
     * @return pages it occupies then
     */
    static int setHeight(RelationFile file, int height) throws IOException {
        byte[] bytes = metapage(file);
        ByteBuffer meta = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        meta.putInt(META_ROOT, 1);
        meta.putInt(META_ROOT + 4, height);
        // The fast root, where a descent begins, is the root itself.
        meta.putInt(META_ROOT + 8, 1);
        meta.putInt(META_ROOT + 12, height);
        file.write(0, bytes);
        for (int level = height; level >= 0; level--) {
            int number = 1 + height - level;
            file.write(number, page(level, level == height, number + 1));
        }
        return height + 2;
    }

    private static byte[] metapage(RelationFile file) throws IOException {
        byte[] meta = file.read(0);
        if (ByteBuffer.wrap(meta).order(ByteOrder.nativeOrder()).getInt(META_MAGIC) != MAGIC) {
            throw new IOException(file.first().getFileName() + " is not a btree");
        }
        return meta;
    }

    private static byte[] page(int level, boolean root, int child) {
        ByteBuffer page = ByteBuffer.allocate(RelationFile.PAGE_BYTES).order(ByteOrder.nativeOrder());
        int special = RelationFile.PAGE_BYTES - SPECIAL_BYTES;
        boolean leaf = level == 0;
        int lower = leaf ? HEADER_BYTES : HEADER_BYTES + LINE_POINTER_BYTES;
        int upper = leaf ? special : special - ITEM_BYTES;
        // After log position, checksum and flags, all zero.
        page.putShort(12, (short) lower);
        page.putShort(14, (short) upper);
        page.putShort(16, (short) special);
        page.putShort(18, (short) (RelationFile.PAGE_BYTES | LAYOUT_VERSION));
        if (!leaf) {
            page.putInt(HEADER_BYTES, upper | LP_NORMAL << 15 | ITEM_BYTES << 17);
            page.putShort(upper, (short) (child >>> 16));
            page.putShort(upper + 2, (short) child);
            page.putShort(upper + 4, (short) 0);
            page.putShort(upper + 6, (short) (ITEM_BYTES | ALTERNATIVE_POINTER));
        }
        // No neighbours: left and right are 0.
        page.putInt(special + 8, level);
        page.putShort(special + 12, (short) ((root ? ROOT : 0) | (leaf ? LEAF : 0)));
        return page.array();
    }
}
