package dev.hone.postgres;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Everything that Hone read of a server at one instant. Immutable; can be saved to a file and read again elsewhere.
 *
 * @param format version of the file format
 * @param takenAt the server's clock
 * @param database the database it is of, with what decides how it sorts and plans
 * @param settings pg_settings by name
 * @param evidence what the diagnostic queries found, by id; empty if they were not asked
 * @param blindSpots what could not be seen, and what cures it
 */
public record Snapshot(
        int format,
        Instant takenAt,
        Database database,
        Map<String, Setting> settings,
        Catalog catalog,
        Statistics statistics,
        Activity activity,
        Map<String, Evidence> evidence,
        List<BlindSpot> blindSpots) {

    public static final int FORMAT = 1;

    public Snapshot {
        settings = Map.copyOf(settings);
        evidence = Map.copyOf(evidence);
        blindSpots = List.copyOf(blindSpots);
    }

    /**
     * The database and the server it is in.
     *
     * @param localeProvider {@code c} libc, {@code i} ICU, {@code b} builtin
     * @param locale the provider's locale; null for libc
     * @param sizeBytes pg_database_size; -1 if we may not ask
     * @param standby whether the server is in recovery
     */
    public record Database(
            String name,
            ServerVersion version,
            String encoding,
            String localeProvider,
            String collate,
            String ctype,
            @Nullable String locale,
            int blockBytes,
            long sizeBytes,
            boolean standby,
            String role,
            boolean superuser) {}

    /**
     * A row of pg_settings.
     *
     * @param unit the base unit of {@code value}, such as {@code 8kB} or {@code ms}; null for none
     * @param source where it comes from, such as {@code default} or {@code configuration file}
     */
    public record Setting(
            String name,
            String value,
            @Nullable String unit,
            String category,
            String type,
            String source,
            @Nullable String bootValue,
            @Nullable String resetValue,
            boolean pendingRestart) {}

    /** The same Snapshot with one more answer in its evidence, and what could not be seen of it. */
    public Snapshot with(Evidence answer, List<BlindSpot> unseen) {
        Map<String, Evidence> answers = new HashMap<>(evidence);
        answers.put(answer.id(), answer);
        List<BlindSpot> spots = new ArrayList<>(blindSpots);
        spots.addAll(unseen);
        return new Snapshot(
                format, takenAt, database, settings, catalog, statistics, activity, answers, spots);
    }

    /** A setting's value in its base unit; empty if this server has none of that name, or we may not see it. */
    public Optional<String> setting(String name) {
        return Optional.ofNullable(settings.get(name)).map(Setting::value);
    }
}
