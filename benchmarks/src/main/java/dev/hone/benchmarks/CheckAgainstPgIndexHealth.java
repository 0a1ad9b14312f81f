package dev.hone.benchmarks;

import dev.hone.Json;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jdbi.v3.core.Handle;

/**
 * {@code ./hone check} and pg-index-health, each a process of its own, on the same database of many tables in which a few
 * defects are planted: time, memory, the server's work, and which of the defects they find.
 *
 * <p>Arguments: rounds of two runs each (default 3) and tables (default 5,000).
 */
public final class CheckAgainstPgIndexHealth {

    private static final int ROWS = 100;
    private static final int TABLES_PER_TRANSACTION = 250;

    private enum Contender {
        HONE("hone check"),
        PEER_WITHOUT_BLOAT("pg-index-health without its bloat checks"),
        PEER("pg-index-health, all checks");

        private final String title;

        Contender(String title) {
            this.title = title;
        }
    }

    /** A defect, and what the check of either program is called that should name it. */
    private record Defect(String name, String honeCheck, String peerCheck) {}

    private static final List<Defect> DEFECTS = List.of(
            new Defect("planted_duplicate_1", "duplicate-index", "DUPLICATED_INDEXES"),
            new Defect("planted_duplicate_2", "duplicate-index", "DUPLICATED_INDEXES"),
            new Defect("planted_duplicate_3", "duplicate-index", "DUPLICATED_INDEXES"),
            new Defect("planted_key_1", "foreign-key-without-index", "FOREIGN_KEYS_WITHOUT_INDEX"),
            new Defect("planted_key_2", "foreign-key-without-index", "FOREIGN_KEYS_WITHOUT_INDEX"),
            new Defect("planted_invalid", "invalid-index", "INVALID_INDEXES"),
            new Defect("planted_counter_id_seq", "integer-overflow", "SEQUENCE_OVERFLOW"));

    /** One thing a program reported. */
    private record Report(String check, String text) {}

    private record Run(Child child, double serverSeconds, List<Report> reports) {}

