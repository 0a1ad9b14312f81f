package dev.hone.postgres;

import dev.hone.HoneException;
import dev.hone.Json;
import dev.hone.Progress;
import dev.hone.postgres.Snapshot.Database;
import dev.hone.postgres.Snapshot.Setting;
import dev.hone.postgres.Statistics.ColumnStatistics;
import dev.hone.postgres.Statistics.RangeStatistics;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.mapper.reflect.ConstructorMapper;

/**
 * Reads a Snapshot of a server in one read-only transaction. No table of the user's is opened for its data, no lock is
 * waited for longer than half a second.
 *
 * @param parts what to read; the database, its settings and the blind spots always are
 * @param evidence diagnostic queries to answer
 * @param statementTimeout the longest that one query may take
 */
public record SnapshotReader(Set<Part> parts, List<Evidence.Query> evidence, Duration statementTimeout) {

    /** What a Snapshot may leave out. */
    public enum Part {
        CATALOG,
        STATISTICS,
        ACTIVITY
    }

    private static final Duration STATEMENT_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration LOCK_PATIENCE = Duration.ofSeconds(5);
    private static final String LOCK_NOT_AVAILABLE = "55P03";
    private static final int LOCK_ATTEMPTS = 4;

    public SnapshotReader {
        parts = Set.copyOf(parts);
        evidence = List.copyOf(evidence);
    }

    /** Reads everything, and answers the queries. */
    public static SnapshotReader whole(List<Evidence.Query> evidence) {
        return new SnapshotReader(EnumSet.allOf(Part.class), evidence, STATEMENT_TIMEOUT);
    }

    /** Reads nothing that the queries do not ask for. */
    public static SnapshotReader only(List<Evidence.Query> evidence) {
        return new SnapshotReader(Set.of(), evidence, STATEMENT_TIMEOUT);
    }

    /**
     * Reads the Snapshot.
     *
     * @throws HoneException if the server is older than Hone serves, or a catalog cannot be read
     */
    public Snapshot read(Server server, Progress progress) {
        ServerVersion version = server.version();
        if (!version.isAtLeast(ServerVersion.OLDEST_MAJOR)) {
            throw HoneException.refused(
                    "PostgreSQL " + version + " is too old: Hone serves " + ServerVersion.OLDEST_MAJOR + " to "
                            + ServerVersion.NEWEST_MAJOR,
                    "Nothing was changed. Upgrade the server first; its version is out of support.");
        }
        try (Progress.Task task = progress.begin("Reading " + server.address(), 23L + evidence.size())) {
            return readPatiently(server, task);
        } catch (JdbiException e) {
            throw explain(server, e);
        }
    }

    /** Tries again while a table is held exclusively: short DDL is common, and gone a moment later. */
    private Snapshot readPatiently(Server server, Progress.Task task) {
        for (int attempt = 1; ; attempt++) {
            try {
                return server.read(statementTimeout, handle -> new Reading(handle, server.version(), task).snapshot());
            } catch (JdbiException e) {
                boolean locked =
                        e.getCause() instanceof SQLException cause && LOCK_NOT_AVAILABLE.equals(cause.getSQLState());
                if (!locked || attempt == LOCK_ATTEMPTS) {
                    throw e;
                }
                task.at(0, "a table is locked exclusively; attempt " + (attempt + 1) + " of " + LOCK_ATTEMPTS);
            }
        }
    }

    private static HoneException explain(Server server, JdbiException e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        String state = cause instanceof SQLException sql ? String.valueOf(sql.getSQLState()) : "";
        String advice = "Nothing was changed. "
                + switch (state) {
                    case LOCK_NOT_AVAILABLE ->
                        "Held exclusively: " + String.join("; ", exclusiveLocks(server))
                                + ". Try again when that is done; `hone check` works meanwhile.";
                    case "57014" -> "The query took too long and was cancelled; try again at a quieter time.";
                    default -> "Run with --debug for the whole error.";
                };
        return HoneException.failed("Cannot read " + server.address() + ": " + cause.getMessage(), advice, e);
    }

    private static List<String> exclusiveLocks(Server server) {
        List<String> holders = server.read(
                LOCK_PATIENCE,
                handle -> handle.createQuery(Sql.load(Snapshot.class, "exclusive_locks", server.version()))
                        .mapTo(String.class)
                        .list());
        return holders.isEmpty() ? List.of("a table, by a session that has just ended") : holders;
    }

    /** How many columns have a type of ranges, and whether we may read what only pg_statistic says of them. */
    record RangeColumns(long count, boolean readable, String role) {}

    /** One pass over the server, inside its transaction. */
    private final class Reading {
        private final Handle handle;
        private final ServerVersion version;
        private final Progress.Task task;
        private final List<BlindSpot> blindRanges = new ArrayList<>();
        private long done;

        Reading(Handle handle, ServerVersion version, Progress.Task task) {
            this.handle = handle;
            this.version = version;
            this.task = task;
        }

