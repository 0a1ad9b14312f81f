package dev.hone.change;

import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Adding a trigger. */
record TriggerCreation(CreateTrigger change) implements Operation {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /**
     * @param definition what the server calls it, but for its table
     */
    private record Before(String definition) {}

    @Override
    public Outlook look(Surroundings surroundings) {
        Server server = surroundings.server();
        Schema.Table table =
                new Schema(server).table(change.schema(), change.table()).orElse(null);
        if (table == null || !List.of("r", "p").contains(table.kind())) {
            return Outlook.refused("table " + change.subject() + " does not exist", "Make the proposal anew.");
        }
        Optional<Outlook> missing = Privileges.notExtensible(table, change.subject());
        if (missing.isPresent()) {
            return missing.get();
        }
        String ours;
        try {
            ours = new Trial(server, change.schema(), change.table(), surroundings.extensions())
                    .of(
                            change.statement("pg_temp." + Trial.TABLE),
                            "its events or action",
                            Sql.text(TriggerCreation.class, "trigger", server.version())
                                    + " AND c.oid = 'pg_temp.hone_shape'::regclass AND t.tgname = "
                                    + Sql.literal(change.name()));
        } catch (SQLException e) {
            return Outlook.refused(
                    "the server cannot create trigger " + Sql.identifier(change.name()) + ": " + Failure.text(e),
                    "Correct the definition: " + change.sql().getFirst());
        }
        @Nullable String now = now(server);
        if (now != null && !now.equals(ours)) {
            return Outlook.refused(
                    "the table has another trigger of the name " + Sql.identifier(change.name()) + ": " + now,
                    "Give it another name.");
        }
        return now == null || surroundings.begun()
                ? Outlook.ready(new Before(ours), change.sql(), change.undoSql(), "")
                : Outlook.already("is there already, and was not made by this step");
    }

    private @Nullable String now(Server server) {
        Optional<String> found = server.read(
                PATIENCE,
                handle -> handle.createQuery(Sql.tag(
                                "trigger",
                                Sql.text(TriggerCreation.class, "trigger", server.version())
                                        + " AND n.nspname = :schema AND c.relname = :table AND t.tgname = :name"))
                        .bind("schema", change.schema())
                        .bind("table", change.table())
                        .bind("name", change.name())
                        .mapTo(String.class)
                        .findOne());
        return found.orElse(null);
    }

    @Override
    public void apply(Workbench workbench, Outlook outlook) throws SQLException {
        if (now(workbench.control()) == null) {
            workbench.runQueueing(outlook.sql().getFirst());
        }
    }

    @Override
    public Outcome verify(Workbench workbench, Outlook outlook) throws SQLException {
        @Nullable String now = now(workbench.control());
        if (!Objects.equals(now, outlook.before().get("definition"))) {
            throw new SQLException("after its creation, trigger " + change.name() + " is " + now, "XX000");
        }
        return Outcome.applied("");
    }

    @Override
    public Outcome undo(Workbench workbench, Journaled journaled) throws SQLException {
        @Nullable String now = now(workbench.control());
        if (now == null) {
            return Outcome.undone("was gone already");
        }
        if (journaled.before(Before.class).stream()
                .noneMatch(before -> before.definition().equals(now))) {
            return Outcome.kept("trigger " + Sql.identifier(change.name()) + " is no longer what Hone made of it");
        }
        workbench.runQueueing(change.undoSql().getFirst());
        return Outcome.undone("removed");
    }
}
