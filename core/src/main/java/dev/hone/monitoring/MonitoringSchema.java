package dev.hone.monitoring;

import dev.hone.HoneException;
import dev.hone.change.DeploymentRecord;
import dev.hone.change.Journal;
import dev.hone.change.PreCheck;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.ServerVersion;
import dev.hone.postgres.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.output.MigrateOutput;
import org.flywaydb.core.api.output.MigrateResult;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * The schema {@code performance_monitoring} of a database: tables, views and functions for people who work there in plain
 * SQL. Flyway keeps its version. The journal is its first migration and also made without it, by the first deployment.
 * All methods are safe for use by several threads, and two that change the same database exclude each other.
 */
public final class MonitoringSchema {

    /** Flyway's own table, in the schema. */
    private static final String HISTORY = "schema_version";

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private MonitoringSchema() {}

    /**
     * What an installation did.
     *
     * @param steps what was run, in order; empty if all of it was there already
     */
    public record Installed(List<String> steps) {

        public Installed {
            steps = List.copyOf(steps);
        }
    }

    /**
     * What a removal takes away and what it leaves, in words.
     *
     * @param undoable ids of the deployments that could not be undone any more without the journal; empty if it stays
     */
    public record Removal(List<String> goes, List<String> stays, List<String> undoable) {

        public Removal {
            goes = List.copyOf(goes);
            stays = List.copyOf(stays);
            undoable = List.copyOf(undoable);
        }
    }

    private record State(
            boolean schema,
            boolean mayInstall,
            String owner,
            String logOwner,
            boolean installed,
            boolean standby,
            String database,
            String role) {}

    /**
     * Installs the schema, or brings it up to date.
     *
     * @param grantTo a role that shall be able to use it, unquoted; null for none
     * @throws HoneException of kind {@code REFUSED} if this role may not, if something else has the schema's name, or if
     *     a deployment is at work; of kind {@code FAILED} if the server refuses a statement: then all is as it was, but
     *     that the schema may be there, empty
     */
    public static Installed install(ServerAddress address, @Nullable String grantTo) {
        try (Server server = Server.connect(address)) {
            requireInstallable(server);
            return Journal.alone(server, () -> {
                List<String> steps = migrate(address);
                run(address, "cannot restrict the functions to those it is granted to", revoke());
                if (grantTo != null) {
                    run(
                            address,
                            "cannot grant its use to role " + Sql.identifier(grantTo),
                            Sql.text(MonitoringSchema.class, "grant", server.version())
                                    .replace("/*role*/", Sql.identifier(grantTo)));
                }
                return new Installed(steps);
            });
        }
    }

    /** Whether it is installed, in whatever version. */
    public static boolean installed(Server server) {
        return state(server).installed();
    }

    private static String revoke() {
        return "REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA " + Journal.SCHEMA + " FROM PUBLIC";
    }

    private static State state(Server server) {
        return server.read(
                PATIENCE,
                handle -> handle.createQuery(Sql.load(MonitoringSchema.class, "state", server.version()))
                        .map((rs, context) -> new State(
                                rs.getBoolean("schema_there"),
                                rs.getBoolean("may_install"),
                                rs.getString("owner"),
                                rs.getString("log_owner"),
                                rs.getBoolean("installed"),
                                rs.getBoolean("standby"),
                                rs.getString("database"),
                                rs.getString("role")))
                        .one());
    }

    private static void requireInstallable(Server server) {
        if (!server.version().isAtLeast(ServerVersion.OLDEST_MAJOR)) {
            throw HoneException.refused(
                    "The server is PostgreSQL " + server.version() + "; schema " + Journal.SCHEMA + " needs "
                            + ServerVersion.OLDEST_MAJOR,
                    "Nothing was changed.");
        }
        State state = state(server);
        if (state.standby()) {
            throw HoneException.refused(
                    "The server is a standby: it takes no writes", "Nothing was changed. Install on the primary.");
        }
        if (!state.mayInstall()) {
            throw HoneException.refused(
                    state.schema()
                            ? "Schema " + Journal.SCHEMA + " belongs to " + state.owner() + ", not to " + state.role()
                            : "Role " + state.role() + " may not create schema " + Journal.SCHEMA,
                    state.schema()
                            ? "Nothing was changed. Install as " + state.owner() + "."
                            : "Nothing was changed. Have the database's owner run: GRANT CREATE ON DATABASE "
                                    + Sql.identifier(state.database()) + " TO " + state.role() + ";");
        }
        if (!state.logOwner().isEmpty()) {
            throw HoneException.refused(
                    "The journal " + Journal.SCHEMA + "." + Journal.TABLE + " belongs to " + state.logOwner()
                            + ", not to " + state.role(),
                    "Nothing was changed. Install as " + state.logOwner() + ".");
        }
        PreCheck journal = Journal.check(server);
        if (journal.level() == PreCheck.Level.REFUSED) {
            throw HoneException.refused(journal.message(), "Nothing was changed. " + journal.advice());
        }
    }

    private static List<String> migrate(ServerAddress address) {
        try {
            MigrateResult result = Flyway.configure()
                    .dataSource(new Connections(address))
                    .loggers("slf4j")
                    .schemas(Journal.SCHEMA)
                    .table(HISTORY)
                    .locations("classpath:dev/hone/change/journal", "classpath:dev/hone/monitoring/migrations")
                    // The journal may have made the schema. Its table's migration may run over it.
                    .baselineOnMigrate(true)
                    .baselineVersion("0")
                    .placeholderReplacement(false)
                    // All or nothing.
                    .group(true)
                    .outputQueryResults(false)
                    .initSql("SET lock_timeout = '5s'")
                    .load()
                    .migrate();
            return result.migrations.stream().map(MonitoringSchema::words).toList();
        } catch (FlywayException e) {
            throw HoneException.failed(
                    "Cannot install schema " + Journal.SCHEMA + " in " + address + ": " + said(e),
                    "The journal and everything outside the schema are unchanged. Put right what the server says, and run"
                            + " it again.",
                    e);
        }
    }

