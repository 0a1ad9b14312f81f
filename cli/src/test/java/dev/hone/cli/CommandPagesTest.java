package dev.hone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every command has a page, and the page shows the usage as it is. */
class CommandPagesTest {

    private static final Path PAGES = Path.of("..", "docs", "commands");
    private static final String MARK = "<!-- generated: CommandPagesTest writes it with -Dhone.write=true -->\n";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "demo",
                "check",
                "snapshot",
                "plan",
                "advise",
                "export",
                "guide",
                "apply",
                "undo",
                "status",
                "install",
                "uninstall",
                "trigger",
                "leaderboard",
                "refresh",
                "bench",
                "compare"
            })
    void the_page_shows_the_usage(String command) throws Exception {
        CommandLineRun help = CommandLineRun.of(Map.of(), command, "--help");
        assertThat(help.exitCode()).isZero();
        Path file = PAGES.resolve(command + ".md");
        String page = Files.readString(file);
        assertThat(page).startsWith("# hone " + command + "\n").contains(MARK);
        String prose = page.substring(0, page.indexOf(MARK) + MARK.length());
        String wanted = prose + "```\n" + help.out().stripTrailing() + "\n```\n";
        if (Boolean.getBoolean("hone.write")) {
            Files.writeString(file, wanted);
        }
        assertThat(Files.readString(file)).isEqualTo(wanted);
        assertThat(Files.readString(PAGES.resolve("README.md"))).contains("(" + command + ".md)");
    }

    @Test
    void no_command_is_without_a_page() {
        String usage = CommandLineRun.of(Map.of(), "--help").out();
        String commands = usage.substring(usage.indexOf("Commands:"));
        assertThat(commands.lines()
                        .filter(line -> line.matches("  [a-z]+ .*"))
                        .map(line -> line.strip().replaceFirst(" .*", ""))
                        .filter(name -> !name.equals("help")))
                .isNotEmpty()
                .allSatisfy(name -> assertThat(PAGES.resolve(name + ".md")).exists());
    }
}
