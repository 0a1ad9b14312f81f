package dev.hone.benchmarks.advisor;

import dev.hone.cases.Loader;
import dev.hone.postgres.Installation;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.workload.Workload;
import io.trino.tpch.TpchEntity;
import io.trino.tpch.TpchTable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/** TPC-H of scale 1 without any key or index, as the published advisors were measured. */
final class Tpch {

    static final String DATABASE = "tpch";

    static final Map<String, String> SETTINGS = Map.ofEntries(
            Map.entry("work_mem", "64MB"),
            Map.entry("effective_cache_size", "12GB"),
            Map.entry("jit", "off"),
            Map.entry("random_page_cost", "4"),
            Map.entry("shared_buffers", "2GB"),
            Map.entry("autovacuum", "off"),
            // Of no weight for plans or for the processor time of reads.
            Map.entry("max_wal_size", "4GB"),
            Map.entry("maintenance_work_mem", "512MB"));

    private static final List<Integer> NUMBERS =
            List.of(1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 21, 22);
    private static final double SCALE = 1;

    private Tpch() {}

    static Cluster open(Installation installation) throws IOException, InterruptedException {
        return Cluster.open(installation, "tpch-1", SETTINGS, Tpch::load);
    }

    static Workload workload() {
        return new Workload(
                "TPC-H",
                NUMBERS.stream()
                        .map(number -> new Workload.Query("Q" + number, sql(number), 1, null, null, List.of()))
                        .toList());
    }

    private static String sql(int number) {
        return resource(number + ".sql").strip().replaceFirst(";$", "");
    }

    private static String resource(String name) {
        return Loader.resource(Tpch.class, "tpch/" + name);
    }

    private static void load(ServerAddress maintenance) throws IOException {
        try (Connection admin = Server.open(maintenance, "hone benchmark");
                Statement statement = admin.createStatement()) {
            statement.execute("CREATE DATABASE " + DATABASE
                    + " TEMPLATE template0 LOCALE_PROVIDER libc LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'");
        } catch (SQLException e) {
            throw new IOException("cannot create the database", e);
        }
        ServerAddress address = maintenance.withDatabase(DATABASE);
        try (Connection connection = Server.open(address, "hone benchmark");
                Statement statement = connection.createStatement();
                ExecutorService threads = Executors.newFixedThreadPool(2)) {
            statement.execute(resource("schema.sql"));
            List<Future<Long>> copies = threads.invokeAll(TpchTable.getTables().stream()
                    .<Callable<Long>>map(table -> () -> copy(address, table))
                    .toList());
            for (Future<Long> copy : copies) {
                copy.get();
            }
            statement.execute(resource("view.sql"));
            statement.execute("VACUUM (FREEZE, ANALYZE)");
            statement.execute("CHECKPOINT");
        } catch (SQLException | ExecutionException e) {
            throw new IOException("cannot load TPC-H", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private static long copy(ServerAddress address, TpchTable<?> table) throws SQLException {
        String name = table.getTableName().toLowerCase(Locale.ROOT);
        try (Connection connection = Server.open(address, "hone benchmark")) {
            CopyIn in = connection
                    .unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyIn("COPY " + name + " FROM STDIN (DELIMITER '|')");
            StringBuilder lines = new StringBuilder();
            for (TpchEntity row : table.createGenerator(SCALE, 1, 1)) {
                String line = row.toLine();
                lines.append(line, 0, line.length() - 1).append('\n');
                if (lines.length() > 1 << 16) {
                    send(in, lines);
                }
            }
            send(in, lines);
            return in.endCopy();
        }
    }

    private static void send(CopyIn in, StringBuilder lines) throws SQLException {
        byte[] bytes = lines.toString().getBytes(StandardCharsets.UTF_8);
        in.writeToCopy(bytes, 0, bytes.length);
        lines.setLength(0);
    }
}
