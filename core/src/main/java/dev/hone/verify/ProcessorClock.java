package dev.hone.verify;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;

/**
 * Processor time of a server process on this machine and of the parallel workers it has had, as Linux counts it; see
 * proc(5). Other programs on the machine disturb it far less than they disturb the time on the wall.
 */
final class ProcessorClock {

    private static final double MILLIS_PER_TICK = 10;

    /**
     * A reading.
     *
     * @param ownMillis of the process itself
     * @param workerMillis of the server's processes that have ended, which parallel workers have when a query returns
     */
    record Reading(double ownMillis, double workerMillis) {}

    private final Path own;
    private final Path postmaster;

    private ProcessorClock(Path own, Path postmaster) {
        this.own = own;
        this.postmaster = postmaster;
    }

    /**
     * A clock for the server process behind a connection; empty if it is not one of this machine's, which is found out by
     * giving it something to do.
     */
    static Optional<ProcessorClock> of(Connection connection) {
        try (Statement statement = connection.createStatement()) {
            long pid = number(statement, "SELECT pg_backend_pid()");
            Path process = Path.of("/proc/" + pid);
            if (!Files.isReadable(process.resolve("schedstat"))
                    || !Files.readString(process.resolve("comm")).startsWith("postgres")) {
                return Optional.empty();
            }
            long parent = Long.parseLong(fields(process.resolve("stat"))[4 - 3]);
            ProcessorClock clock = new ProcessorClock(
                    process.resolve("schedstat"), Path.of("/proc/" + parent).resolve("stat"));
            long wall = System.nanoTime();
            double before = clock.read().ownMillis();
            long unused = number(statement, "SELECT count(*) FROM pg_catalog.generate_series(1, 200000)");
            double used = clock.read().ownMillis() - before;
            double elapsed = (System.nanoTime() - wall) / 1e6;
            return unused > 0 && used > 2 && used <= elapsed * 1.05 + 1 ? Optional.of(clock) : Optional.empty();
        } catch (IOException | SQLException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    Reading read() throws IOException {
        String scheduled = Files.readString(own);
        String[] fields = fields(postmaster);
        return new Reading(
                Long.parseLong(scheduled.substring(0, scheduled.indexOf(' '))) / 1e6,
                (Long.parseLong(fields[16 - 3]) + Long.parseLong(fields[17 - 3])) * MILLIS_PER_TICK);
    }

    /** From the third field of a stat file on; before it is the program's name in parentheses, which may hold anything. */
    private static String[] fields(Path file) throws IOException {
        String stat = Files.readString(file, StandardCharsets.ISO_8859_1);
        return stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    }

    private static long number(Statement statement, String sql) throws SQLException {
        try (ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        }
    }
}
