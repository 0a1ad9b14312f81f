package dev.hone.benchmarks;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * How long {@code ./hone --version} takes beside {@code psql --version} and a bare {@code java -version} of the same JDK.
 *
 * <p>Argument: rounds of two runs each (default 15).
 */
public final class StartUp {

    private StartUp() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 15;
        Map<String, List<String>> commands = new LinkedHashMap<>();
        commands.put("./hone --version", List.of(Child.hone(), "--version"));
        commands.put("java -version", List.of(Child.java(), "-version"));
        commands.put("psql --version", List.of("psql", "--version"));
        // Not counted: the launcher builds Hone and its archive of classes if it must, and files come into the cache.
        for (List<String> command : commands.values()) {
            Child version = Child.run(command, Map.of());
            System.out.print(version.output() + version.errors());
        }
        Map<String, List<Child>> runs = Turns.run(
                List.copyOf(commands.keySet()),
                rounds,
                name -> Child.run(Objects.requireNonNull(commands.get(name)), Map.of()));
        System.out.println(
                "\n| | wall time, ms: median (least – most) of " + 2 * rounds + " runs | beside hone |\n|---|---|---|");
        double hone =
                Spread.of(runs.values().iterator().next(), Child::wallMillis).median();
        runs.forEach((name, all) -> {
            Spread millis = Spread.of(all, Child::wallMillis);
            System.out.printf(Locale.ROOT, "| %s | %s | %.2f |%n", name, millis.text("%.1f"), millis.median() / hone);
        });
    }
}
