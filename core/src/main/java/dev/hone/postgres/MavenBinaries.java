package dev.hone.postgres;

import dev.hone.HoneException;
import dev.hone.Progress;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;

/**
 * PostgreSQL's programs of other major versions, brought by Maven on first need and kept in a folder. Maven itself does
 * it, as a child process, so that the user's mirrors, proxies and credentials apply.
 *
 * @param maven the command
 * @param folder where they are kept
 */
record MavenBinaries(List<String> maven, Path folder) {

    private static final String GROUP = "io.zonky.test.postgres";
    private static final String COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy";
    private static final long PATIENCE_MINUTES = 15;
    private static final Properties VERSIONS = versions();

    MavenBinaries {
        maven = List.copyOf(maven);
    }

    /**
     * The programs of a major version, from the folder or else from Maven.
     *
     * @throws HoneException of kind {@code REFUSED} if they cannot be had
     */
    Installation installation(int major, Progress progress) {
        String version = VERSIONS.getProperty(Integer.toString(major));
        if (version == null) {
            throw refused(major, "there is none for this version");
        }
        String name = "postgresql-" + version;
        Path home = folder.resolve(name);
        if (!Files.isDirectory(home)) {
            try (Progress.Task task = progress.begin("Bringing PostgreSQL " + major, 2)) {
                bring(major, version, home, task);
            }
        }
        return new Installation(name, home.resolve("bin"));
    }

    private void bring(int major, String version, Path home, Progress.Task task) {
        Platform platform = Platform.current();
        String artifact = GROUP + ":" + platform.artifact() + ":" + version;
        try {
            Path unfinished = Files.createTempDirectory(folder, "maven");
            try {
                task.at(0, "Maven resolves " + artifact);
                resolve(major, artifact, unfinished);
                task.at(1, "unpacking");
                Path jar = unfinished.resolve(platform.artifact() + "-" + version + ".jar");
                try (JarFile file = new JarFile(jar.toFile());
                        InputStream archive = file.getInputStream(
                                Objects.requireNonNull(file.getJarEntry(platform.archive()), platform.archive()))) {
                    Archive.unpack(archive, home);
                }
            } finally {
                CacheFolder.delete(unfinished);
            }
        } catch (IOException e) {
            throw CacheFolder.unusable("Cannot unpack PostgreSQL " + version, e);
        }
    }

    private void resolve(int major, String artifact, Path output) {
        List<String> command = new ArrayList<>(maven);
        command.addAll(List.of("-B", "-q", "-ntp", COPY, "-Dartifact=" + artifact, "-DoutputDirectory=" + output));
        Process process;
        try {
            process = new ProcessBuilder(command)
                    // No project's settings: a pom.xml of the folder we were started in is none of our business.
                    .directory(output.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.resolve("log").toFile())
                    .start();
        } catch (IOException e) {
            throw refused(major, "Maven, which would bring it, is not on the PATH (" + maven.getFirst() + ")");
        }
        try {
            process.getOutputStream().close();
            if (!process.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES)) {
                throw refused(major, "Maven did not bring it within " + PATIENCE_MINUTES + " minutes");
            }
            if (process.exitValue() != 0) {
                throw refused(major, "Maven could not bring " + artifact + ": " + reason(output.resolve("log")));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw refused(major, "it was interrupted while Maven brought it");
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    /** What Maven names as the cause: the first line that tells of an error. */
    private static String reason(Path log) throws IOException {
        String text = new String(Files.readAllBytes(log), StandardCharsets.UTF_8).replaceAll("\u001b\\[[\\d;]*m", "");
        return text.lines()
                .filter(line -> line.contains("ERROR"))
                .map(line -> line.replace("[ERROR]", "").strip())
                .filter(line -> !line.isEmpty())
                .findFirst()
                .orElse("see `mvn -X` for why");
    }

    private static HoneException refused(int major, String why) {
        return HoneException.refused(
                "This needs PostgreSQL " + major + " on this machine, and " + why,
                "Nothing was changed. Install PostgreSQL " + major + " here (Debian, Ubuntu: apt install postgresql-"
                        + major
                        + "; Red Hat: dnf install postgresql" + major + "-server; macOS: brew install postgresql@"
                        + major
                        + "), or run Hone once where Maven reaches a repository.");
    }

    private static Properties versions() {
        Properties versions = new Properties();
        try (InputStream in = MavenBinaries.class.getResourceAsStream("binaries.properties")) {
            versions.load(Objects.requireNonNull(in));
            return versions;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
