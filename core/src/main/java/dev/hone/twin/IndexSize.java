package dev.hone.twin;

import java.io.IOException;

/** How large an index is when it is built afresh, and what of that the planner reads in its file. */
sealed interface IndexSize permits BtreeSize, GinSize, BrinSize, IndexSize.Plain {

    /** All its pages, the metapage among them. */
    long pages();

    /**
     * Writes into the file of an empty index what the planner will read there. The file must not be in the server's
     * buffers.
     */
    void write(RelationFile file) throws IOException;

    /** Whether what is written replaces pages that the server itself keeps in its buffers when it builds an index. */
    boolean buffered();

    /** An index of which the planner reads nothing but the length. */
    record Plain(long pages) implements IndexSize {

        @Override
        public void write(RelationFile file) {
            // There is nothing to write.
        }

        @Override
        public boolean buffered() {
            return false;
        }
    }
}
