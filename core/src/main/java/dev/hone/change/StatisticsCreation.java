package dev.hone.change;

import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Creating an extended statistics object. */
record StatisticsCreation(CreateStatistics change) implements Operation {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /**
     * @param definition what the server calls the object, but for its name and its table's
     */
    private record Before(String definition) {}

    /** The statistics object that bears the name. */
    private record Found(String table, String definition, boolean owned) {}

    @Override
    public Outlook look(Surroundings surroundings) {
        String tableName = Sql.identifier(change.schema(), change.table());
        Schema.Table table = new Schema(surroundings.server())
                .table(change.schema(), change.table())
                .orElse(null);
        if (table == null || !List.of("r", "p", "m", "f").contains(table.kind())) {
            return Outlook.refused("table " + tableName + " does not exist", "Make the proposal anew.");
        }
        Optional<Outlook> missing = Privileges.notExtensible(table, tableName);
        if (missing.isPresent()) {
            return missing.get();
        }
        String definition;
        try {
            definition = definition(surroundings);
        } catch (SQLException e) {
            return Outlook.refused(
                    "the server cannot create " + change.subject() + ": " + Failure.text(e),
                    "Correct the definition: " + change.statement());
        }
        Found found = find(surroundings.server()).orElse(null);
        if (found != null
                && !(found.table().equals(change.table()) && found.definition().equals(definition))) {
            return Outlook.refused(
                    "the name " + change.subject() + " is taken by other statistics: those of "
                            + Sql.identifier(found.table()) + found.definition(),
                    "Give it another name, or rename the other.");
        }
        return found == null || surroundings.begun()
                ? Outlook.ready(new Before(definition), change.sql(), change.undoSql(), "")
                : Outlook.already("is there already, and was not made by this step");
    }

    /** The object in the server's own words. */
    private String definition(Surroundings surroundings) throws SQLException {
        return new Trial(surroundings.server(), change.schema(), change.table(), surroundings.extensions())
                .of(
                        change.statement("pg_temp.hone_statistics", "pg_temp." + Trial.TABLE),
                        "its columns",
                        "SELECT s.definition FROM ("
                                + Sql.text(
                                        StatisticsCreation.class,
                                        "statistics_object",
                                        surroundings.server().version())
                                + ") AS s WHERE s.name = 'hone_statistics' AND s.temporary");
    }

    private Optional<Found> find(Server server) {
        return server.read(
                PATIENCE,
                handle -> handle.createQuery(Sql.tag(
                                "statistics_object",
                                "SELECT s.table_name, s.definition, s.owned FROM ("
                                        + Sql.text(StatisticsCreation.class, "statistics_object", server.version())
                                        + ") AS s WHERE s.schema = :schema AND s.name = :name"))
                        .bind("schema", change.schema())
                        .bind("name", change.name())
                        .map((rs, context) -> new Found(
                                rs.getString("table_name"), rs.getString("definition"), rs.getBoolean("owned")))
                        .findOne());
    }

    @Override
    public void apply(Workbench workbench, Outlook outlook) throws SQLException {
        if (find(workbench.control()).isEmpty()) {
            workbench.runQueueing(change.statement());
        }
        workbench.runPatiently(change.analyze());
    }

    @Override
    public Outcome verify(Workbench workbench, Outlook outlook) throws SQLException {
        Found found = find(workbench.control()).orElse(null);
        if (found == null || !found.definition().equals(outlook.before().get("definition"))) {
            throw new SQLException(
                    "after its creation, " + change.subject() + " is not what was asked for: "
                            + (found == null ? "it is not there" : found.definition()),
                    "XX000");
        }
        return Outcome.applied(outlook.note());
    }

    @Override
    public Outcome undo(Workbench workbench, Journaled journaled) throws SQLException {
        Found found = find(workbench.control()).orElse(null);
        if (found == null) {
            return Outcome.undone("was gone already");
        }
        if (!found.table().equals(change.table())
                || journaled.before(Before.class).stream()
                        .noneMatch(before -> before.definition().equals(found.definition()))) {
            return Outcome.kept(change.subject() + " is no longer what Hone made of it");
        }
        workbench.runQueueing("DROP STATISTICS IF EXISTS " + change.subject());
        return Outcome.undone("removed");
    }
}
