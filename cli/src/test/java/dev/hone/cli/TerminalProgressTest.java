package dev.hone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Progress;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TerminalProgressTest {

    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final Progress progress = new TerminalProgress(
            new Terminal(System.out, new PrintStream(err, true, StandardCharsets.UTF_8), false, false, 100));

    private List<String> lines() {
        return err.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void off_a_terminal_a_line_says_at_once_whom_the_work_waits_for_and_another_that_it_is_somebody_else()
            throws Exception {
        Progress.Task task = progress.begin("work", 1000);
        task.at(10, "begun");
        assertThat(lines()).containsExactly("work …");

        task.waiting(10, "waiting for process 5, 1 s old", Set.of(5));
        task.waiting(10, "waiting for process 5, 2 s old", Set.of(5));
        task.waiting(10, "waiting for process 6", Set.of(6));
        assertThat(lines()).containsExactly("work …", "work 1 %, waiting for process 5, 1 s old");

        Thread.sleep(1100);
        task.waiting(10, "waiting for process 5, 3 s old", Set.of(5));
        assertThat(lines()).hasSize(2);
        task.waiting(20, "waiting for process 6", Set.of(6));
        assertThat(lines()).hasSize(3).endsWith("work 2 %, waiting for process 6");

        task.at(30, "at work");
        Thread.sleep(1100);
        task.waiting(30, "waiting for process 6 again", Set.of(6));
        assertThat(lines()).hasSize(4).endsWith("work 3 %, waiting for process 6 again");
    }
}
