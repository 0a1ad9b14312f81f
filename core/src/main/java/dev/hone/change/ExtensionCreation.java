package dev.hone.change;

import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Adding an extension. */
record ExtensionCreation(CreateExtension change) implements Operation {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String DEPENDENT_OBJECTS = "2BP01";

    /**
     * What undo knows beforehand.
     *
     * @param version the one that is to be created
     */
    private record Before(String version) {}

    /**
     * What the server has of an extension.
     *
     * @param installed the version in this database; null for none
     * @param version the default one; null if it has no files of it
     * @param requires extensions that it needs and that are not there, or empty
     */
    private record State(
            @Nullable String installed,
            @Nullable String installedSchema,
            @Nullable String version,
            @Nullable String fixedSchema,
            boolean allowed,
            String requires,
            boolean schemaThere,
            String role,
            String database) {}

    private State state(Server server) {
        return server.read(
                PATIENCE,
                handle -> handle.createQuery(Sql.load(ExtensionCreation.class, "extension", server.version()))
                        .bind("name", change.name())
                        .bind("schema", change.schema())
                        .map((rs, context) -> new State(
                                rs.getString("installed"),
                                rs.getString("installed_schema"),
                                rs.getString("version"),
                                rs.getString("fixed_schema"),
                                rs.getBoolean("allowed"),
                                rs.getString("requires"),
                                rs.getBoolean("schema_there"),
                                rs.getString("role"),
                                rs.getString("database")))
                        .one());
    }

    @Override
    public Outlook look(Surroundings surroundings) {
        State state = state(surroundings.server());
        String schema = change.schema();
        if (state.installed() != null) {
            if (schema != null && !schema.equals(state.installedSchema())) {
                return Outlook.refused(
                        "extension " + change.subject() + " is there already, in schema "
                                + Sql.identifier(String.valueOf(state.installedSchema())),
                        "Name that schema, or none.");
            }
            return surroundings.begun()
                    ? ready(state.installed())
                    : Outlook.already("is there already, and was not made by this step");
        }
        if (state.version() == null) {
            return Outlook.refused(
                    "the server has no files of extension " + change.subject(),
                    "Install its package on the server's machine first (PostgreSQL's own are in postgresql-contrib).");
        }
        if (schema != null && !state.schemaThere()) {
            return Outlook.refused(
                    "schema " + Sql.identifier(schema) + " does not exist",
                    "CREATE SCHEMA " + Sql.identifier(schema) + ";");
        }
        if (schema != null && state.fixedSchema() != null && !schema.equals(state.fixedSchema())) {
            return Outlook.refused(
                    "extension " + change.subject() + " can lie in schema " + Sql.identifier(state.fixedSchema())
                            + " only",
                    "Name that schema, or none.");
        }
        if (!state.requires().isEmpty()
                && surroundings.extensions().stream().noneMatch(sql -> sql.contains(state.requires()))) {
            return Outlook.refused(
                    "extension " + change.subject() + " needs " + state.requires() + " first",
                    "Put the creation of that before this one.");
        }
        if (!state.allowed()) {
            return Outlook.refused(
                    "role " + Sql.identifier(state.role()) + " may not create extension " + change.subject(),
                    "Deploy as a superuser; for a trusted extension it is enough to run: GRANT CREATE ON DATABASE "
                            + Sql.identifier(state.database()) + " TO " + Sql.identifier(state.role()) + ";");
        }
        return ready(state.version());
    }

    private Outlook ready(String version) {
        return Outlook.ready(new Before(version), change.sql(), change.undoSql(), "");
    }

    @Override
    public void apply(Workbench workbench, Outlook outlook) throws SQLException {
        for (String sql : outlook.sql()) {
            workbench.runQueueing(sql);
        }
    }

    @Override
    public Outcome verify(Workbench workbench, Outlook outlook) throws SQLException {
        String version = state(workbench.control()).installed();
        if (version == null) {
            throw new SQLException("after its creation, extension " + change.subject() + " is not there", "XX000");
        }
        return Outcome.applied("version " + version);
    }

    @Override
    public Outcome undo(Workbench workbench, Journaled journaled) throws SQLException {
        Optional<String> version =
                Optional.ofNullable(state(workbench.control()).installed());
        if (version.isEmpty()) {
            return Outcome.undone("was gone already");
        }
        try {
            workbench.runQueueing("DROP EXTENSION IF EXISTS " + change.subject());
        } catch (SQLException e) {
            if (DEPENDENT_OBJECTS.equals(e.getSQLState())) {
                return Outcome.kept("by now other objects rest on it: " + Failure.text(e));
            }
            throw e;
        }
        return Outcome.undone("removed");
    }
}
