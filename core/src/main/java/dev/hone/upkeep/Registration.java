package dev.hone.upkeep;

import dev.hone.postgres.Sql;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A queue's entry in {@code performance_monitoring.refresh_target}, by which the worker finds it.
 *
 * @param target its name there
 * @param schema schema of the function and the queue, unquoted
 * @param function unquoted name of the function that takes a batch from the queue
 * @param queue unquoted
 * @param statements what the functions run over tables, word for word; the parameter is the one of the function
 * @param calls unquoted names of further functions of the schema that the function calls, each with an integer
 */
record Registration(
        String target,
        String schema,
        String function,
        String queue,
        Pace pace,
        List<String> statements,
        List<String> calls) {

    Registration {
        statements = List.copyOf(statements);
        calls = List.copyOf(calls);
        if (statements.isEmpty()) {
            throw new IllegalArgumentException("what is not said to run is refused");
        }
    }

    String insert() {
        return "INSERT INTO performance_monitoring.refresh_target (name, function_schema, function_name, queue, min_interval,"
                + " max_staleness, batch_rows, alert_ms, statements, calls) VALUES ("
                + String.join(
                        ", ",
                        List.of(
                                Sql.literal(target),
                                Sql.literal(schema),
                                Sql.literal(function),
                                Sql.literal(Sql.identifier(schema, queue)) + "::regclass",
                                interval(pace.minInterval()),
                                interval(pace.maxStaleness()),
                                Integer.toString(pace.batchRows()),
                                Double.toString(pace.alert().toNanos() / 1e6),
                                array(statements),
                                array(calls)))
                + ")";
    }

    String delete() {
        return "DELETE FROM performance_monitoring.refresh_target WHERE name = " + Sql.literal(target);
    }

    private static String array(List<String> texts) {
        return texts.stream().map(Sql::literal).collect(Collectors.joining(", ", "ARRAY[", "]::text[]"));
    }

    private static String interval(Duration duration) {
        return "interval '" + duration.toMillis() + " ms'";
    }

    /** The part of a statement that adds up the times of the triggers among what was taken from the queue. */
    static String notedTimes(String target, String gone) {
        return """
                noted AS (
                    INSERT INTO performance_monitoring.trigger_time AS t (target, hour, statements, total_ms, max_ms, slow)
                    SELECT %1$s, date_trunc('hour', gone.at), count(*), sum(gone.spent_ms), max(gone.spent_ms),
                           count(*) FILTER (WHERE gone.spent_ms >= r.alert_ms)
                    FROM %2$s AS gone JOIN performance_monitoring.refresh_target r ON r.name = %1$s
                    WHERE gone.spent_ms IS NOT NULL
                    GROUP BY 2
                    ON CONFLICT (target, hour) DO UPDATE
                    SET statements = t.statements + excluded.statements, total_ms = t.total_ms + excluded.total_ms,
                        max_ms = greatest(t.max_ms, excluded.max_ms), slow = t.slow + excluded.slow
                )""".formatted(Sql.literal(target), gone);
    }

    /**
     * The parts of a statement that take a batch of changes, as many as the first parameter says, as {@code gone}, and all times as {@code times}: were they
     * counted among the batch, those of statements that changed nothing of significance would keep the changes waiting.
     *
     * @param queue qualified and quoted
     */
    static String taken(String target, String queue) {
        return """
                gone AS (
                    DELETE FROM %1$s
                    WHERE ctid = ANY (ARRAY(SELECT ctid FROM %1$s WHERE spent_ms IS NULL LIMIT $1))
                    RETURNING *
                ),
                times AS (DELETE FROM %1$s WHERE spent_ms IS NOT NULL RETURNING at, spent_ms),
                %2$s""".formatted(queue, notedTimes(target, "times"));
    }

    /** The storage parameters of a queue: it is emptied all the time, so it is vacuumed by count and not by share. */
    static String queueOptions() {
        return " WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,"
                + " autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000,"
                + " autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000)";
    }
}
