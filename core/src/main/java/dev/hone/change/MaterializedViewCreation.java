package dev.hone.change;

import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Creating a materialized view, its unique index and its comment, in one transaction. */
record MaterializedViewCreation(CreateMaterializedView change) implements Operation {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String DEPENDENT_OBJECTS = "2BP01";

    /**
     * @param definition what the server calls its query
     */
    private record Before(String definition) {}

    @Override
    public Outlook look(Surroundings surroundings) {
        Server server = surroundings.server();
        if (!mayCreate(server)) {
            return Outlook.refused(
                    "schema " + Sql.identifier(change.schema())
                            + " does not exist, or this role may not create objects in it",
                    "Have its owner run: GRANT CREATE, USAGE ON SCHEMA " + Sql.identifier(change.schema())
                            + " TO this role;");
        }
        @Nullable String ours;
        try {
            ours = trial(surroundings);
        } catch (SQLException e) {
            return Outlook.refused(
                    "the server cannot create " + change.subject() + ": " + Failure.text(e), "Correct the query.");
        }
        if (ours == null) {
            return Outlook.refused(
                    "the query has no columns " + String.join(", ", change.unique()),
                    "Correct the query or the columns.");
        }
        Schema.Found found =
                new Schema(server).find(change.schema(), change.name()).orElse(null);
        if (found != null && !ours.equals(now(server))) {
            return Outlook.refused(
                    "the name " + change.subject() + " is taken by another object", "Give it another name.");
        }
        return found == null || surroundings.begun()
                ? Outlook.ready(new Before(ours), change.sql(), change.undoSql(), "")
                : Outlook.already("is there already, and was not made by this step");
    }

    private boolean mayCreate(Server server) {
        return server.read(
                PATIENCE,
                handle -> handle.createQuery(
                                Sql.tag(
                                        "may_create",
                                        "SELECT has_schema_privilege(n.oid, 'CREATE') FROM pg_namespace n WHERE n.nspname = :schema"))
                        .bind("schema", change.schema())
                        .mapTo(Boolean.class)
                        .findOne()
                        .orElse(false));
    }

    /** The server reads the query as that of a temporary view, and answers null if a column is not there. */
    private @Nullable String trial(Surroundings surroundings) throws SQLException {
        String statement = "CREATE TEMPORARY VIEW hone_view AS " + change.query();
        Trial.requireOne(statement, "its query");
        String columns = change.unique().stream().map(Sql::literal).collect(Collectors.joining(", "));
        return Trial.rolledBack(
                surroundings.server(),
                List.of(statement),
                "SELECT pg_get_viewdef('pg_temp.hone_view'::regclass) WHERE NOT EXISTS (SELECT FROM unnest(ARRAY["
                        + columns + "]) AS wanted(name) WHERE wanted.name NOT IN (SELECT a.attname FROM pg_attribute a"
                        + " WHERE a.attrelid = 'pg_temp.hone_view'::regclass AND a.attnum > 0))");
    }

    private @Nullable String now(Server server) {
        Optional<String> found = server.read(
                PATIENCE,
                handle -> handle.createQuery(Sql.tag("view", """
                                SELECT pg_get_viewdef(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                                WHERE c.relkind = 'm' AND n.nspname = :schema AND c.relname = :name"""))
                        .bind("schema", change.schema())
                        .bind("name", change.name())
                        .mapTo(String.class)
                        .findOne());
        return found.orElse(null);
    }

    @Override
    public void apply(Workbench workbench, Outlook outlook) throws SQLException {
        if (now(workbench.control()) == null) {
            workbench.runTogether(outlook.sql());
        }
    }

    @Override
    public Outcome verify(Workbench workbench, Outlook outlook) throws SQLException {
        @Nullable String now = now(workbench.control());
        if (!Objects.equals(now, outlook.before().get("definition"))) {
            throw new SQLException("after its creation, " + change.subject() + " is " + now, "XX000");
        }
        return Outcome.applied("to bring it up to date: " + change.refreshSql());
    }

    @Override
    public Outcome undo(Workbench workbench, Journaled journaled) throws SQLException {
        @Nullable String now = now(workbench.control());
        if (now == null) {
            return Outcome.undone("was gone already");
        }
        if (journaled.before(Before.class).stream()
                .noneMatch(before -> before.definition().equals(now))) {
            return Outcome.kept(change.subject() + " is no longer what Hone made of it");
        }
        try {
            workbench.runQueueing(change.undoSql().getFirst());
        } catch (SQLException e) {
            if (DEPENDENT_OBJECTS.equals(e.getSQLState())) {
                return Outcome.kept("by now other objects rest on it: " + Failure.text(e));
            }
            throw e;
        }
        return Outcome.undone("removed");
    }
}