        Snapshot snapshot() {
            handle.registerColumnMapper(
                    ServerVersion.class, (row, column, context) -> new ServerVersion(row.getInt(column)));
            Instant now = handle.createQuery("SELECT clock_timestamp()")
                    .mapTo(Instant.class)
                    .one();
            Database database = rows("database", Database.class).getFirst();
            Map<String, Setting> settings =
                    rows("settings", Setting.class).stream().collect(Collectors.toMap(Setting::name, s -> s));
            Catalog catalog = parts.contains(Part.CATALOG) ? catalog() : Catalog.EMPTY;
            Statistics statistics = parts.contains(Part.STATISTICS) ? statistics() : Statistics.EMPTY;
            Activity activity = parts.contains(Part.ACTIVITY) ? activity() : Activity.EMPTY;
            List<BlindSpot> blindSpots = new ArrayList<>(
                    rows("privileges", Privileges.class).getFirst().blindSpots(version));
            blindSpots.addAll(blindRanges);
            return new Snapshot(
                    Snapshot.FORMAT,
                    now,
                    database,
                    settings,
                    catalog,
                    statistics,
                    activity,
                    evidence(),
                    blindSpots,
                    parts.contains(Part.CATALOG) ? plannerScope() : PlannerScope.EMPTY);
        }

        private PlannerScope plannerScope() {
            return new PlannerScope(
                    rows("role_settings", PlannerScope.RoleSetting.class),
                    rows("tablespaces", PlannerScope.Tablespace.class),
                    step(
                            "row_security",
                            () -> handle.createQuery(Sql.load(Snapshot.class, "row_security", version))
                                    .mapTo(String.class)
                                    .list()));
        }

        private Catalog catalog() {
            return new Catalog(
                    step(
                            "schemas",
                            () -> handle.createQuery(Sql.load(Snapshot.class, "schemas", version))
                                    .mapTo(String.class)
                                    .list()),
                    rows("extensions", Catalog.Extension.class),
                    rows("types", Catalog.TypeDefinition.class),
                    rows("collations", Catalog.Collation.class),
                    rows("functions", Catalog.Function.class),
                    rows("sequences", Catalog.Sequence.class),
                    rows("relations", Catalog.Relation.class),
                    rows("columns", Catalog.Column.class),
                    rows("constraints", Catalog.Constraint.class),
                    rows("indexes", Catalog.Index.class),
                    rows("views", Catalog.View.class),
                    rows("triggers", Catalog.Trigger.class),
                    rows("statistics_objects", Catalog.StatisticsObject.class));
        }

        private Statistics statistics() {
            return new Statistics(
                    columnStatistics(),
                    rows("extended_statistics", Statistics.ExtendedStatistics.class),
                    rows("expression_statistics", Statistics.ExpressionStatistics.class));
        }

        private List<ColumnStatistics> columnStatistics() {
            List<ColumnStatistics> columns = rows("column_statistics", ColumnStatistics.class);
            if (version.isAtLeast(17)) {
                return columns;
            }
            RangeColumns ranges = rows("range_columns", RangeColumns.class).getFirst();
            if (ranges.count() == 0) {
                return columns;
            }
            if (!ranges.readable()) {
                blindRanges.add(new BlindSpot(
                        "The statistics of " + ranges.count() + " columns of ranges, which before version 17 are in"
                                + " pg_statistic only: plans that hang on them may differ",
                        "GRANT SELECT ON pg_catalog.pg_statistic TO " + Sql.identifier(ranges.role()) + ";"));
                return columns;
            }
            List<RangeStatistics> known = rows("range_statistics", RangeStatistics.class);
            return columns.stream()
                    .map(row -> known.stream()
                            .filter(range -> range.isOf(row))
                            .findFirst()
                            .map(row::withRanges)
                            .orElse(row))
                    .toList();
        }

        private Activity activity() {
            return new Activity(
                    handle.createQuery(Sql.load(Snapshot.class, "activity_since", version))
                            .mapTo(Instant.class)
                            .findOne()
                            .orElse(null),
                    handle.createQuery(Sql.load(Snapshot.class, "standbys", version))
                            .mapTo(Integer.class)
                            .one(),
                    rows("table_activity", Activity.TableActivity.class),
                    rows("index_activity", Activity.IndexActivity.class));
        }

        private Map<String, Evidence> evidence() {
            Map<String, Evidence> found = new LinkedHashMap<>();
            for (Evidence.Query query : evidence) {
                found.put(query.id(), step(query.id(), () -> answer(query)));
            }
            return found;
        }

        private Evidence answer(Evidence.Query query) {
            handle.savepoint("evidence");
            // Plain JDBC: the check's text is the server's SQL alone, in which Jdbi would look for named parameters.
            try (Statement statement = handle.getConnection().createStatement();
                    ResultSet result = statement.executeQuery(
                            Sql.tag(query.id(), "SELECT to_jsonb(q)::text FROM (" + query.sql() + "\n) q"))) {
                List<Map<String, Object>> rows = new ArrayList<>();
                while (result.next()) {
                    rows.add(Json.object(result.getString(1)));
                }
                handle.releaseSavepoint("evidence");
                return new Evidence(query.id(), rows, null);
            } catch (SQLException e) {
                // One question that this role or this server cannot answer must not silence the others.
                handle.rollbackToSavepoint("evidence");
                return new Evidence(query.id(), List.of(), e.getMessage());
            }
        }

        private <T> List<T> rows(String name, Class<T> type) {
            return step(
                    name,
                    () -> handle.createQuery(Sql.load(Snapshot.class, name, version))
                            .map(ConstructorMapper.of(type))
                            .list());
        }

        private <T> T step(String name, Supplier<T> work) {
            task.at(done++, name.replace('_', ' '));
            return work.get();
        }
    }
}
