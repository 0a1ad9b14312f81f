package dev.hone.benchmarks;

import dev.hone.change.Change;
import dev.hone.monitoring.MonitoringSchema;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.upkeep.Derived;
import dev.hone.upkeep.DirtyQueue;
import dev.hone.upkeep.Pace;
import dev.hone.upkeep.TableShape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import org.jdbi.v3.core.Handle;

/**
 * What triggers add to an update of many rows: none, a row trigger that queues the team of each changed row, and the
 * statement triggers of {@code hone trigger}, which queue each team once. Each has a table of its own; turn by turn.
 *
 * <p>Arguments: rows (default 100,000) and rounds of two turns each (default 4).
 */
public final class TriggerCost {

    private static final double TARGET = 0.6;

    private enum Contender {
        NONE,
        ROW,
        KIT;

        String table() {
            return "walks_" + name().toLowerCase(Locale.ROOT);
        }
    }

    private TriggerCost() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        int rows = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 100_000;
        int rounds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 4;
        try (LocalServer local = LocalServer.start(
                        Installation.embedded(),
                        Map.of("shared_buffers", "512MB", "autovacuum", "off", "max_wal_size", "4GB"));
                Server server = Server.connect(local.address("postgres"))) {
            MonitoringSchema.install(local.address("postgres"), null);
            Handle handle = server.handle();
            for (Contender contender : Contender.values()) {
                handle.execute("CREATE TABLE " + contender.table()
                        + " (id bigint PRIMARY KEY, team integer, km numeric, note text)");
                handle.execute("INSERT INTO " + contender.table() + " SELECT g, g % 500, g % 100, 'a walk in the park'"
                        + " FROM generate_series(1, " + rows + ") g");
            }
            rowTrigger(handle);
            kit(server);
            long pid = handle.createQuery("SELECT pg_backend_pid()")
                    .mapTo(Long.class)
                    .one();
            System.out.println("| update | time | no trigger | row trigger | hone trigger | trigger time saved | |");
            System.out.println("|---|---|---|---|---|---|---|");
            compare(handle, pid, "of a column that matters", "km = km + 1", rounds);
            compare(handle, pid, "of one that does not", "note = note || ''", rounds);
        }
    }

    /** What one update took: of the clock, and of the processor by its session. */
    private record Cost(double wall, double processor) {}

    private static void rowTrigger(Handle handle) {
        handle.execute("CREATE TABLE row_queue (team integer, at timestamptz NOT NULL DEFAULT clock_timestamp())");
        handle.execute("""
                CREATE FUNCTION row_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF OLD.km IS DISTINCT FROM NEW.km OR OLD.team IS DISTINCT FROM NEW.team THEN
                        INSERT INTO row_queue (team) VALUES (NEW.team);
                        IF OLD.team IS DISTINCT FROM NEW.team THEN
                            INSERT INTO row_queue (team) VALUES (OLD.team);
                        END IF;
                    END IF;
                    RETURN NULL;
                END $$""");
        handle.execute(
                "CREATE TRIGGER row_trigger AFTER UPDATE ON walks_row FOR EACH ROW EXECUTE FUNCTION row_trigger()");
    }

    private static void kit(Server server) {
        server.handle().execute("CREATE TABLE totals (team integer PRIMARY KEY, km numeric)");
        for (Change change : new DirtyQueue(
                        "totals",
                        TableShape.read(server, Contender.KIT.table()),
                        List.of("km"),
                        new Derived.Batch(
                                List.of("team"),
                                "INSERT INTO totals SELECT team, sum(km) FROM walks_kit JOIN dirty USING (team) GROUP BY team"
                                        + " ON CONFLICT (team) DO UPDATE SET km = excluded.km"),
                        Pace.DEFAULT)
                .changes()) {
            change.sql().forEach(server.handle()::execute);
        }
    }

    private static void compare(Handle handle, long pid, String title, String set, int rounds)
            throws IOException, InterruptedException {
        Turns.run(List.of(Contender.values()), 1, contender -> cost(handle, pid, contender, set));
        Map<Contender, List<Cost>> turns =
                Turns.run(List.of(Contender.values()), rounds, contender -> cost(handle, pid, contender, set));
        print(title, "processor", turns, Cost::processor);
        print(title, "wall", turns, Cost::wall);
    }

    private static void print(
            String title, String kind, Map<Contender, List<Cost>> turns, ToDoubleFunction<Cost> figure) {
        List<Cost> none = of(turns, Contender.NONE);
        List<Cost> row = of(turns, Contender.ROW);
        List<Cost> kit = of(turns, Contender.KIT);
        List<Double> saved = new ArrayList<>();
        for (int i = 0; i < none.size(); i++) {
            double least = figure.applyAsDouble(none.get(i));
            saved.add(100
                    * (1 - (figure.applyAsDouble(kit.get(i)) - least) / (figure.applyAsDouble(row.get(i)) - least)));
        }
        Spread spread = Spread.of(saved, share -> share);
        System.out.printf(
                "| %s | %s | %s ms | %s ms | %s ms | %s %% | %s |%n",
                title,
                kind,
                Spread.of(none, figure).text("%.0f"),
                Spread.of(row, figure).text("%.0f"),
                Spread.of(kit, figure).text("%.0f"),
                spread.text("%.0f"),
                spread.median() >= 100 * TARGET ? "met" : "**missed**");
    }

    private static List<Cost> of(Map<Contender, List<Cost>> turns, Contender contender) {
        return Objects.requireNonNull(turns.get(contender));
    }

    /** How long one update of all rows takes; what it leaves is cleared away uncounted. */
    private static Cost cost(Handle handle, long pid, Contender contender, String set) throws IOException {
        double processor = Proc.treeSeconds(pid);
        long start = System.nanoTime();
        handle.execute("UPDATE " + contender.table() + " SET " + set);
        Cost cost = new Cost((System.nanoTime() - start) / 1e6, (Proc.treeSeconds(pid) - processor) * 1000);
        handle.execute("TRUNCATE row_queue, totals_dirty");
        handle.execute("VACUUM " + contender.table());
        handle.execute("CHECKPOINT");
        return cost;
    }
}
