package dev.hone.benchmarks.advisor;

import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Runs queries in one session and takes their time: of the clock, and of the processor as Linux counts it for the backend and
 * for its parallel workers, which end with the query and then count as their parent's children.
 */
final class Execution implements AutoCloseable {

    /** What one run took, in seconds. */
    record Took(double cpu, double wall) {}

    private static final double TICKS_PER_SECOND = 100;
    private static final double NANOS_PER_SECOND = 1e9;

    /** The postmaster takes note of ended workers a moment later. */
    private static final long SETTLE_MILLIS = 15;

    private final Connection connection;
    private final long backend;
    private final long postmaster;

    Execution(ServerAddress address) throws SQLException {
        connection = Server.open(address, "hone benchmark");
        try (Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery("SELECT pg_backend_pid(), split_part(pg_read_file('postmaster.pid'),"
                                + " chr(10), 1)::bigint")) {
            row.next();
            backend = row.getLong(1);
            postmaster = row.getLong(2);
        }
    }

    Took run(String sql) throws SQLException, IOException, InterruptedException {
        try (Statement statement = connection.createStatement()) {
            double cpu = cpuSeconds();
            long start = System.nanoTime();
            statement.execute(sql);
            double wall = (System.nanoTime() - start) / NANOS_PER_SECOND;
            Thread.sleep(SETTLE_MILLIS);
            return new Took(cpuSeconds() - cpu, wall);
        }
    }

    private double cpuSeconds() throws IOException {
        String own = Files.readString(Path.of("/proc/" + backend + "/schedstat"));
        String stat = Files.readString(Path.of("/proc/" + postmaster + "/stat"));
        // After the program's name, which is in parentheses, comes the third field.
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        double workers = (Long.parseLong(fields[16 - 3]) + Long.parseLong(fields[17 - 3])) / TICKS_PER_SECOND;
        return Long.parseLong(own.substring(0, own.indexOf(' '))) / NANOS_PER_SECOND + workers;
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
