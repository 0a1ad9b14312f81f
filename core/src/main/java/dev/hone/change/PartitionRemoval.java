package dev.hone.change;

import dev.hone.postgres.Server;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Dropping partitions: each is detached, then dropped. Until it is dropped it can be attached again. */
record PartitionRemoval(DropOldPartitions change) implements Operation {

    /**
     * What a partition was.
     *
     * @param belongings its indexes and constraints: detaching adds a constraint, which undo removes
     */
    private record Was(String bound, List<String> belongings) {}

    /** The partitions by their qualified names. */
    private record Before(Map<String, Was> partitions) {}

    @Override
    public Outlook look(Surroundings surroundings) {
        Server server = surroundings.server();
        Schema schema = new Schema(server);
        Schema.Table parent = schema.table(change.schema(), change.table()).orElse(null);
        if (parent == null || !parent.partitioned()) {
            return Outlook.refused(change.subject() + " is not a partitioned table", "Make the proposal anew.");
        }
        Optional<Outlook> missing = Privileges.notOwned(parent, change.subject());
        if (missing.isPresent()) {
            return missing.get();
        }
        Optional<Before> journaled = surroundings.journaled().before(Before.class);
        if (surroundings.begun() && journaled.isPresent()) {
            return Outlook.ready(journaled.get(), sql(server), List.of(), "");
        }
        Map<String, Was> partitions = new HashMap<>();
        int gone = 0;
        for (DropOldPartitions.Partition one : change.partitions()) {
            Partition found = find(server, one).orElse(null);
            if (found == null) {
                gone++;
            } else if (found.attached()) {
                partitions.put(one.qualifiedName(), new Was(String.valueOf(found.bound()), found.belongings()));
            } else {
                return Outlook.refused(
                        one.qualifiedName() + " is not a partition of " + change.subject(),
                        "Take it out of the proposal.");
            }
        }
        return gone == change.partitions().size()
                ? Outlook.already("they are gone already")
                : Outlook.ready(new Before(partitions), sql(server), List.of(), change.irreversible());
    }

    private Optional<Partition> find(Server server, DropOldPartitions.Partition one) {
        return Partition.find(server, change.schema(), change.table(), one);
    }

    private List<String> sql(Server server) {
        List<String> sql = new ArrayList<>();
        for (DropOldPartitions.Partition one : change.partitions()) {
            find(server, one).ifPresent(found -> {
                if (found.attached()) {
                    sql.add(detach(server, one, found));
                }
                sql.add(DropOldPartitions.drop(one));
            });
        }
        return sql;
    }

    private String detach(Server server, DropOldPartitions.Partition one, Partition found) {
        return found.pending()
                ? change.detach(one, false) + " FINALIZE"
                : change.detach(one, concurrently(server, found));
    }

    private static boolean concurrently(Server server, Partition found) {
        return server.version().isAtLeast(14) && !found.defaultThere();
    }

    @Override
    public void apply(Workbench workbench, Outlook outlook) throws SQLException {
        Before before = new Journaled(true, List.of(), outlook.before())
                .before(Before.class)
                .orElseThrow();
        for (DropOldPartitions.Partition one : change.partitions()) {
            if (!before.partitions().containsKey(one.qualifiedName())) {
                continue;
            }
            workbench.pace(0);
            detachNow(workbench, one);
            if (find(workbench.control(), one).isPresent()) {
                workbench.runQueueing(DropOldPartitions.drop(one));
            }
        }
    }

    private void detachNow(Workbench workbench, DropOldPartitions.Partition one) throws SQLException {
        Server control = workbench.control();
        Partition found = find(control, one).orElse(null);
        if (found == null || !found.attached()) {
            return;
        }
        String sql = detach(control, one, found);
        if (!found.pending() && concurrently(control, found)) {
            workbench.runPatiently(sql);
        } else {
            workbench.runQueueing(sql);
        }
    }

    @Override
    public Outcome verify(Workbench workbench, Outlook outlook) throws SQLException {
        for (DropOldPartitions.Partition one : change.partitions()) {
            if (find(workbench.control(), one).isPresent()) {
                throw new SQLException("after it was dropped, " + one.qualifiedName() + " is still there", "XX000");
            }
        }
        return Outcome.applied("");
    }

    @Override
    public Outcome undo(Workbench workbench, Journaled journaled) throws SQLException {
        Map<String, Was> partitions =
                journaled.before(Before.class).map(Before::partitions).orElse(Map.of());
        List<String> lost = new ArrayList<>();
        for (DropOldPartitions.Partition one : change.partitions()) {
            Was was = partitions.get(one.qualifiedName());
            if (was == null) {
                continue;
            }
            Partition found = find(workbench.control(), one).orElse(null);
            if (found == null) {
                lost.add(one.qualifiedName());
                continue;
            }
            if (found.pending()) {
                detachNow(workbench, one);
            }
            attachAgain(workbench, one, was);
        }
        return lost.isEmpty()
                ? Outcome.undone("nothing was dropped; what was detached is attached again")
                : new Outcome(StepState.KEPT, "gone with their rows: " + String.join(", ", lost), 0);
    }

    private void attachAgain(Workbench workbench, DropOldPartitions.Partition one, Was was) throws SQLException {
        Partition found = find(workbench.control(), one).orElse(null);
        if (found == null || found.attached()) {
            return;
        }
        List<String> sql = new ArrayList<>();
        sql.add("ALTER TABLE " + change.subject() + " ATTACH PARTITION " + one.qualifiedName() + " " + was.bound());
        sql.addAll(found.removal(one.qualifiedName(), was.belongings()));
        workbench.runTogether(sql);
    }
}
