package dev.hone.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.HoneException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheFolderTest {

    @Test
    void is_where_the_user_says_or_in_the_cache_of_the_home_folder() {
        assertThat(CacheFolder.chosen(Map.of("HONE_CACHE", "/own", "XDG_CACHE_HOME", "/caches"), "/home/ann"))
                .isEqualTo(Path.of("/own"));
        assertThat(CacheFolder.chosen(Map.of("XDG_CACHE_HOME", "/caches"), "/home/ann"))
                .isEqualTo(Path.of("/caches/hone"));
        assertThat(CacheFolder.chosen(Map.of(), "/home/ann")).isEqualTo(Path.of("/home/ann/.cache/hone"));
    }

    @Test
    void user_without_a_home_is_told_what_to_set() {
        assertThatThrownBy(() -> CacheFolder.chosen(Map.of(), "?"))
                .isInstanceOfSatisfying(
                        HoneException.class, e -> assertThat(e.advice()).contains("HONE_CACHE"));
    }

    @Test
    void folder_that_others_may_write_to_is_refused(@TempDir Path folder) throws Exception {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        assertThatCode(() -> CacheFolder.requirePrivate(folder)).doesNotThrowAnyException();
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThatThrownBy(() -> CacheFolder.requirePrivate(folder)).isInstanceOf(HoneException.class);
    }
}
