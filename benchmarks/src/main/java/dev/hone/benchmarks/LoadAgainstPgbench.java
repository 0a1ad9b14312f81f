package dev.hone.benchmarks;

import dev.hone.Progress;
import dev.hone.measure.Load;
import dev.hone.measure.LoadOptions;
import dev.hone.measure.LoadResult;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Secret;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.workload.Script;
import dev.hone.workload.ScriptParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
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
        Map<Contender, List<Run>> runs = new EnumMap<>(Contender.class);
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
            for (int round = 0; round < rounds; round++) {
                List<Contender> order = new ArrayList<>(List.of(Contender.values()));
                order.addAll(order.reversed());
                for (Contender contender : order) {
                    Run run = switch (contender) {
                        case HONE -> hone(address, seconds);
                        case PGBENCH_1 -> pgbench(address, pgbenchScript, 1, seconds);
                        case PGBENCH_8 -> pgbench(address, pgbenchScript, CONNECTIONS, seconds);
                    };
                    runs.computeIfAbsent(contender, key -> new ArrayList<>()).add(run);
                    System.out.printf(
                            Locale.ROOT,
                            "%-13s %6.2f µs  %8.0f /s%n",
                            contender.title,
                            run.microsPerTransaction,
                            run.perSecond);
                }
            }
        } finally {
            Files.delete(pgbenchScript);
        }
        report(runs);
    }

    private static void report(Map<Contender, List<Run>> runs) {
        System.out.printf(Locale.ROOT, "%n%-13s  client CPU per transaction, µs      transactions per second%n", "");
        System.out.printf(
                Locale.ROOT, "%-13s  %8s %8s %8s   %9s %9s %9s%n", "", "median", "min", "max", "median", "min", "max");
        runs.forEach((contender, all) -> {
            double[] micros = sorted(all, Run::microsPerTransaction);
            double[] rates = sorted(all, Run::perSecond);
            System.out.printf(
                    Locale.ROOT,
                    "%-13s  %8.2f %8.2f %8.2f   %9.0f %9.0f %9.0f%n",
                    contender.title,
                    median(micros),
                    micros[0],
                    micros[micros.length - 1],
                    median(rates),
                    rates[0],
                    rates[rates.length - 1]);
        });
        double hone = median(sorted(Objects.requireNonNull(runs.get(Contender.HONE)), Run::microsPerTransaction));
        for (Contender peer : List.of(Contender.PGBENCH_1, Contender.PGBENCH_8)) {
            double theirs = median(sorted(Objects.requireNonNull(runs.get(peer)), Run::microsPerTransaction));
            System.out.printf(Locale.ROOT, "hone bench / %s: %.2f%n", peer.title, hone / theirs);
        }
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
        // The shell's `times` prints the processor time of its children, pgbench, in its second line.
        ProcessBuilder builder = new ProcessBuilder(
                "sh",
                "-c",
                "pgbench -n -M prepared -c " + CONNECTIONS + " -j " + threads + " -T " + seconds
                        + " -f \"$1\" 2>&1 || exit 1; times",
                "sh",
                script.toString());
        Map<String, String> environment = builder.environment();
        environment.put("PGHOST", Objects.requireNonNull(address.host()));
        environment.put("PGPORT", Integer.toString(address.port()));
        environment.put("PGUSER", Objects.requireNonNull(address.user()));
        environment.put("PGDATABASE", Objects.requireNonNull(address.database()));
        Secret password = Objects.requireNonNull(address.password());
        environment.put("PGPASSWORD", password.reveal());
        environment.put("LC_ALL", "C");
        Process process = builder.redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IllegalStateException("pgbench failed: " + output);
        }
        long transactions = (long) number(output, "transactions actually processed: (\\d+)");
        String childTimes = output.lines().toList().getLast();
        double cpuSeconds = 0;
        Matcher times = Pattern.compile("(\\d+)m([\\d.]+)s").matcher(childTimes);
        while (times.find()) {
            cpuSeconds += 60 * Double.parseDouble(times.group(1)) + Double.parseDouble(times.group(2));
        }
        return new Run(cpuSeconds * 1e6 / transactions, (double) transactions / seconds);
    }

    private static double number(String output, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(output);
        if (!matcher.find()) {
            throw new IllegalStateException("no " + pattern + " in: " + output);
        }
        return Double.parseDouble(matcher.group(1));
    }

    private static double[] sorted(List<Run> runs, ToDoubleFunction<Run> figure) {
        return runs.stream().mapToDouble(figure).sorted().toArray();
    }

    private static double median(double[] sorted) {
        int half = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }
}
