package dev.hone.change;

import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Attaching a partition. Its rows are checked by a constraint that says what the bound says, added as not valid and then
 * validated; PostgreSQL sees that it implies the bound and reads no row again.
 */
record PartitionAttachment(AttachPartition change) implements Operation {

    private static final String CHECK = "hone_partition_bound";

    /**
     * What was there before.
     *
     * @param belongings indexes and constraints of the table: what attaching adds, undo removes
     * @param check what the bound says as a condition; null if it cannot be said as one
     */
    private record Before(List<String> belongings, @Nullable String check) {}

    @Override
    public Outlook look(Surroundings surroundings) {
        Server server = surroundings.server();
        Schema schema = new Schema(server);
        Schema.Table parent = schema.table(change.schema(), change.table()).orElse(null);
        Schema.Table child =
                schema.table(change.partitionSchema(), change.partition()).orElse(null);
        if (parent == null || !parent.partitioned()) {
            return Outlook.refused(change.subject() + " is not a partitioned table", "Make the proposal anew.");
        }
        if (child == null || !List.of("r", "p").contains(child.kind())) {
            return Outlook.refused("table " + change.partitionName() + " does not exist", "Make the proposal anew.");
        }
        Optional<Outlook> missing = Privileges.notExtensible(parent, change.subject())
                .or(() -> Privileges.notOwned(child, change.partitionName()));
        if (missing.isPresent()) {
            return missing.get();
        }
        Partition now = partition(server);
        if (!surroundings.begun() && now.attached()) {
            return Outlook.already("is a partition of it already, " + now.bound());
        }
        if (now.attachedElsewhere()) {
            return Outlook.refused(
                    change.partitionName() + " is a partition of another table", "Detach it there first.");
        }
        if (!surroundings.begun() && now.belongings().contains("CONSTRAINT " + CHECK)) {
            return Outlook.refused(
                    change.partitionName() + " has a constraint " + CHECK + " that is not this step's",
                    "Drop it, if nobody is attaching the table.");
        }
        @Nullable String check;
        try {
            check = check(server);
        } catch (SQLException e) {
            return Outlook.refused(
                    "the server does not take the bound " + change.bound() + ": " + Failure.text(e),
                    "Correct the bound.");
        }
        Before before =
                surroundings.journaled().before(Before.class).orElseGet(() -> new Before(now.belongings(), check));
        return Outlook.ready(before, sql(check), change.undoSql(), now.attached() ? "" : lacking(server));
    }

    /** What makes the attaching itself take long. */
    private String lacking(Server server) {
        List<String> names = server.handle()
                .createQuery(Sql.load(PartitionAttachment.class, "lacking_indexes", server.version()))
                .bind("parent", change.subject())
                .bind("child", change.partitionName())
                .mapTo(String.class)
                .list();
        return names.isEmpty()
                ? ""
                : "it has no index like " + String.join(", ", names)
                        + ": what it lacks is built while it is locked; on a large table build it concurrently first";
    }

    private List<String> sql(@Nullable String check) {
        List<String> sql = new ArrayList<>();
        if (check != null) {
            sql.add(addCheck(check));
            sql.add(validate());
        }
        sql.addAll(change.sql());
        if (check != null) {
            sql.add(dropCheck());
        }
        return sql;
    }

    private String addCheck(String check) {
        return "ALTER TABLE " + change.partitionName() + " ADD CONSTRAINT " + CHECK + " CHECK (" + check
                + ") NOT VALID";
    }

    private String validate() {
        return "ALTER TABLE " + change.partitionName() + " VALIDATE CONSTRAINT " + CHECK;
    }

    private String dropCheck() {
        return "ALTER TABLE " + change.partitionName() + " DROP CONSTRAINT IF EXISTS " + CHECK;
    }

    private Partition partition(Server server) {
        return Partition.find(
                        server,
                        change.schema(),
                        change.table(),
                        new DropOldPartitions.Partition(change.partitionSchema(), change.partition()))
                .orElseThrow();
    }

    /** The server says on empty copies what the bound means; null for hash and default, which no CHECK can say. */
    private @Nullable String check(Server server) throws SQLException {
        String key = server.handle()
                .createQuery(Sql.tag("partition_key", "SELECT pg_get_partkeydef(to_regclass(:name))"))
                .bind("name", change.subject())
                .mapTo(String.class)
                .one();
        String attach = "CREATE TEMPORARY TABLE hone_part PARTITION OF pg_temp." + Trial.TABLE + " " + change.bound();
        Trial.requireOne(attach, "its bound");
        return Trial.rolledBack(
                server,
                List.of(
                        "CREATE TEMPORARY TABLE " + Trial.TABLE + " (LIKE " + change.subject() + ") PARTITION BY "
                                + key,
                        attach),
                "SELECT d.text FROM pg_get_partition_constraintdef('pg_temp.hone_part'::regclass) AS d(text)"
                        + " WHERE d.text NOT LIKE '%satisfies_hash_partition%'");
    }

    @Override
    public void apply(Workbench workbench, Outlook outlook) throws SQLException {
        Before before = new Journaled(true, List.of(), outlook.before())
                .before(Before.class)
                .orElseThrow();
        try {
            if (!partition(workbench.control()).attached()) {
                checkRows(workbench, before.check());
                workbench.runQueueing(change.sql().getFirst());
            }
            if (check(workbench).isPresent()) {
                workbench.runQueueing(dropCheck());
            }
        } catch (SQLException failure) {
            try {
                workbench.revive();
                if (check(workbench).isPresent()) {
                    workbench.runQueueing(dropCheck());
                }
            } catch (SQLException | RuntimeException e) {
                throw new Workbench.Leftover(failure, e);
            }
            throw failure;
        }
    }

    private Optional<Constraint> check(Workbench workbench) {
        return Constraint.find(workbench.control(), change.partitionSchema(), change.partition(), CHECK);
    }

    private void checkRows(Workbench workbench, @Nullable String check) throws SQLException {
        if (check == null) {
            return;
        }
        Optional<Constraint> found = check(workbench);
        if (found.isEmpty()) {
            workbench.runQueueing(addCheck(check));
        }
        if (found.filter(Constraint::validated).isEmpty()) {
            workbench.runPatiently(validate());
        }
    }

    @Override
    public Outcome verify(Workbench workbench, Outlook outlook) throws SQLException {
        Partition now = partition(workbench.control());
        if (!now.attached()) {
            throw new SQLException("after it was attached, " + change.partitionName() + " is no partition", "XX000");
        }
        return Outcome.applied(String.valueOf(now.bound()));
    }

    @Override
    public Outcome undo(Workbench workbench, Journaled journaled) throws SQLException {
        Optional<Partition> found = Partition.find(
                workbench.control(),
                change.schema(),
                change.table(),
                new DropOldPartitions.Partition(change.partitionSchema(), change.partition()));
        Before before = journaled.before(Before.class).orElseThrow();
        if (found.isEmpty() || found.get().attachedElsewhere()) {
            return Outcome.kept(change.partitionName() + " is gone, or a partition of another table");
        }
        List<String> sql = new ArrayList<>();
        if (found.get().attached()) {
            sql.addAll(change.undoSql());
        }
        sql.addAll(found.get().removal(change.partitionName(), before.belongings()));
        if (sql.isEmpty()) {
            return Outcome.undone("was detached already");
        }
        workbench.runTogether(sql);
        return Outcome.undone("detached");
    }
}
