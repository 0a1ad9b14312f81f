package dev.hone.postgres;

import dev.hone.HoneException;
import dev.hone.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import tools.jackson.core.JacksonException;

/** A Snapshot in a file: gzip-compressed JSON. It holds sample values of the data, so only its owner may read it. */
public final class SnapshotFile {

    private SnapshotFile() {}

    /**
     * Writes the file, replacing what was there only once the new one is whole.
     *
     * @throws HoneException if it cannot be written
     */
    public static void write(Snapshot snapshot, Path file) {
        try {
            Path folder = file.toAbsolutePath().getParent();
            Path unfinished = Files.createTempFile(
                    folder,
                    ".hone",
                    ".part",
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            try {
                try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(unfinished))) {
                    Json.MAPPER.writeValue(out, snapshot);
                }
                Files.move(unfinished, file, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(unfinished);
            }
        } catch (IOException e) {
            throw HoneException.failed(
                    "Cannot write the snapshot to " + file + ": " + e,
                    "The database is unchanged, and so is a file of that name. Choose a folder you may write to.",
                    e);
        }
    }

    /**
     * Reads a file that {@link #write} wrote.
     *
     * @throws HoneException if it cannot be read, or is no snapshot of a format we know
     */
    public static Snapshot read(Path file) {
        try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
            Snapshot snapshot = Json.MAPPER.readValue(in, Snapshot.class);
            if (snapshot.format() != Snapshot.FORMAT) {
                throw HoneException.usage(
                        file + " is a snapshot of format " + snapshot.format() + "; this Hone reads format "
                                + Snapshot.FORMAT,
                        "Take it again with this version: hone snapshot URL --out FILE");
            }
            return snapshot;
        } catch (IOException | JacksonException | NullPointerException | IllegalArgumentException e) {
            throw new HoneException(
                    HoneException.Kind.USAGE,
                    file + " cannot be read as a snapshot: " + e.getMessage(),
                    "Nothing was changed. A snapshot is what `hone snapshot URL --out FILE` writes.",
                    e);
        }
    }
}
