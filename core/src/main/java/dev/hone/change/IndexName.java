package dev.hone.change;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/** Names for the indexes of partitions. */
final class IndexName {

    private static final int LONGEST_BYTES = 63;

    private IndexName() {}

    /**
     * A name that is the same whenever it is asked for, so that a second run finds what a first one built: the
     * partition's name, cut to fit, and a sum over the index it belongs to.
     */
    static String ofPartition(String partition, CreateIndex change) {
        CRC32 sum = new CRC32();
        sum.update((change.schema() + "\0" + change.name() + "\0" + partition).getBytes(StandardCharsets.UTF_8));
        String end = String.format("_%08x_idx", sum.getValue());
        return cut(partition, LONGEST_BYTES - end.length()) + end;
    }

    /** The longest beginning of a text that has no more than so many bytes in UTF-8, whole characters only. */
    static String cut(String text, int bytes) {
        int used = 0;
        int end = 0;
        while (end < text.length()) {
            int character = text.codePointAt(end);
            int size = Character.toString(character).getBytes(StandardCharsets.UTF_8).length;
            if (used + size > bytes) {
                break;
            }
            used += size;
            end += Character.charCount(character);
        }
        return text.substring(0, end);
    }
}
