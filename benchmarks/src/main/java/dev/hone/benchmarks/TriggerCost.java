package dev.hone.benchmarks;

import dev.hone.change.Change;
import dev.hone.monitoring.MonitoringSchema;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.upkeep.Derived;
import dev.hone.upkeep.DirtyQueue;
import dev.hone.upkeep.Firing;
import dev.hone.upkeep.Pace;
import dev.hone.upkeep.TableShape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jdbi.v3.core.Handle;

/**
 * What triggers add to updates, of many rows at once and of one row each: none; a row trigger that queues the team of each
 * changed row and does nothing else; one that keeps the totals itself, whatever was updated; and the triggers of {@code hone
 * trigger}, for each statement and for each row. Each has a table of its own; turn by turn.
 *
 * <p>Arguments: rows (default 100,000) and rounds of two turns each (default 4).
 */
public final class TriggerCost {

    private static final double TARGET = 0.6;
    private static final int SINGLE = 5000;

    private enum Contender {
        NONE("no trigger"),
        ROW("row trigger that queues"),
        WORK("row trigger that does the work"),
        KIT("hone trigger"),
        KIT_ROW("hone trigger --each row");

        private final String words;

        Contender(String words) {
            this.words = words;
        }

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
            workTrigger(handle);
            kit(server, Contender.KIT, Firing.STATEMENT);
            kit(server, Contender.KIT_ROW, Firing.ROW);
            long pid = handle.createQuery("SELECT pg_backend_pid()")
                    .mapTo(Long.class)
                    .one();
            System.out.println(
                    "| update | trigger | processor | wall | of the trigger that queues, saved | of the one that"
                            + " does the work, saved |");
            System.out.println("|---|---|---|---|---|---|");
            String all = "UPDATE %s SET ";
            String one = "DO $do$ BEGIN FOR i IN 1.." + Math.min(SINGLE, rows) + " LOOP UPDATE %s SET @ WHERE id = i;"
                    + " END LOOP; END $do$";
            String matters = "km = km + 1";
            String quiet = "note = note || ''";
            String many = "all rows, ";
            String single = Math.min(SINGLE, rows) + " times one row, ";
            compare(handle, pid, many + "a column that matters", all + matters, rounds);
            compare(handle, pid, many + "one that does not", all + quiet, rounds);
            compare(handle, pid, single + "a column that matters", one.replace("@", matters), rounds);
            compare(handle, pid, single + "one that does not", one.replace("@", quiet), rounds);
        }
    }

    /** What updates took: of the clock, and of the processor by their session; milliseconds. */
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

    /** As such triggers are first written: for every update, and at once. */
    private static void workTrigger(Handle handle) {
        handle.execute("CREATE TABLE work_totals AS SELECT team, sum(km) AS km FROM walks_work GROUP BY team");
        handle.execute("ALTER TABLE work_totals ADD PRIMARY KEY (team)");
        handle.execute("""
                CREATE FUNCTION work_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    UPDATE work_totals SET km = km - OLD.km WHERE team = OLD.team;
                    UPDATE work_totals SET km = km + NEW.km WHERE team = NEW.team;
                    RETURN NULL;
                END $$""");
        handle.execute(
                "CREATE TRIGGER work_trigger AFTER UPDATE ON walks_work FOR EACH ROW EXECUTE FUNCTION work_trigger()");
    }

    private static void kit(Server server, Contender contender, Firing firing) {
        String totals = "totals_" + contender.table();
        server.handle().execute("CREATE TABLE " + totals + " (team integer PRIMARY KEY, km numeric)");
        for (Change change : new DirtyQueue(
                        totals,
                        TableShape.read(server, contender.table()),
                        List.of("km"),
                        new Derived.Batch(
                                List.of("team"),
                                "INSERT INTO " + totals + " SELECT team, sum(km) FROM " + contender.table()
                                        + " JOIN dirty USING (team) GROUP BY team"
                                        + " ON CONFLICT (team) DO UPDATE SET km = excluded.km"),
                        Pace.DEFAULT,
                        firing)
                .changes()) {
            change.sql().forEach(server.handle()::execute);
        }
    }

    private static void compare(Handle handle, long pid, String title, String sql, int rounds)
            throws IOException, InterruptedException {
        Turns.run(List.of(Contender.values()), 1, contender -> cost(handle, pid, contender, sql));
        Map<Contender, List<Cost>> turns =
                Turns.run(List.of(Contender.values()), rounds, contender -> cost(handle, pid, contender, sql));
        for (Contender contender : Contender.values()) {
            List<Cost> costs = of(turns, contender);
            System.out.printf(
                    "| %s | %s | %s ms | %s ms | %s | %s |%n",
                    title,
                    contender.words,
                    Spread.of(costs, Cost::processor).text("%.0f"),
                    Spread.of(costs, Cost::wall).text("%.0f"),
                    saved(turns, contender, Contender.ROW),
                    saved(turns, contender, Contender.WORK));
        }
    }

    /** By how much less processor time a trigger adds than another does. */
    private static String saved(Map<Contender, List<Cost>> turns, Contender contender, Contender other) {
        if (contender != Contender.KIT && contender != Contender.KIT_ROW) {
            return "";
        }
        List<Double> saved = new ArrayList<>();
        for (int i = 0; i < of(turns, contender).size(); i++) {
            double least = of(turns, Contender.NONE).get(i).processor();
            double added = of(turns, contender).get(i).processor() - least;
            double addedByOther = of(turns, other).get(i).processor() - least;
            // Below the clock's tick of 10 ms nothing can be told.
            if (addedByOther > 10) {
                saved.add(100 * (1 - added / addedByOther));
            }
        }
        if (2 * saved.size() <= of(turns, contender).size()) {
            return "too little to tell";
        }
        Spread spread = Spread.of(saved, share -> share);
        return spread.text("%.0f") + " %, " + (spread.median() >= 100 * TARGET ? "met" : "**missed**");
    }

    private static List<Cost> of(Map<Contender, List<Cost>> turns, Contender contender) {
        return Objects.requireNonNull(turns.get(contender));
    }

    /** What updates take; what they leave is cleared away uncounted. */
    private static Cost cost(Handle handle, long pid, Contender contender, String sql) throws IOException {
        double processor = Proc.treeSeconds(pid);
        long start = System.nanoTime();
        handle.execute(sql.formatted(contender.table()));
        Cost cost = new Cost((System.nanoTime() - start) / 1e6, (Proc.treeSeconds(pid) - processor) * 1000);
        handle.execute("TRUNCATE row_queue, totals_walks_kit_dirty, totals_walks_kit_row_dirty");
        handle.execute("VACUUM " + contender.table());
        handle.execute("VACUUM FULL work_totals");
        handle.execute("CHECKPOINT");
        return cost;
    }
}
