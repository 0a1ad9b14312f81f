package dev.hone.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.HoneException;
import dev.hone.Progress;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MavenBinariesTest {

    @TempDir
    private Path cache;

    @TempDir
    private Path programs;

    @Test
    void without_maven_it_says_what_to_install_and_that_nothing_was_changed() throws IOException {
        MavenBinaries binaries =
                new MavenBinaries(List.of(programs.resolve("no-such-mvn").toString()), cache);
        assertRefused(binaries, 14, "Maven, which would bring it, is not on the PATH", "apt install postgresql-14");
        assertThat(content(cache)).isEmpty();
    }

    @Test
    void what_maven_says_is_the_reason_and_nothing_is_left_behind() throws IOException {
        MavenBinaries binaries = new MavenBinaries(
                List.of(script("echo '[INFO] hm'; echo '[ERROR] Unknown host repo.example'; exit 1")), cache);
        assertRefused(binaries, 16, "Unknown host repo.example", "apt install postgresql-16");
        assertThat(content(cache)).isEmpty();
    }

    @Test
    void a_version_that_nobody_has_built_is_refused_without_asking_maven() {
        assertRefused(
                new MavenBinaries(List.of("no-such-mvn"), cache), 12, "there is none for this version", "postgresql-12");
    }

    /** Maven is a stand-in here, the archive the real one that comes with Hone; other tests have Maven bring others. */
    @Test
    void what_maven_brings_is_unpacked_once_though_many_ask_and_then_is_just_there() throws Exception {
        Platform platform = Platform.current();
        Path jar = programs.resolve("brought.jar");
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar));
                InputStream archive = Installation.class.getResourceAsStream("/" + platform.archive())) {
            out.putNextEntry(new JarEntry(platform.archive()));
            archive.transferTo(out);
        }
        MavenBinaries binaries = new MavenBinaries(
                List.of(script("echo asked >> '" + programs.resolve("asked") + "'\nfor a in \"$@\"; do case $a in"
                        + " -DoutputDirectory=*) out=${a#*=};; -Dartifact=*) version=${a##*:};; esac; done\ncp '" + jar
                        + "' \"$out/" + platform.artifact() + "-$version.jar\"")),
                cache);
        ConcurrentLinkedQueue<String> labels = new ConcurrentLinkedQueue<>();
        Progress progress = (label, total) -> {
            labels.add(label);
            return (done, detail) -> {};
        };
        List<Thread> askers = IntStream.range(0, 2)
                .mapToObj(i -> Thread.ofPlatform().start(() -> binaries.installation(17, progress)))
                .toList();
        for (Thread asker : askers) {
            asker.join();
        }
        Installation installation = binaries.installation(17, progress);

        assertThat(installation.bin()).startsWith(cache);
        assertThat(installation.bin().resolve("initdb")).isExecutable();
        assertThat(content(cache)).containsExactly(installation.name());
        assertThat(labels).isNotEmpty().containsOnly("Bringing PostgreSQL 17");
        assertThat(Files.readAllLines(programs.resolve("asked"))).hasSameSizeAs(labels);
    }

    private static void assertRefused(MavenBinaries binaries, int major, String why, String advice) {
        assertThatThrownBy(() -> binaries.installation(major, Progress.NONE))
                .isInstanceOfSatisfying(HoneException.class, e -> {
                    assertThat(e.kind()).isEqualTo(HoneException.Kind.REFUSED);
                    assertThat(e).hasMessageContaining("PostgreSQL " + major).hasMessageContaining(why);
                    assertThat(e.advice()).contains("Nothing was changed", advice);
                });
    }

    private String script(String text) throws IOException {
        Path script = Files.writeString(programs.resolve("mvn"), "#!/bin/sh\n" + text + "\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        return script.toString();
    }

    private static List<String> content(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }
}
