package dev.hone.change;

import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Setting a table's storage parameters. */
record TableAlteration(AlterTable change) implements Operation {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** The values of the parameters that the change names, where they are set. */
    private record Before(Map<String, String> options) {}

    @Override
    public Outlook look(Surroundings surroundings) {
        Schema.Table table = new Schema(surroundings.server())
                .table(change.schema(), change.table())
                .orElse(null);
        if (table == null || !List.of("r", "m").contains(table.kind())) {
            return Outlook.refused(
                    change.subject() + " is not a table or materialized view with storage of its own",
                    "Name a table; of a partitioned one, its partitions.");
        }
        Optional<Outlook> missing = Privileges.notExtensible(table, change.subject());
        if (missing.isPresent()) {
            return missing.get();
        }
        try {
            new Trial(surroundings.server(), change.schema(), change.table(), List.of())
                    .of(
                            AlterTable.statement("pg_temp." + Trial.TABLE, change.set(), change.reset()),
                            "its parameters",
                            "SELECT 'fine'");
        } catch (SQLException e) {
            return Outlook.refused(
                    "the server refuses to " + change.title() + ": " + Failure.text(e), "Correct the change.");
        }
        Map<String, String> now = now(surroundings.server());
        if (surroundings.begun() && wanted(now)) {
            return ready(surroundings.journaled().before(Before.class).orElse(new Before(now)));
        }
        return wanted(now) ? Outlook.already("is so already") : ready(new Before(now));
    }

    private Outlook ready(Before before) {
        return Outlook.ready(before, change.sql(), back(before), "");
    }

    private Set<String> names() {
        Set<String> names = new TreeSet<>(change.set().keySet());
        names.addAll(change.reset());
        return names;
    }

    /** What is set of the parameters that the change names. */
    private Map<String, String> now(Server server) {
        Map<String, String> options = new TreeMap<>();
        server.read(
                        PATIENCE,
                        handle -> handle.createQuery(Sql.load(TableAlteration.class, "table_options", server.version()))
                                .bind("schema", change.schema())
                                .bind("table", change.table())
                                .map((rs, context) -> Map.entry(rs.getString("name"), rs.getString("value")))
                                .list())
                .forEach(one -> options.put(one.getKey(), one.getValue()));
        options.keySet().retainAll(names());
        return options;
    }

    private boolean wanted(Map<String, String> now) {
        return now.equals(change.set());
    }

    private List<String> back(Before before) {
        List<String> reset = new ArrayList<>(names());
        reset.removeAll(before.options().keySet());
        return before.options().isEmpty() && reset.isEmpty()
                ? List.of()
                : List.of(AlterTable.statement(change.subject(), before.options(), reset));
    }

    @Override
    public void apply(Workbench workbench, Outlook outlook) throws SQLException {
        for (String sql : outlook.sql()) {
            workbench.runQueueing(sql);
        }
    }

    @Override
    public Outcome verify(Workbench workbench, Outlook outlook) throws SQLException {
        Map<String, String> now = now(workbench.control());
        if (!wanted(now)) {
            throw new SQLException("after the change, " + change.subject() + " has " + now, "XX000");
        }
        return Outcome.applied("");
    }

    @Override
    public Outcome undo(Workbench workbench, Journaled journaled) throws SQLException {
        if (workbench.schema().table(change.schema(), change.table()).isEmpty()) {
            return Outcome.kept("table " + change.subject() + " is gone");
        }
        Before before = journaled.before(Before.class).orElse(new Before(Map.of()));
        Map<String, String> now = now(workbench.control());
        if (!wanted(now) && !Objects.equals(now, before.options())) {
            return Outcome.kept("by now " + change.subject() + " has " + now);
        }
        if (!now.equals(before.options())) {
            for (String sql : back(before)) {
                workbench.runQueueing(sql);
            }
        }
        return Outcome.undone("as before");
    }
}
