package dev.hone.twin;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * The main fork of a relation in a data directory: files of 1 GiB, which are extended sparsely, so that a pretended
 * terabyte takes a few megabytes of disk. The server must hold no buffer of it.
 *
 * @param first path of the first segment
 */
record RelationFile(Path first) {

    static final int PAGE_BYTES = 8192;

    /** PostgreSQL's RELSEG_SIZE, in pages. */
    static final long SEGMENT_PAGES = 131_072;

    /** Makes it at least as long as the pages given; a relation never shrinks here. */
    void extendTo(long pages) throws IOException {
        long segment = 0;
        for (long left = pages; left > 0; left -= SEGMENT_PAGES, segment++) {
            long length = Math.min(left, SEGMENT_PAGES) * PAGE_BYTES;
            try (FileChannel channel = open(segment)) {
                if (channel.size() < length) {
                    channel.write(ByteBuffer.allocate(1), length - 1);
                }
            }
        }
    }

    /** A copy of the first segment beside it. */
    RelationFile copy(String name) throws IOException {
        return new RelationFile(Files.copy(first, first.resolveSibling(name), StandardCopyOption.REPLACE_EXISTING));
    }

    /** Its length in pages. */
    long pages() throws IOException {
        long pages = 0;
        for (long segment = 0; Files.exists(path(segment)); segment++) {
            pages += Files.size(path(segment)) / PAGE_BYTES;
        }
        return pages;
    }

    /** A page of the first segment. */
    byte[] read(int page) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(PAGE_BYTES);
        try (FileChannel channel = FileChannel.open(first, StandardOpenOption.READ)) {
            while (buffer.hasRemaining()) {
                if (channel.read(buffer, (long) page * PAGE_BYTES + buffer.position()) < 0) {
                    throw new IOException(first.getFileName() + " has no page " + page);
                }
            }
        }
        return buffer.array();
    }

    /** Replaces a page of the first segment, or appends it. */
    void write(int page, byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        try (FileChannel channel = open(0)) {
            while (buffer.hasRemaining()) {
                channel.write(buffer, (long) page * PAGE_BYTES + buffer.position());
            }
        }
    }

    private FileChannel open(long segment) throws IOException {
        return FileChannel.open(path(segment), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    }

    private Path path(long segment) {
        return segment == 0 ? first : first.resolveSibling(first.getFileName() + "." + segment);
    }
}