    private static String words(MigrateOutput one) {
        return one.version == null || one.version.isEmpty()
                ? "functions and views: " + one.description
                : "version " + one.version + ": " + one.description;
    }

    /** What the server said, without the script around it. */
    private static String said(Throwable e) {
        Throwable cause = e;
        while (cause.getCause() != null && !(cause instanceof SQLException)) {
            cause = cause.getCause();
        }
        if (cause instanceof PSQLException refusal) {
            ServerErrorMessage message = refusal.getServerErrorMessage();
            if (message != null && message.getMessage() != null) {
                return message.getMessage() + (message.getDetail() == null ? "" : ": " + message.getDetail());
            }
        }
        return String.valueOf(cause.getMessage());
    }

    /**
     * What {@link #remove} would do.
     *
     * @param withJournal whether the journal of deployments goes too
     * @throws HoneException of kind {@code REFUSED} if it is not installed, or something still uses it
     */
    public static Removal removal(ServerAddress address, boolean withJournal) {
        try (Server server = Server.connect(address)) {
            return removal(server, withJournal);
        }
    }

    private static Removal removal(Server server, boolean withJournal) {
        if (!state(server).installed()) {
            throw HoneException.refused(
                    "Schema " + Journal.SCHEMA + " was not installed in " + server.address(),
                    "Nothing was changed. A journal of deployments stays where it is.");
        }
        List<String> targets = server.read(
                PATIENCE,
                handle -> handle.createQuery("SELECT name FROM " + Journal.SCHEMA + ".refresh_target ORDER BY name")
                        .mapTo(String.class)
                        .list());
        if (!targets.isEmpty()) {
            throw HoneException.refused(
                    "Triggers and their refreshing still use schema " + Journal.SCHEMA + ": "
                            + String.join(", ", targets),
                    "Nothing was changed. Take them back first: `hone undo` with their deployments, or their undo files.");
        }
        List<String> goes = new ArrayList<>();
        List<String> stays = new ArrayList<>();
        goes.add("its functions and views");
        count(server, goes, "benchmark_result", "results of benchmarks");
        count(server, goes, "maintenance_task", "scheduled tasks of maintenance");
        count(server, goes, "maintenance_log", "entries of the maintenance log");
        List<DeploymentRecord> deployments = Journal.read(server);
        List<String> undoable = deployments.stream()
                .filter(deployment -> deployment.undoable() || deployment.resumable())
                .map(DeploymentRecord::id)
                .toList();
        String journal = "the journal " + Journal.SCHEMA + "." + Journal.TABLE + " with "
                + (deployments.size() == 1 ? "1 deployment" : deployments.size() + " deployments");
        boolean keep = !withJournal && !deployments.isEmpty();
        (keep ? stays : goes).add(journal);
        return new Removal(goes, stays, keep ? List.of() : undoable);
    }

    private static void count(Server server, List<String> goes, String table, String what) {
        long rows = server.read(
                PATIENCE,
                handle -> handle.createQuery("SELECT count(*) FROM " + Sql.identifier(Journal.SCHEMA, table))
                        .mapTo(Long.class)
                        .one());
        if (rows > 0) {
            goes.add(rows + " " + what);
        }
    }

    /**
     * Removes the schema. The journal stays if it knows a deployment, unless it is to go as well.
     *
     * @param withJournal whether the journal goes too
     * @param force whether it goes even with deployments that could still be undone
     * @throws HoneException of kind {@code REFUSED} if it is not installed, something still uses it, a deployment is at
     *     work, or deployments could not be undone any more; of kind {@code FAILED} if the server refuses. Then all is as
     *     it was
     */
    public static Removal remove(ServerAddress address, boolean withJournal, boolean force) {
        try (Server server = Server.connect(address)) {
            return Journal.alone(server, () -> {
                try (Server worker = Server.connect(address)) {
                    Removal removal = removal(worker, withJournal);
                    if (!removal.undoable().isEmpty() && !force) {
                        throw HoneException.refused(
                                "Without the journal these deployments could not be undone or ended: "
                                        + String.join(", ", removal.undoable()),
                                "Nothing was changed. Undo them first, leave --with-journal away, or add --force.");
                    }
                    StringBuilder sql = new StringBuilder("SET LOCAL lock_timeout = '5s';\n")
                            .append(Sql.text(MonitoringSchema.class, "remove", worker.version()));
                    if (removal.stays().isEmpty()) {
                        sql.append("DROP TABLE IF EXISTS " + Journal.SCHEMA + "." + Journal.TABLE + ";\n");
                        sql.append("DO $$ BEGIN DROP SCHEMA " + Journal.SCHEMA
                                + "; EXCEPTION WHEN dependent_objects_still_exist THEN NULL; END $$;\n");
                    }
                    run(address, "cannot remove it", sql.toString());
                    return removal;
                }
            });
        }
    }

    /** Runs statements, all or none. */
    private static void run(ServerAddress address, String what, String sql) {
        try (Connection connection = Server.open(address, "hone");
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute(sql);
            connection.commit();
        } catch (SQLException | JdbiException e) {
            throw HoneException.failed(
                    "Schema " + Journal.SCHEMA + " in " + address + ": " + what + ": " + said(e),
                    "It is as it was before. Put right what the server says, and run it again.",
                    e);
        }
    }
}
