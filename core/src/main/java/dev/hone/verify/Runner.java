package dev.hone.verify;

import dev.hone.Json;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.twin.Plan;
import dev.hone.twin.PlanException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Plans and runs calls in one session. Every run is in a transaction that is rolled back, so that nothing it does stays,
 * and is seen through by EXPLAIN, so that its result goes nowhere and its plan is known. Not safe for use by several
 * threads at once.
 */
final class Runner implements AutoCloseable {

    /** Below it the clocks of processes are too coarse, and the server's own is exact. */
    private static final double LEAST_PROCESSOR_MILLIS = 5;

    private static final String CANCELED = "57014";

    private final Connection connection;
    private final boolean readOnly;
    private final @Nullable ProcessorClock clock;
    private double stretch = 1;
    private long plans;
    private long runs;

    private Runner(Connection connection, boolean readOnly, @Nullable ProcessorClock clock) {
        this.connection = connection;
        this.readOnly = readOnly;
        this.clock = clock;
    }

    /**
     * Connects.
     *
     * @param readOnly whether calls that write fail
     */
    static Runner open(ServerAddress address, boolean readOnly) throws SQLException {
        Map<String, String> properties = new TreeMap<>(address.properties());
        properties.put("preferQueryMode", "simple");
        Connection connection = Server.open(
                new ServerAddress(
                        address.host(),
                        address.port(),
                        address.database(),
                        address.user(),
                        address.password(),
                        properties),
                "hone verify");
        try {
            Runner runner = new Runner(
                    connection, readOnly, ProcessorClock.of(connection).orElse(null));
            runner.execute(
                    "SET plan_cache_mode = force_custom_plan; SET lock_timeout = '10s'; SET client_min_messages ="
                            + " error; SET idle_in_transaction_session_timeout = 0");
            runner.begin();
            return runner;
        } catch (SQLException | RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    /** What {@link Run#millis} are, in words. */
    String unit() {
        return clock == null ? "execution time" : "processor time";
    }

    /** How many times its milliseconds a run takes on the wall, where others are at work on the machine too; 1 at least. */
    double stretch() {
        return stretch;
    }

    long plans() {
        return plans;
    }

    long runs() {
        return runs;
    }

    /** Begins a new transaction; what the last one did is taken back. */
    void begin() throws SQLException {
        begin("");
    }

    /**
     * Begins a new transaction; what the last one did is taken back.
     *
     * @param settings statements that it starts with; may be empty
     */
    void begin(String settings) throws SQLException {
        execute("ROLLBACK; BEGIN; " + settings);
    }

    void execute(String sql) throws SQLException {
        try (Statement statement = statement()) {
            statement.execute(sql);
        }
    }

    /** The first column of the first row. */
    Optional<String> text(String sql) throws SQLException {
        try (Statement statement = statement();
                ResultSet row = statement.executeQuery(sql)) {
            return row.next() ? Optional.ofNullable(row.getString(1)) : Optional.empty();
        }
    }

    /**
     * Plans a call.
     *
     * @throws PlanException if it cannot be planned
     */
    Plan explain(Call call) throws SQLException {
        plans++;
        try {
            mark(call, Duration.ofSeconds(30));
            return text("EXPLAIN (VERBOSE, FORMAT JSON) " + call.statement())
                    .map(Plan::parse)
                    .orElseThrow(() -> new PlanException(call.sql(), "there is no plan for such a statement", null));
        } catch (SQLException e) {
            requireAlive(e);
            throw new PlanException(call.sql(), reason(e), e);
        } finally {
            back();
        }
    }

    /**
     * Runs a call.
     *
     * @param timeout after which it is ended
     * @throws PlanException if it fails
     */
    Run run(Call call, Duration timeout) throws SQLException {
        runs++;
        long started = System.nanoTime();
        try {
            mark(call, timeout);
            ProcessorClock.Reading before = read();
            started = System.nanoTime();
            String json = text("EXPLAIN (ANALYZE, TIMING OFF, BUFFERS OFF, VERBOSE, FORMAT JSON) " + call.statement())
                    .orElseThrow(() -> new PlanException(call.sql(), "there is no plan for such a statement", null));
            ProcessorClock.Reading after = read();
            Map<?, ?> explained = (Map<?, ?>) Json.read(json, List.class).getFirst();
            double wall = (System.nanoTime() - started) / 1e6;
            Plan plan = Plan.parse(json);
            double millis = millis(plan, explained, before, after);
            if (millis >= LEAST_PROCESSOR_MILLIS) {
                // Rises at once and falls slowly: a run must not be ended because the machine is busy.
                stretch = Math.max(1, Math.max(wall / millis, 0.8 * stretch));
            }
            return new Run(plan, millis);
        } catch (SQLException e) {
            requireAlive(e);
            if (CANCELED.equals(e.getSQLState())) {
                return new Run(null, (System.nanoTime() - started) / 1e6);
            }
            throw new PlanException(call.sql(), reason(e), e);
        } finally {
            back();
        }
    }

    private static double millis(
            Plan plan,
            Map<?, ?> explained,
            ProcessorClock.@Nullable Reading before,
            ProcessorClock.@Nullable Reading after) {
        double execution = number(explained.get("Execution Time"));
        if (before == null || after == null || execution < LEAST_PROCESSOR_MILLIS) {
            return execution;
        }
        boolean parallel = plan.nodes().anyMatch(node -> node.attributes().containsKey("Workers Launched"));
        double used =
                after.ownMillis() - before.ownMillis() + (parallel ? after.workerMillis() - before.workerMillis() : 0);
        // Planning is done before every run here, and seldom elsewhere.
        return Math.max(used - number(explained.get("Planning Time")), 0.2 * used);
    }

    private ProcessorClock.@Nullable Reading read() {
        try {
            return clock == null ? null : clock.read();
        } catch (IOException e) {
            throw new UncheckedIOException("the clock of a server process stopped", e);
        }
    }

    private void mark(Call call, Duration timeout) throws SQLException {
        // What we mark in the catalogs before it is written; the call itself may not write, nor lock rows.
        execute("SAVEPOINT hone_run; SET LOCAL statement_timeout = " + Math.max(1, timeout.toMillis()) + "; "
                + (readOnly ? "SET LOCAL transaction_read_only = on; " : "")
                + call.preparation());
    }

    private void back() throws SQLException {
        try {
            execute("ROLLBACK TO hone_run; RELEASE hone_run");
        } catch (SQLException e) {
            requireAlive(e);
            begin();
        }
    }

    /** A lost connection is not the call's fault. */
    private static void requireAlive(SQLException e) throws SQLException {
        String state = Objects.requireNonNullElse(e.getSQLState(), "");
        if (state.startsWith("08") || state.startsWith("57P")) {
            throw e;
        }
    }

    private static String reason(SQLException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("").replaceFirst("^ERROR: ", "");
    }

    private static double number(@Nullable Object value) {
        return value instanceof Number number ? number.doubleValue() : 0;
    }

    private Statement statement() throws SQLException {
        Statement statement = connection.createStatement();
        // Braces in SQL are the server's business, not JDBC's.
        statement.setEscapeProcessing(false);
        return statement;
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            // It is gone, which is what was wanted.
        }
    }
}
