package dev.hone.twin;

import dev.hone.postgres.Snapshot;
import dev.hone.postgres.Snapshot.Setting;
import dev.hone.postgres.Sql;
import dev.hone.twin.Session.Step;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** The settings of the source that its planner heeds, given to the role that plans in the twin. */
final class PlannerSettings {

    private static final Set<String> BEYOND_QUERY_TUNING = Set.of(
            "work_mem",
            "hash_mem_multiplier",
            "effective_io_concurrency",
            "max_parallel_workers_per_gather",
            "max_parallel_workers",
            "parallel_leader_participation",
            "temp_buffers",
            "search_path",
            "TimeZone",
            "DateStyle",
            "IntervalStyle",
            "standard_conforming_strings");

    /** Those that name files or code of the source, change no cost, or that the twin itself must govern. */
    private static final Set<String> LEFT_OUT = Set.of("jit", "plan_cache_mode", "seed", "geqo_seed");

    private PlannerSettings() {}

    static void copy(Snapshot snapshot, Session superuser, Consumer<Omission> omissions) throws SQLException {
        List<Step> steps = snapshot.settings().values().stream()
                .filter(setting -> matters(setting.name(), setting.category()))
                .filter(setting -> !LEFT_OUT.contains(setting.name()))
                .map(setting -> step(snapshot, setting))
                .toList();
        superuser.execute("BEGIN");
        superuser.attempt(steps, (step, reason) -> omissions.accept(new Omission(step.object(), reason)));
        superuser.execute("COMMIT");
    }

    private static Step step(Snapshot snapshot, Setting setting) {
        String name = Sql.identifier(setting.name());
        // The superuser must not keep a path that leads past the server's own functions.
        String after = setting.name().equals("search_path") ? "; SET LOCAL search_path = pg_catalog, pg_temp" : "";
        // FROM CURRENT stores a list as a list, whatever its quoting.
        return new Step(
                "setting " + setting.name(),
                "SELECT set_config(" + Sql.literal(setting.name()) + ", " + Sql.literal(value(snapshot, setting))
                        + ", true); ALTER ROLE " + TwinServer.ROLE + " IN DATABASE twin SET " + name + " FROM CURRENT"
                        + after);
    }

    /** The value of ordinary sessions: that of the transaction that read the Snapshot is Hone's own. */
    private static String value(Snapshot snapshot, Setting setting) {
        String value = setting.resetValue() == null ? setting.value() : setting.resetValue();
        return setting.name().equals("search_path")
                ? value.replace("\"$user\"", Sql.identifier(snapshot.database().role()))
                : value;
    }

    /**
     * Requires that a setting is one of the planner's, so that pretending another value of it can matter.
     *
     * @throws IllegalArgumentException if it is none
     */
    static void require(Session session, String name) throws SQLException {
        Optional<String> category =
                session.text("SELECT category FROM pg_settings WHERE lower(name) = lower(" + Sql.literal(name) + ")");
        if (category.isEmpty()) {
            throw new IllegalArgumentException("there is no setting " + name);
        }
        if (LEFT_OUT.contains(name) || name.equals("default_statistics_target") || !matters(name, category.get())) {
            throw new IllegalArgumentException(name + " is no setting whose change the planner would answer at once");
        }
    }

    private static boolean matters(String name, String category) {
        return category.startsWith("Query Tuning") || BEYOND_QUERY_TUNING.contains(name);
    }
}
