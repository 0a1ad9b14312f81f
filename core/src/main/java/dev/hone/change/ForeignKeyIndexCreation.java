package dev.hone.change;

import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Building the index of a foreign key: the constraint is looked at here, all the rest is the index's. */
record ForeignKeyIndexCreation(AddForeignKeyIndex change) implements Operation {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /**
     * The constraint that bears the name.
     *
     * @param kind pg_constraint.contype
     * @param servedBy a valid index that begins with its columns; null for none
     */
    private record Found(
            String kind, List<String> columns, @Nullable String servedBy) {}

    private IndexCreation index() {
        return new IndexCreation(change.index());
    }

    @Override
    public Outlook look(Surroundings surroundings) {
        String where = "table " + Sql.identifier(change.schema(), change.table());
        String name = Sql.identifier(change.constraint());
        Found found = find(surroundings.server()).orElse(null);
        if (found == null) {
            return Outlook.refused(where + " has no constraint " + name, "Make the proposal anew.");
        }
        if (!found.kind().equals("f")) {
            return Outlook.refused(
                    "constraint " + name + " of " + where + " is no foreign key", "Make the proposal anew.");
        }
        if (!Set.copyOf(found.columns()).equals(Set.copyOf(change.columns()))) {
            return Outlook.refused(
                    "foreign key " + name + " of " + where + " is not the one the proposal speaks of: its columns are "
                            + found.columns().stream().map(Sql::identifier).collect(Collectors.joining(", ")),
                    "Make the proposal anew.");
        }
        if (found.servedBy() != null && !surroundings.begun()) {
            return Outlook.already("index " + found.servedBy() + " begins with its columns already");
        }
        return index().look(surroundings);
    }

    private Optional<Found> find(Server server) {
        return server.read(
                PATIENCE,
                handle -> handle.createQuery(Sql.load(ForeignKeyIndexCreation.class, "foreign_key", server.version()))
                        .bind("schema", change.schema())
                        .bind("table", change.table())
                        .bind("name", change.constraint())
                        .map((rs, context) -> new Found(
                                rs.getString("kind"),
                                List.of((String[]) rs.getArray("columns").getArray()),
                                rs.getString("served_by")))
                        .findOne());
    }

    @Override
    public void apply(Workbench workbench, Outlook outlook) throws SQLException {
        index().apply(workbench, outlook);
    }

    @Override
    public Outcome verify(Workbench workbench, Outlook outlook) throws SQLException {
        return index().verify(workbench, outlook);
    }

    @Override
    public Outcome undo(Workbench workbench, Journaled journaled) throws SQLException {
        return index().undo(workbench, journaled);
    }
}
