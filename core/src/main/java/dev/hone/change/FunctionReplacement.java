package dev.hone.change;

import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Creating or replacing a function. */
record FunctionReplacement(ReplaceFunction change) implements Operation {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String DEPENDENT_OBJECTS = "2BP01";

    /**
     * @param definition what was there before; null for nothing
     * @param ours what the server calls it once it is replaced
     */
    private record Before(@Nullable String definition, String ours) {}

    @Override
    public Outlook look(Surroundings surroundings) {
        Server server = surroundings.server();
        String ours;
        try {
            Trial.requireOne(change.definition(), "its definition");
            ours = Trial.rolledBack(
                    server,
                    List.of(change.definition()),
                    "SELECT pg_get_functiondef(to_regprocedure(" + Sql.literal(change.subject()) + "))");
        } catch (SQLException e) {
            return Outlook.refused(
                    "the server cannot create " + change.subject() + ": " + Failure.text(e), "Correct the definition.");
        }
        if (ours == null) {
            return Outlook.refused(
                    "the statement defines another function than " + change.subject(),
                    "Qualify its name, and name the types of its arguments.");
        }
        @Nullable String now = now(server);
        if (!ours.equals(now)) {
            return ready(new Before(now, ours));
        }
        return surroundings.begun()
                ? ready(surroundings.journaled().before(Before.class).orElse(new Before(now, ours)))
                : Outlook.already("is so already");
    }

    private Outlook ready(Before before) {
        return Outlook.ready(before, change.sql(), List.of(back(before)), "");
    }

    private String back(Before before) {
        String definition = before.definition();
        return definition == null
                ? (before.ours().startsWith("CREATE OR REPLACE PROCEDURE") ? "DROP PROCEDURE " : "DROP FUNCTION ")
                        + change.subject()
                : definition.strip();
    }

    private @Nullable String now(Server server) {
        Optional<String> found = server.read(
                PATIENCE,
                handle -> handle.createQuery(Sql.tag("function", "SELECT pg_get_functiondef(to_regprocedure(:name))"))
                        .bind("name", change.subject())
                        .mapTo(String.class)
                        .findOne());
        return found.orElse(null);
    }

    @Override
    public void apply(Workbench workbench, Outlook outlook) throws SQLException {
        for (String sql : outlook.sql()) {
            workbench.runQueueing(sql);
        }
    }

    @Override
    public Outcome verify(Workbench workbench, Outlook outlook) throws SQLException {
        @Nullable String now = now(workbench.control());
        if (!Objects.equals(now, outlook.before().get("ours"))) {
            throw new SQLException("after the change, " + change.subject() + " is another function: " + now, "XX000");
        }
        return Outcome.applied("");
    }

    @Override
    public Outcome undo(Workbench workbench, Journaled journaled) throws SQLException {
        Before before = journaled.before(Before.class).orElseThrow();
        @Nullable String now = now(workbench.control());
        if (Objects.equals(now, before.definition())) {
            return Outcome.undone("was so already");
        }
        if (!before.ours().equals(now)) {
            return Outcome.kept("function " + change.subject() + " is no longer what Hone made of it");
        }
        try {
            workbench.runQueueing(back(before));
        } catch (SQLException e) {
            if (DEPENDENT_OBJECTS.equals(e.getSQLState())) {
                return Outcome.kept("by now other objects rest on it: " + Failure.text(e));
            }
            throw e;
        }
        return Outcome.undone(before.definition() == null ? "removed" : "as before");
    }
}
