package dev.hone.measure;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** One client of the closed loop: it asks, waits for the answer, and asks again. Used by one thread. */
final class Client {

    /** What all clients share. Times are of {@link System#nanoTime}. */
    record Plan(
            Mix mix,
            Slices slices,
            long measureFrom,
            long until,
            int sliceCount,
            long nanosBetween,
            BooleanSupplier stopped) {

        int slice(long start) {
            return (int) Math.min((start - measureFrom) * sliceCount / (until - measureFrom), sliceCount - 1);
        }
    }

    private final Connection connection;
    private final SplittableRandom random;
    private final List<Map<String, LoadResult.Failure>> errors = new ArrayList<>();
    private volatile long answered;

    Client(Connection connection, SplittableRandom random) {
        this.connection = connection;
        this.random = random;
    }

    /** How many requests were answered so far, warm-up included; for progress. */
    long answered() {
        return answered;
    }

    /** Failures of the measured time, per request. Only after {@link #run} has ended. */
    List<Map<String, LoadResult.Failure>> errors() {
        return errors;
    }

    /**
     * Asks until the time is over.
     *
     * @throws Stop if there is no point in going on
     */
    void run(Plan plan) throws Stop {
        List<Mix.Ready> requests = plan.mix().requests();
        List<List<PreparedStatement>> prepared = prepare(requests);
        Histogram[] latencies = new Histogram[requests.size()];
        for (int i = 0; i < latencies.length; i++) {
            latencies[i] = Slices.empty();
            errors.add(new TreeMap<>());
        }
        int[] drawn = new int[plan.mix().mostSamples()];
        int slice = 0;
        long asked = 0;
        // Not all clients at the same instant.
        long next = System.nanoTime() + (plan.nanosBetween() > 0 ? random.nextLong(plan.nanosBetween()) : 0);
        while (true) {
            int which = plan.mix().next(random);
            Mix.Ready request = requests.get(which);
            request.draw(random, drawn);
            if (plan.nanosBetween() > 0) {
                await(next, plan);
                next = Math.max(next + plan.nanosBetween(), System.nanoTime());
            }
            long start = System.nanoTime();
            if (start - plan.until() >= 0 || plan.stopped().getAsBoolean()) {
                break;
            }
            SQLException failure = ask(request, prepared.get(which), drawn);
            long nanos = System.nanoTime() - start;
            answered = ++asked;
            if (failure != null) {
                recover(request, failure);
            }
            if (start - plan.measureFrom() < 0) {
                continue;
            }
            int now = plan.slice(start);
            if (now != slice) {
                plan.slices().add(slice, latencies);
                slice = now;
            }
            if (failure == null) {
                latencies[which].recordValue((nanos + 500) / 1000);
            } else {
                errors.get(which)
                        .merge(
                                String.valueOf(failure.getSQLState()),
                                new LoadResult.Failure(1, firstLine(failure)),
                                (known, one) -> new LoadResult.Failure(known.count() + 1, known.example()));
            }
        }
        plan.slices().add(slice, latencies);
    }

    private static void await(long instant, Plan plan) {
        long left = Math.min(instant, plan.until()) - System.nanoTime();
        while (left > 0 && !plan.stopped().getAsBoolean()) {
            LockSupport.parkNanos(left);
            left = Math.min(instant, plan.until()) - System.nanoTime();
        }
    }

    private List<List<PreparedStatement>> prepare(List<Mix.Ready> requests) throws Stop {
        try {
            List<List<PreparedStatement>> prepared = new ArrayList<>();
            for (Mix.Ready request : requests) {
                List<PreparedStatement> statements = new ArrayList<>();
                for (String sql : request.statements()) {
                    statements.add(connection.prepareStatement(sql));
                }
                prepared.add(statements);
            }
            return prepared;
        } catch (SQLException e) {
            throw new Stop(Stop.Reason.LOST, requests.getFirst().name(), e);
        }
    }

    private static @Nullable SQLException ask(Mix.Ready request, List<PreparedStatement> statements, int[] drawn) {
        try {
            for (int i = 0; i < statements.size(); i++) {
                PreparedStatement statement = statements.get(i);
                List<Mix.Place> places = request.places().get(i);
                for (int parameter = 0; parameter < places.size(); parameter++) {
                    String value = request.value(places.get(parameter), drawn);
                    if (value == null) {
                        statement.setNull(parameter + 1, Types.NULL);
                    } else {
                        statement.setString(parameter + 1, value);
                    }
                }
                statement.execute();
            }
            return null;
        } catch (SQLException e) {
            return e;
        }
    }

    /** A failed request may leave its transaction open. */
    private void recover(Mix.Ready request, SQLException failure) throws Stop {
        if ("25006".equals(failure.getSQLState())) {
            throw new Stop(Stop.Reason.WRITES, request.name(), failure);
        }
        try (Statement statement = connection.createStatement()) {
            statement.execute("ROLLBACK");
        } catch (SQLException e) {
            throw new Stop(Stop.Reason.LOST, request.name(), failure);
        }
    }

    static String firstLine(SQLException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    /** Why a client gave up. */
    static final class Stop extends Exception {

        private static final long serialVersionUID = 1L;

        enum Reason {
            /** The connection is gone. */
            LOST,
            /** The script writes, and may not. */
            WRITES
        }

        private final Reason reason;
        private final String request;

        Stop(Reason reason, String request, SQLException cause) {
            super(firstLine(cause), cause);
            this.reason = reason;
            this.request = request;
        }

        Reason reason() {
            return reason;
        }

        String request() {
            return request;
        }
    }
}
