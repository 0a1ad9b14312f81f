package dev.hone.benchmarks;

import dev.hone.Progress;
import dev.hone.measure.Load;
import dev.hone.measure.LoadOptions;
import dev.hone.measure.LoadResult;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.workload.Script;
import dev.hone.workload.ScriptParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Client CPU per transaction of {@code hone bench} and of pgbench: the same prepared single-row select by primary key, the
 * same server, 8 connections, turn by turn (Hone, pgbench with one thread, pgbench with a thread per connection, and back).
 *
 * <p>Arguments: rounds (default 3) and seconds per run (default 5). pgbench must be on the PATH.
 */
public final class LoadAgainstPgbench {

    private static final int CONNECTIONS = 8;
    private static final int ROWS = 10_000;
    private static final double TARGET_MICROS = 15;

    private enum Contender {
        HONE("hone bench"),
        PGBENCH_1("pgbench -j 1"),
        PGBENCH_8("pgbench -j 8");

        private final String title;

        Contender(String title) {
            this.title = title;
        }
    }

    private record Run(double microsPerTransaction, double perSecond) {}

    private LoadAgainstPgbench() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 3;
        int seconds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 5;
        Path pgbenchScript = Files.createTempFile("hone-benchmark", ".sql");
        try (LocalServer local = LocalServer.start(Installation.embedded(), Map.of("shared_buffers", "128MB"))) {
            ServerAddress address = local.address("postgres");
            try (Server server = Server.connect(address)) {
                server.handle().execute("CREATE TABLE items (id int PRIMARY KEY, note text NOT NULL)");
                server.handle().execute("INSERT INTO items SELECT i, md5(i::text) FROM generate_series(1, ?) i", ROWS);
                server.handle().execute("VACUUM ANALYZE items");
            }
            Files.writeString(
                    pgbenchScript, "\\set id random(1, " + ROWS + ")\nSELECT note FROM items WHERE id = :id;\n");
            // Not counted: the server's caches, and the just-in-time compiler of this process.
            hone(address, Math.max(seconds, 10));
            pgbench(address, pgbenchScript, 1, 2);
            report(Turns.run(List.of(Contender.values()), rounds, contender -> {
                Run run = switch (contender) {
                    case HONE -> hone(address, seconds);
                    case PGBENCH_1 -> pgbench(address, pgbenchScript, 1, seconds);
                    case PGBENCH_8 -> pgbench(address, pgbenchScript, CONNECTIONS, seconds);
                };
                System.out.printf(
                        Locale.ROOT,
                        "%-13s %6.2f µs  %8.0f /s%n",
                        contender.title,
                        run.microsPerTransaction,
                        run.perSecond);
                return run;
            }));
        } finally {
            Files.delete(pgbenchScript);
        }
    }

    private static void report(Map<Contender, List<Run>> runs) {
        System.out.println(
                "\n| | client CPU per transaction, µs: median (least – most) | transactions per second | hone bench"
                        + " beside it |\n|---|---|---|---|");
        double hone = micros(runs, Contender.HONE).median();
        runs.forEach((contender, all) -> {
            Spread micros = micros(runs, contender);
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %s | %s | %.2f |%n",
                    contender.title,
                    micros.text("%.2f"),
                    Spread.of(all, Run::perSecond).text("%.0f"),
                    hone / micros.median());
        });
        System.out.printf(
                Locale.ROOT,
                "%nTarget: at most %.0f µs of client CPU per transaction: %s%n",
                TARGET_MICROS,
                hone <= TARGET_MICROS ? "met" : "missed");
    }

    private static Run hone(ServerAddress address, int seconds) {
        Script script = ScriptParser.parse("items.sql", """
                -- sample id: SELECT id FROM items
                SELECT note FROM items WHERE id = :id;
                """);
        LoadResult result = Load.run(
                address,
                script,
                LoadOptions.DEFAULT
                        .withConnections(CONNECTIONS)
                        .withDuration(Duration.ofSeconds(1), Duration.ofSeconds(seconds)),
                Clock.systemUTC(),
                Progress.NONE);
        if (result.total().errorCount() > 0) {
            throw new IllegalStateException(result.total().errors().toString());
        }
        return new Run(
                result.client().cpuSeconds() * 1e6 / result.total().count(),
                result.total().perSecond());
    }

    private static Run pgbench(ServerAddress address, Path script, int threads, int seconds)
            throws IOException, InterruptedException {
        Child pgbench = Child.run(
                List.of(
                        "pgbench",
                        "-n",
                        "-M",
                        "prepared",
                        "-c",
                        Integer.toString(CONNECTIONS),
                        "-j",
                        Integer.toString(threads),
                        "-T",
                        Integer.toString(seconds),
                        "-f",
                        script.toString()),
                Child.environment(address));
        long transactions = (long) number(pgbench.output(), "transactions actually processed: (\\d+)");
        return new Run(pgbench.cpuSeconds() * 1e6 / transactions, (double) transactions / seconds);
    }

    private static double number(String output, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(output);
        if (!matcher.find()) {
            throw new IllegalStateException("no " + pattern + " in: " + output);
        }
        return Double.parseDouble(matcher.group(1));
    }

    private static Spread micros(Map<Contender, List<Run>> runs, Contender contender) {
        return Spread.of(Objects.requireNonNull(runs.get(contender)), Run::microsPerTransaction);
    }
}
