package dev.hone.workload;

import dev.hone.HoneException;
import dev.hone.postgres.BlindSpot;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerVersion;
import dev.hone.postgres.Sql;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Learns the workload of a database from what its pg_stat_statements extension counted. */
public final class PgStatStatements {

    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private PgStatStatements() {}

    /**
     * What was learnt.
     *
     * @param since when counting began; null if the extension does not say (older than 1.9)
     * @param blindSpots what could not be seen, and its cure
     */
    public record Reading(Workload workload, @Nullable Instant since, List<BlindSpot> blindSpots) {

        public Reading {
            blindSpots = List.copyOf(blindSpots);
        }
    }

    /**
     * Reads the statements of the connected database that took the most time in total. Hone's own statements and those
     * without a plan (transaction control, DDL, COPY and the like) are left out; counts of several roles are added up.
     *
     * @param limit the most statements wanted
     * @throws HoneException of kind {@code FAILED} if the extension is not created, or its library not preloaded
     */
    public static Reading read(Server server, int limit) {
        return server.read(TIMEOUT, handle -> {
            try {
                return read(handle.getConnection(), server, limit);
            } catch (SQLException e) {
                throw explain(server, e);
            }
        });
    }

    private static Reading read(Connection connection, Server server, int limit) throws SQLException {
        Extension extension = extension(connection, server);
        List<BlindSpot> blindSpots = new ArrayList<>();
        Instant since = extension.hasInfo ? since(connection, server.version(), extension, blindSpots) : null;
        List<Workload.Query> queries = new ArrayList<>();
        String sql = load("statements", server.version(), extension);
        double totalMillis = 0;
        double hiddenMillis = 0;
        long hidden = 0;
        try (Statement statement = connection.createStatement()) {
            // In portions: with a large pg_stat_statements.max the texts may be many megabytes.
            statement.setFetchSize(200);
            try (ResultSet row = statement.executeQuery(sql)) {
                while (row.next()) {
                    double millis = row.getDouble("total_ms");
                    totalMillis += millis;
                    if (row.getBoolean("hidden")) {
                        hidden += row.getLong("entries");
                        hiddenMillis += millis;
                    } else if (queries.size() < limit && isPlanned(row.getString("sql"))) {
                        queries.add(new Workload.Query(
                                row.getString("id"),
                                row.getString("sql"),
                                row.getDouble("calls"),
                                millis,
                                row.getLong("rows"),
                                List.of()));
                    }
                }
            }
        }
        if (hidden > 0) {
            long percent = totalMillis <= 0 ? 0 : Math.round(100 * hiddenMillis / totalMillis);
            blindSpots.add(new BlindSpot(
                    "The text of " + hidden + " statements of other roles in pg_stat_statements, " + percent
                            + " % of all execution time: they are not part of the workload",
                    "GRANT pg_read_all_stats TO " + Sql.identifier(extension.role)));
        }
        String source = since == null ? "pg_stat_statements" : "pg_stat_statements since " + since;
        return new Reading(new Workload(source, queries), since, blindSpots);
    }

    private static Extension extension(Connection connection, Server server) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery(Sql.load(PgStatStatements.class, "extension", server.version()))) {
            row.next();
            String schema = row.getString("schema");
            boolean preloaded = row.getBoolean("preloaded");
            if (schema == null && !row.getBoolean("available")) {
                throw HoneException.failed(
                        "pg_stat_statements is not installed on the server of " + server.address(),
                        "Nothing was changed. Install PostgreSQL's contrib package there, or describe the workload in a"
                                + " file: --workload FILE.",
                        null);
            }
            if (!preloaded) {
                throw notPreloaded(server, schema != null, null);
            }
            if (schema == null) {
                throw HoneException.failed(
                        "The extension pg_stat_statements is loaded, but not created in " + server.address(),
                        "Nothing was changed. Run CREATE EXTENSION pg_stat_statements; in this database, or describe the"
                                + " workload in a file: --workload FILE.",
                        null);
            }
            return new Extension(schema, row.getString("time"), row.getBoolean("has_info"), row.getString("role"));
        }
    }

    private static @Nullable Instant since(
            Connection connection, ServerVersion version, Extension extension, List<BlindSpot> blindSpots)
            throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(load("since", version, extension))) {
            if (!row.next()) {
                return null;
            }
            long evictions = row.getLong("evictions");
            if (evictions > 0) {
                blindSpots.add(new BlindSpot(
                        "Statements that pg_stat_statements forgot for want of room, " + evictions
                                + " times since its last reset: rare ones may be missing",
                        "ALTER SYSTEM SET pg_stat_statements.max = a higher number, then restart the server"));
            }
            OffsetDateTime since = row.getObject("since", OffsetDateTime.class);
            return since == null ? null : since.toInstant();
        }
    }

    private static boolean isPlanned(String sql) {
        try {
            return SqlText.isPlanned(sql);
        } catch (SqlText.UnclosedException e) {
            return false;
        }
    }

    private static HoneException explain(Server server, SQLException e) {
        return switch (String.valueOf(e.getSQLState())) {
            case "55000" -> notPreloaded(server, true, e);
            case "42501" ->
                HoneException.failed(
                        "No permission to read pg_stat_statements in " + server.address() + ": " + e.getMessage(),
                        "Nothing was changed. GRANT pg_read_all_stats to the role, and USAGE on the extension's schema.",
                        e);
            default ->
                HoneException.failed(
                        "Cannot read pg_stat_statements in " + server.address() + ": " + e.getMessage(),
                        "Nothing was changed. Describe the workload in a file: --workload FILE.",
                        e);
        };
    }

    private static HoneException notPreloaded(Server server, boolean created, @Nullable SQLException cause) {
        return HoneException.failed(
                "pg_stat_statements is not loaded by the server of " + server.address() + ", so it counts nothing",
                "Nothing was changed. Add pg_stat_statements to shared_preload_libraries and restart the server"
                        + (created ? "" : ", then run CREATE EXTENSION pg_stat_statements; in this database")
                        + "; or describe the workload in a file: --workload FILE.",
                cause);
    }

    private static String load(String name, ServerVersion version, Extension extension) {
        return Sql.load(PgStatStatements.class, name, version)
                .replace("{schema}", Sql.identifier(extension.schema))
                .replace("{time}", Sql.identifier(extension.time));
    }

    private record Extension(String schema, String time, boolean hasInfo, String role) {}
}
