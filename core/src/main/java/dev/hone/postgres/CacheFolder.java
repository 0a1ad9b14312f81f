package dev.hone.postgres;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.stream.Stream;

/** Hone's own folder on this machine: {@code $HONE_CACHE}, or {@code hone} in the user's cache folder. */
public final class CacheFolder {

    private CacheFolder() {}

    /** The folder, readable by this user only; created if it is not there. */
    public static Path path() {
        String own = System.getenv("HONE_CACHE");
        String xdg = System.getenv("XDG_CACHE_HOME");
        Path folder = own != null && !own.isBlank()
                ? Path.of(own)
                : (xdg != null && !xdg.isBlank() ? Path.of(xdg) : Path.of(System.getProperty("user.home"), ".cache"))
                        .resolve("hone");
        try {
            if (!Files.isDirectory(folder)) {
                Files.createDirectories(
                        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot create " + folder, e);
        }
        return folder.toAbsolutePath();
    }

    /** Deletes a file or a folder with all it holds; what is not there is no error. */
    static void delete(Path path) {
        if (!Files.exists(path, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> all = Files.walk(path)) {
            for (Path one : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(one);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot delete " + path, e);
        }
    }
}