    private CheckAgainstPgIndexHealth() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 3;
        int tables = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 5_000;
        // No autovacuum: its work is not the contenders'.
        Map<String, String> settings =
                Map.of("shared_buffers", "512MB", "autovacuum", "off", "max_locks_per_transaction", "1024");
        try (LocalServer local = LocalServer.start(Installation.embedded(), settings)) {
            ServerAddress address = local.address("postgres");
            try (Server server = Server.connect(address)) {
                create(server.handle(), tables);
                System.out.println(server.handle()
                        .createQuery("SELECT format('%s tables, %s indexes, %s, PostgreSQL %s', count(*) FILTER (WHERE"
                                + " relkind = 'r'), count(*) FILTER (WHERE relkind = 'i'),"
                                + " pg_size_pretty(pg_database_size(current_database())),"
                                + " current_setting('server_version')) FROM pg_class WHERE relnamespace ="
                                + " 'public'::regnamespace")
                        .mapTo(String.class)
                        .one());
            }
            // Not counted: the launcher builds Hone if it must, and the catalogs come into the cache.
            run(Contender.HONE, local);
            run(Contender.PEER_WITHOUT_BLOAT, local);
            report(Turns.run(List.of(Contender.values()), rounds, contender -> {
                Run run = run(contender, local);
                System.out.printf(
                        Locale.ROOT,
                        "%-42s %8.2f s  client %6.2f s CPU, %4d MB  server %6.2f s CPU%n",
                        contender.title,
                        run.child.wallMillis() / 1000,
                        run.child.cpuSeconds(),
                        run.child.peakBytes() >> 20,
                        run.serverSeconds);
                return run;
            }));
        }
    }

    private static void create(Handle handle, int tables) {
        for (int from = 1; from <= tables; from += TABLES_PER_TRANSACTION) {
            // Every tenth table refers to the one before it, along an index.
            handle.execute(
                    String.format(Locale.ROOT, """
                            DO $$
                            BEGIN
                                FOR i IN %1$d..%2$d LOOP
                                    EXECUTE format('CREATE TABLE t%%s (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,'
                                        ' owner_id bigint, code text NOT NULL, note text, created_at timestamptz NOT NULL)', i);
                                    EXECUTE format('INSERT INTO t%%s (owner_id, code, note, created_at) SELECT g, md5(g::text),'
                                        ' ''note'', now() FROM generate_series(1, %3$d) g', i);
                                    EXECUTE format('CREATE INDEX t%%s_owner_id_idx ON t%%s (owner_id)', i, i);
                                    EXECUTE format('CREATE INDEX t%%s_code_idx ON t%%s (code, created_at)', i, i);
                                    IF i %% 10 = 0 THEN
                                        EXECUTE format('ALTER TABLE t%%s ADD CONSTRAINT t%%s_owner_id_fkey FOREIGN KEY'
                                            ' (owner_id) REFERENCES t%%s', i, i, i - 1);
                                    END IF;
                                END LOOP;
                            END $$""", from, Math.min(tables, from + TABLES_PER_TRANSACTION - 1), ROWS));
        }
        for (String defect : List.of(
                "CREATE INDEX planted_duplicate_1 ON t1 (owner_id)",
                "CREATE INDEX planted_duplicate_2 ON t2 (code, created_at)",
                "CREATE INDEX planted_duplicate_3 ON t3 (owner_id)",
                "ALTER TABLE t11 ADD planted_1 bigint CONSTRAINT planted_key_1 REFERENCES t4",
                "ALTER TABLE t12 ADD planted_2 bigint CONSTRAINT planted_key_2 REFERENCES t5",
                "CREATE INDEX planted_invalid ON t6 (note)",
                // As a concurrent build leaves it that failed.
                "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'planted_invalid'::regclass",
                "CREATE TABLE planted_counter (id serial PRIMARY KEY, note text)",
                "SELECT setval('planted_counter_id_seq', 2100000000)",
                "VACUUM ANALYZE")) {
            handle.execute(defect);
        }
    }

    private static Run run(Contender contender, LocalServer local) throws IOException, InterruptedException {
        List<String> peer = new ArrayList<>(List.of(
                Child.java(),
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                PgIndexHealth.class.getName()));
        List<String> command = switch (contender) {
            case HONE -> List.of(Child.hone(), "check", "--format", "json");
            case PEER -> peer;
            case PEER_WITHOUT_BLOAT -> {
                peer.add("BLOATED");
                yield peer;
            }
        };
        // A session that ends is reaped by the postmaster, which then has its processor time.
        long postmaster = Long.parseLong(
                Files.readAllLines(local.data().resolve("postmaster.pid")).getFirst());
        double before = Proc.childrenSeconds(postmaster);
        Child child = Child.run(command, Child.environment(local.address("postgres")));
        Thread.sleep(500);
        double serverSeconds = Proc.childrenSeconds(postmaster) - before;
        return new Run(
                child, serverSeconds, contender == Contender.HONE ? ofHone(child.output()) : ofPeer(child.output()));
    }

    private static List<Report> ofHone(String output) {
        List<?> findings =
                (List<?>) Objects.requireNonNull(Json.read(output, Map.class).get("findings"));
        return findings.stream()
                .map(finding -> (Map<?, ?>) finding)
                .map(finding -> new Report(String.valueOf(finding.get("check")), finding.toString()))
                .toList();
    }

    private static List<Report> ofPeer(String output) {
        return output.lines()
                .filter(line -> !line.startsWith("check\t"))
                .map(line -> new Report(line.substring(0, line.indexOf('\t')), line))
                .toList();
    }

    private static void report(Map<Contender, List<Run>> runs) {
        double hone = wall(runs, Contender.HONE).median();
        System.out.println(
                "\n| | wall time, s: median (least – most) | beside hone | client CPU, s | peak memory, MB | server"
                        + " CPU, s | planted defects found | others reported by the same checks | by all other checks |\n|---|---|---|---|---|---|---|---|---|");
        runs.forEach((contender, all) -> {
            List<Report> reports = all.getFirst().reports;
            Set<String> checks = new HashSet<>();
            Map<String, String> found = new LinkedHashMap<>();
            for (Defect defect : DEFECTS) {
                String check = contender == Contender.HONE ? defect.honeCheck : defect.peerCheck;
                checks.add(check);
                if (reports.stream().anyMatch(one -> names(one, check, defect))) {
                    found.put(defect.name, check);
                }
            }
            long same = reports.stream()
                    .filter(one -> checks.contains(one.check))
                    .filter(one -> DEFECTS.stream().noneMatch(defect -> one.text.contains(defect.name)))
                    .count();
            Spread wall = wall(runs, contender);
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %s | %.1f | %s | %s | %s | %d of %d | %d | %,d |%n",
                    contender.title,
                    wall.text("%.2f"),
                    wall.median() / hone,
                    Spread.of(all, run -> run.child.cpuSeconds()).text("%.2f"),
                    Spread.of(all, run -> run.child.peakBytes() / 1048576.0).text("%.0f"),
                    Spread.of(all, Run::serverSeconds).text("%.2f"),
                    found.size(),
                    DEFECTS.size(),
                    same,
                    reports.stream().filter(one -> !checks.contains(one.check)).count());
            DEFECTS.stream()
                    .filter(defect -> !found.containsKey(defect.name))
                    .forEach(defect -> System.out.println("  missed by " + contender.title + ": " + defect.name));
        });
        System.out.println("\nSlowest checks of pg-index-health:");
        Objects.requireNonNull(runs.get(Contender.PEER))
                .getFirst()
                .child
                .output()
                .lines()
                .filter(line -> line.startsWith("check\t"))
                .sorted(Comparator.comparingLong(
                        (String line) -> -Long.parseLong(line.replaceAll("^check\\t(\\d+) ms.*", "$1"))))
                .limit(5)
                .forEach(System.out::println);
    }

    private static boolean names(Report report, String check, Defect defect) {
        return report.check.equals(check) && report.text.contains(defect.name);
    }

    private static Spread wall(Map<Contender, List<Run>> runs, Contender contender) {
        return Spread.of(Objects.requireNonNull(runs.get(contender)), run -> run.child.wallMillis() / 1000);
    }
}
