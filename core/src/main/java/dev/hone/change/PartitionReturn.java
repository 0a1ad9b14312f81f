package dev.hone.change;

import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Takes a partitioning back once its swap is made. By hash the table of before gets what was written since; by ranges the
 * first partition gets the rows of the others, or, if they are many, all are copied into a plain table.
 *
 * @param before how far the partitioning, or its undo, came
 */
record PartitionReturn(Partitioning partitioning, Workbench workbench, Partitioning.Before before) {

    private static final String DEPENDENT_OBJECTS = "2BP01";
    private static final String OBJECT_NOT_IN_STATE = "55000";

    /** The state of the error that there are more rows than are taken back at once. */
    private static final String TOO_MANY = "HN002";

    /** So many rows are taken back within the swap, which blocks writers meanwhile: on an idle machine about 10 ms. */
    private static final int MOST_TAKEN_AT_ONCE = 1_000;

    private PartitionTable change() {
        return partitioning.change();
    }

    private PartitionDesign design() {
        return before.design();
    }

    /** From where it stands to the end. */
    Outcome make() throws SQLException {
        Outcome outcome = switch (before.stage()) {
            case PREPARING, COPYING -> throw new IllegalStateException("not swapped yet: " + before.stage());
            case SWAPPED -> partitioning.byHash() ? takeBackCopy() : takeBack();
            case COPYING_BACK -> copyBack();
            case RETURNED -> returned();
        };
        if (outcome.state() == StepState.KEPT) {
            removeBuilt(design().shape(workbench.control(), change()));
        }
        return outcome;
    }

    /** What this undo, or one that was ended before, has built on the table of before. */
    private void removeBuilt(Belongings now) throws SQLException {
        new IndexWork(workbench).remove(indexes(since(now, design().old()), design().old()));
    }

    private PartitionSince since(Belongings now, String target) {
        return PartitionSince.read(workbench.control(), change().subject(), target, now.got(design().of("shape")));
    }

    /** The indexes that a table is to get before it takes the place of the partitioned one. */
    private List<IndexPart> indexes(PartitionSince since, String target) {
        List<IndexPart> indexes = new ArrayList<>(since.build());
        if (target.equals(design().old())) {
            indexes.addAll(design().indexBack());
        }
        return indexes;
    }

    /**
     * Why undo leaves the table as it is for good; empty if it does not.
     *
     * @throws SQLException if undo would lose something, which can be helped
     */
    private Optional<Outcome> gone(Belongings now) throws SQLException {
        if (!partitioning.partitionedLikeThis(workbench.control()) || !Partitioning.there(workbench, design().old())) {
            return Optional.of(Outcome.kept(
                    change().subject() + " is no longer what Hone made of it, or " + design().old() + " is gone"));
        }
        // As the swap will find it: nothing need be copied to find out.
        try {
            for (String sql : design().of("columns")) {
                workbench.runPatiently(sql);
            }
        } catch (SQLException e) {
            if (PartitionDesign.CHANGED.equals(e.getSQLState())) {
                return Optional.of(Outcome.kept(Failure.text(e)));
            }
            throw e;
        }
        if (partitioning.byHash() && !now.partitions().equals(sorted(design().of("partition")))) {
            return Optional.of(Outcome.kept(
                    "its partitions are others now: " + difference(design().of("partition"), now.partitions())));
        }
        if (!partitioning.byHash() && !now.partitions().contains(design().old())) {
            return Optional.of(Outcome.kept(design().old() + " is no longer a partition of it"));
        }
        List<String> lost = now.otherwise(design().of("shape"));
        if (!lost.isEmpty()) {
            throw new SQLException(
                    "undo would lose what came or was changed since it was partitioned: " + String.join(", ", lost)
                            + "; drop it or make it as it was, undo again, and make it anew afterwards",
                    OBJECT_NOT_IN_STATE);
        }
        return Optional.empty();
    }

    private static List<String> sorted(List<String> names) {
        return names.stream().sorted().toList();
    }

    private static String difference(List<String> one, List<String> other) {
        return Stream.concat(one.stream(), other.stream())
                .filter(name -> !one.contains(name) || !other.contains(name))
                .collect(Collectors.joining(", "));
    }

    private Outcome takeBackCopy() throws SQLException {
        if (!Partitioning.there(workbench, design().dirty())) {
            return Outcome.kept("what was written since was not noted: " + design().dirty() + " is gone");
        }
        Belongings now = design().shape(workbench.control(), change());
        Optional<Outcome> gone = gone(now);
        if (gone.isPresent()) {
            return gone.get();
        }
        OnlineCopy copy = new OnlineCopy(workbench, design(), change().subject(), design().old());
        return swapBack(now, design().old(), "back", copy::swap, before.at(Partitioning.Stage.RETURNED));
    }

