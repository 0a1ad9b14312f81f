package dev.hone.postgres;

import dev.hone.HoneException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import java.util.Optional;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

/**
 * PostgreSQL's programs on this machine: those that come with Hone, or a local installation.
 *
 * @param name tells it from other installations; part of a folder's name
 * @param bin the folder that holds initdb, pg_ctl and postgres
 */
public record Installation(String name, Path bin) {

    /** The major version that comes with Hone. */
    public static final int EMBEDDED_MAJOR = 18;

    /**
     * The PostgreSQL that comes with Hone, unpacked into the cache on first use.
     *
     * @throws HoneException if there is none for this machine's kind
     */
    public static Installation embedded() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("mac") ? "darwin" : "linux";
        String machine = System.getProperty("os.arch").equals("aarch64") ? "arm_64" : "x86_64";
        String archive = "/postgres-" + system + "-" + machine + ".txz";
        try (InputStream in = Installation.class.getResourceAsStream(archive)) {
            if (in == null) {
                throw HoneException.refused(
                        "Hone brings no PostgreSQL for " + system + " on " + machine,
                        "Nothing was changed. Install PostgreSQL " + EMBEDDED_MAJOR
                                + " on this machine and try again.");
            }
            // The length tells one build from another as surely as a hash, and costs nothing.
            String name = "postgresql-" + EMBEDDED_MAJOR + "-" + in.available();
            Path home = CacheFolder.path().resolve(name);
            if (!Files.isDirectory(home)) {
                unpack(in, home);
            }
            return new Installation(name, home.resolve("bin"));
        } catch (IOException e) {
            throw CacheFolder.unusable("Cannot unpack the embedded PostgreSQL", e);
        }
    }

    /** A local installation of a major version, where the usual packages put it. */
    public static Optional<Installation> local(int major) {
        return java.util.stream.Stream.of(
                        "/usr/lib/postgresql/" + major + "/bin",
                        "/usr/pgsql-" + major + "/bin",
                        "/opt/homebrew/opt/postgresql@" + major + "/bin",
                        "/usr/local/opt/postgresql@" + major + "/bin")
                .map(Path::of)
                .filter(bin -> Files.isExecutable(bin.resolve("initdb")))
                .findFirst()
                .map(bin -> new Installation("local-" + major, bin));
    }

    private static void unpack(InputStream archive, Path home) throws IOException {
        Path unfinished = Files.createTempDirectory(CacheFolder.path(), "unpack");
        try {
            extract(archive, unfinished);
            Files.move(unfinished, home, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            // Another Hone may have unpacked it meanwhile; its copy is as good.
            if (!Files.isDirectory(home)) {
                throw e;
            }
        } finally {
            CacheFolder.delete(unfinished);
        }
    }

    private static void extract(InputStream archive, Path folder) throws IOException {
        try (TarArchiveInputStream tar =
                new TarArchiveInputStream(new XZCompressorInputStream(new BufferedInputStream(archive)))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                Path target = folder.resolve(entry.getName()).normalize();
                if (!target.startsWith(folder)) {
                    throw new IOException("entry outside the archive: " + entry.getName());
                }
                if (entry.isDirectory()) {
                    Files.createDirectories(target);
                } else if (entry.isSymbolicLink()) {
                    Files.createSymbolicLink(target, Path.of(entry.getLinkName()));
                } else {
                    Files.createDirectories(target.getParent());
                    Files.copy(tar, target);
                    if ((entry.getMode() & 0100) != 0) {
                        Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rwxr-xr-x"));
                    }
                }
            }
        }
    }
}
