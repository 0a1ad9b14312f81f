package dev.hone.upkeep;

import dev.hone.postgres.Sql;
import java.time.Duration;
import java.util.List;

/**
 * A queue's entry in {@code performance_monitoring.refresh_target}, by which the worker finds it.
 *
 * @param target its name there
 * @param schema schema of the function and the queue, unquoted
 * @param function unquoted name of the function that takes a batch from the queue
 * @param queue unquoted
 */
record Registration(String target, String schema, String function, String queue, Pace pace) {

    String insert() {
        return "INSERT INTO performance_monitoring.refresh_target (name, function_schema, function_name, queue, min_interval,"
                + " max_staleness, batch_rows, alert_ms) VALUES ("
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
                                Double.toString(pace.alert().toNanos() / 1e6)))
                + ")";
    }

    String delete() {
        return "DELETE FROM performance_monitoring.refresh_target WHERE name = " + Sql.literal(target);
    }

    private static String interval(Duration duration) {
        return "interval '" + duration.toMillis() + " ms'";
    }

    /** The part of a statement that adds up the times of the triggers among what was taken from the queue. */
    String notedTimes(String gone) {
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
     * The parts of a statement that take a batch of changes as {@code gone}, and all times as {@code times}: were they
     * counted among the batch, those of statements that changed nothing of significance would keep the changes waiting.
     */
    String taken() {
        return """
                gone AS (
                    DELETE FROM %1$s
                    WHERE ctid = ANY (ARRAY(SELECT ctid FROM %1$s WHERE spent_ms IS NULL LIMIT batch_rows))
                    RETURNING *
                ),
                times AS (DELETE FROM %1$s WHERE spent_ms IS NOT NULL RETURNING at, spent_ms),
                %2$s""".formatted(Sql.identifier(schema, queue), notedTimes("times"));
    }

    /** The storage parameters of a queue: it is emptied all the time, so it is vacuumed by count and not by share. */
    static String queueOptions() {
        return " WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,"
                + " autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000,"
                + " autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000)";
    }
}
