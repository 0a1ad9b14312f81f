package dev.hone.postgres;

import dev.hone.HoneException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Hone's own folder on this machine: {@code $HONE_CACHE}, or {@code hone} in the user's cache folder. */
public final class CacheFolder {

    private CacheFolder() {}

    /**
     * The folder, readable by this user only; created if it is not there.
     *
     * @throws HoneException if it cannot be created, or others could put programs into it that Hone would run
     */
    public static Path path() {
        Path folder = chosen(System.getenv(), System.getProperty("user.home")).toAbsolutePath();
        try {
            if (!Files.isDirectory(folder)) {
                Files.createDirectories(
                        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
            requirePrivate(folder);
        } catch (IOException e) {
            throw unusable("Cannot use the cache folder " + folder, e);
        }
        return folder;
    }

    static Path chosen(Map<String, String> environment, @Nullable String home) {
        String own = environment.getOrDefault("HONE_CACHE", "");
        String caches = environment.getOrDefault("XDG_CACHE_HOME", "");
        if (!own.isBlank()) {
            return Path.of(own);
        }
        if (!caches.isBlank()) {
            return Path.of(caches, "hone");
        }
        // Java's word for a user without a home, such as one of a container.
        if (home == null || home.isBlank() || home.equals("?")) {
            throw HoneException.usage(
                    "This user has no home folder, where Hone would keep its cache",
                    "Nothing was changed. Set HONE_CACHE to a folder that only this user may write to.");
        }
        return Path.of(home, ".cache", "hone");
    }

    static void requirePrivate(Path folder) throws IOException {
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(folder);
        if (permissions.contains(PosixFilePermission.GROUP_WRITE)
                || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
            throw HoneException.refused(
                    "Others may write to the cache folder " + folder + ", from which Hone runs PostgreSQL",
                    "Nothing was changed. Run chmod go-w on it, or set HONE_CACHE to another folder.");
        }
    }

    /** What to say where the folder, or something in it, cannot be read or written. */
    static HoneException unusable(String what, IOException e) {
        return HoneException.failed(
                what + ": " + e,
                "No database of yours was touched. Free some disk space, or set HONE_CACHE to a folder that this user may"
                        + " write to.",
                e);
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
