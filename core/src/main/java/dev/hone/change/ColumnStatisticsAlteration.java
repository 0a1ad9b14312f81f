package dev.hone.change;

import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Setting a column's statistics target and number of different values. */
record ColumnStatisticsAlteration(AlterColumnStatistics change) implements Operation {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /**
     * What a column has.
     *
     * @param target -1 for the server's default
     * @param distinct as the server writes it; "0" if it estimates
     */
    private record State(int target, String distinct) {}

    @Override
    public Outlook look(Surroundings surroundings) {
        String tableName = Sql.identifier(change.schema(), change.table());
        Schema.Table table = new Schema(surroundings.server())
                .table(change.schema(), change.table())
                .orElse(null);
        if (table == null || !List.of("r", "p", "m", "f").contains(table.kind())) {
            return Outlook.refused("table " + tableName + " does not exist", "Make the proposal anew.");
        }
        if (table.partitioned() && change.distinct() != null) {
            return Outlook.refused(
                    tableName + " is partitioned, and n_distinct means nothing there",
                    "Set it on the partitions, one by one.");
        }
        Optional<Outlook> missing = Privileges.notOwned(table, tableName);
        if (missing.isPresent()) {
            return missing.get();
        }
        State now = find(surroundings.server()).orElse(null);
        if (now == null) {
            return Outlook.refused("column " + change.subject() + " does not exist", "Make the proposal anew.");
        }
        if (surroundings.begun() && wanted(now)) {
            // Altered by an earlier run, which knows what was there before it.
            State before = surroundings.journaled().before(State.class).orElse(now);
            return ready(before);
        }
        return wanted(now) ? Outlook.already("is so already") : ready(now);
    }

    private Outlook ready(State before) {
        return Outlook.ready(before, change.sql(), List.of(back(before), change.analyze()), "");
    }

    private boolean wanted(State state) {
        Integer target = change.target();
        Double distinct = change.distinct();
        return (target == null || target == state.target())
                && (distinct == null || AlterColumnStatistics.number(distinct).equals(state.distinct()));
    }

    private String back(State before) {
        return change.statement(
                change.target() == null ? null : before.target(), change.distinct() == null ? null : before.distinct());
    }

    private Optional<State> find(Server server) {
        return server.read(
                PATIENCE,
                handle -> handle.createQuery(
                                Sql.load(ColumnStatisticsAlteration.class, "column_statistics", server.version()))
                        .bind("schema", change.schema())
                        .bind("table", change.table())
                        .bind("column", change.column())
                        .map((rs, context) -> new State(rs.getInt("target"), normal(rs.getString("n_distinct"))))
                        .findOne());
    }

    private static String normal(@Nullable String number) {
        return number == null ? "0" : AlterColumnStatistics.number(Double.parseDouble(number));
    }

    @Override
    public void apply(Workbench workbench, Outlook outlook) throws SQLException {
        workbench.runQueueing(outlook.sql().getFirst());
        workbench.runPatiently(change.analyze());
    }

    @Override
    public Outcome verify(Workbench workbench, Outlook outlook) throws SQLException {
        Optional<State> now = find(workbench.control());
        if (now.filter(this::wanted).isEmpty()) {
            throw new SQLException("after the change, " + change.subject() + " has " + now, "XX000");
        }
        return Outcome.applied(outlook.note());
    }

    @Override
    public Outcome undo(Workbench workbench, Journaled journaled) throws SQLException {
        Optional<State> before = journaled.before(State.class);
        Optional<State> now = find(workbench.control());
        if (before.isEmpty() || now.isEmpty()) {
            return Outcome.kept("column " + change.subject() + " is gone");
        }
        if (!wanted(now.get()) && !now.equals(before)) {
            return Outcome.kept("by now " + change.subject() + " has another target or number of values");
        }
        if (!now.equals(before)) {
            workbench.runQueueing(back(before.get()));
        }
        workbench.runPatiently(change.analyze());
        return Outcome.undone("as before");
    }
}