    private Outcome takeBack() throws SQLException {
        Belongings now = design().shape(workbench.control(), change());
        Optional<Outcome> gone = gone(now);
        if (gone.isPresent()) {
            return gone.get();
        }
        String count = newRows();
        long rows = workbench
                .control()
                .handle()
                .createQuery(Sql.tag("new_rows", count))
                .mapTo(Long.class)
                .one();
        if (rows <= MOST_TAKEN_AT_ONCE) {
            try {
                return swapBack(
                        now,
                        design().old(),
                        "back",
                        (beforehand, locks, statements, remembered) -> workbench.swap(
                                Stream.of(List.of("SET LOCAL row_security = off"), beforehand, List.of(few(count)))
                                        .flatMap(List::stream)
                                        .toList(),
                                Stream.of(locks, List.of(few(count)), statements)
                                        .flatMap(List::stream)
                                        .toList(),
                                remembered),
                        before.at(Partitioning.Stage.RETURNED));
            } catch (SQLException e) {
                // They came while the index was built, or while locks were waited for.
                if (!TOO_MANY.equals(e.getSQLState())) {
                    throw e;
                }
            }
        }
        if (design().keys().isEmpty()) {
            throw new SQLException(
                    "the new partitions have more rows than can be taken back in a moment, and there is no primary key by"
                            + " which they could be copied while they are written: add one, or move rows into "
                            + design().old() + " at a quiet time",
                    OBJECT_NOT_IN_STATE);
        }
        // The copy's own have the same names.
        removeBuilt(now);
        Partitioning.Before copying = before.at(Partitioning.Stage.COPYING_BACK, now.partitions());
        workbench.swap(design().of("dirty", "plain"), design().of("note"), copying);
        return new PartitionReturn(partitioning, workbench, copying).copyBack();
    }

    /** The query for how many rows there are beyond those of before; no more are counted than are too many. */
    private String newRows() {
        List<String> partitions = workbench
                .control()
                .handle()
                .createQuery(Sql.tag("partitions", """
                        SELECT format('%I.%I', n.nspname, c.relname) FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid
                        JOIN pg_namespace n ON n.oid = c.relnamespace
                        WHERE h.inhparent = to_regclass(:table) AND h.inhrelid <> to_regclass(:old)"""))
                .bind("table", change().subject())
                .bind("old", design().old())
                .mapTo(String.class)
                .list();
        return partitions.isEmpty()
                ? "SELECT 0"
                : partitions.stream()
                        .map(partition -> "SELECT 1 FROM " + partition)
                        .collect(Collectors.joining(
                                " UNION ALL ",
                                "SELECT count(*) FROM (",
                                " LIMIT " + (MOST_TAKEN_AT_ONCE + 1) + ") AS d"));
    }

    private static String few(String count) {
        return "DO "
                + Sql.literal("BEGIN IF (" + count + ") > " + MOST_TAKEN_AT_ONCE
                        + " THEN RAISE EXCEPTION 'the new partitions have too many rows to be taken back at once'"
                        + " USING ERRCODE = '" + TOO_MANY + "'; END IF; END");
    }

    /** The first partition can take no rows of the others while it is one: so all go into a plain table again. */
    private Outcome copyBack() throws SQLException {
        OnlineCopy copy = new OnlineCopy(workbench, design(), change().subject(), design().staged());
        Belongings now = noted();
        Optional<Outcome> gone = gone(now);
        if (gone.isEmpty()) {
            copy.rows(before.copiedBack(), partitioning.rows(workbench), "copiedBack");
            copy.noted();
            workbench.runPatiently("ANALYZE " + design().staged());
            now = noted();
            gone = gone(now);
        }
        Outcome outcome = gone.isPresent()
                ? gone.get()
                : swapBack(now, design().staged(), "swap_plain", copy::swap, before.at(Partitioning.Stage.RETURNED));
        if (outcome.state() == StepState.KEPT) {
            workbench.runTogether(Partitioning.copyRemoval(design()), before.at(Partitioning.Stage.SWAPPED));
        }
        return outcome;
    }

    /**
     * What the table is now.
     *
     * @throws SQLException if a partition came or went: it took rows along of which nothing is noted
     */
    private Belongings noted() throws SQLException {
        Belongings now = design().shape(workbench.control(), change());
        if (!now.partitions().equals(before.noted())) {
            workbench.runTogether(Partitioning.copyRemoval(design()), before.at(Partitioning.Stage.SWAPPED));
            throw new SQLException(
                    "partitions came or went while rows were copied back ("
                            + difference(before.noted(), now.partitions()) + "): undo again, which begins anew",
                    OBJECT_NOT_IN_STATE);
        }
        return now;
    }

    /** A way to make a swap. */
    private interface Swap {
        void make(List<String> beforehand, List<String> locks, List<String> statements, Record remembered)
                throws SQLException;
    }

    /**
     * Puts a table in the place of the partitioned one, with the indexes and triggers that this one got since.
     *
     * @param now what the partitioned table is
     * @param target the table
     * @param phase the statements of the swap
     */
    private Outcome swapBack(Belongings now, String target, String phase, Swap swap, Partitioning.Before returned)
            throws SQLException {
        Server server = workbench.control();
        PartitionSince since = since(now, target);
        new IndexWork(workbench).build(indexes(since, target));
        List<String> beforehand = design().of("early", "columns");
        beforehand.add(now.unchanged(server, "undo again"));
        List<String> locks = new ArrayList<>(design().of("lock_back"));
        locks.add(now.still(server));
        List<String> statements = new ArrayList<>(since.away());
        statements.addAll(design().of(phase));
        statements.addAll(since.again());
        try {
            swap.make(beforehand, locks, statements, returned);
        } catch (SQLException e) {
            if (DEPENDENT_OBJECTS.equals(e.getSQLState())) {
                return Outcome.kept("by now other objects rest on it: " + Failure.text(e));
            }
            throw e;
        }
        return returned();
    }

    private Outcome returned() throws SQLException {
        // One of the two holds all that the other does.
        Partitioning.finish(workbench, design().of("remains", partitioning.byHash() ? "valid_back" : "valid_plain"));
        return Outcome.undone("the table is as it was");
    }
}
