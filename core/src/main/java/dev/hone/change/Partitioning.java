package dev.hone.change;

import dev.hone.Json;
import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.type.TypeReference;

/**
 * Partitioning a table. By ranges its rows stay: what the partition needs is built and checked beforehand, and one short
 * transaction puts a partitioned table in its place with the table as its first partition. By hash its rows are copied,
 * and the table of before stays beside for undo. Each such transaction also tells the journal that it happened.
 */
record Partitioning(PartitionTable change) implements Operation {

    private static final Duration LONGEST_LOOK = Duration.ofHours(1);
    private static final String BOUND = "hone_partition_bound";
    private static final String NOT_NULL = "hone_not_null";
    private static final String OBJECT_NOT_IN_STATE = "55000";

    private static final TypeReference<Map<String, Object>> OBJECT = new TypeReference<>() {};

    /** How far it came; each is journaled by what brings it about. */
    enum Stage {
        /** Nothing but preparations. */
        PREPARING,
        /** By hash: the new table and the triggers are there, rows are copied. */
        COPYING,
        /** The partitioned table is in place. */
        SWAPPED,
        /** By ranges: all rows are copied into a plain table again. */
        COPYING_BACK,
        /** The table of before is in place again, or its like; only foreign keys may want their check. */
        RETURNED
    }

    /**
     * What there was, and how far it came.
     *
     * @param upper where the rows of before end; null by hash
     * @param copied the key up to which rows are copied
     * @param copiedBack the key up to which they are copied back
     * @param noted the partitions of which it is noted what is written while they are copied back
     */
    record Before(
            Stage stage,
            @Nullable String upper,
            List<String> copied,
            List<String> copiedBack,
            List<String> noted,
            PartitionDesign design) {

        /** An older version has not written down all of them. */
        Before {
            copied = Objects.requireNonNullElse(copied, List.of());
            copiedBack = Objects.requireNonNullElse(copiedBack, List.of());
            noted = Objects.requireNonNullElse(noted, List.of());
        }

        Before at(Stage next) {
            return at(next, List.of());
        }

        Before at(Stage next, List<String> noting) {
            return new Before(next, upper, List.of(), List.of(), noting, design);
        }
    }

    boolean byHash() {
        return change.scheme() instanceof PartitionTable.Hashes;
    }

    @Override
    public Outlook look(Surroundings surroundings) {
        Server server = surroundings.server();
        Schema.Table table =
                new Schema(server).table(change.schema(), change.table()).orElse(null);
        if (table == null || !List.of("r", "p").contains(table.kind())) {
            return Outlook.refused("table " + change.subject() + " does not exist", "Make the proposal anew.");
        }
        Optional<Before> earlier = surroundings.journaled().before(Before.class);
        if (surroundings.begun() && earlier.isPresent()) {
            return goingOn(server, earlier.get());
        }
        if (table.partitioned()) {
            return partitionedLikeThis(server)
                    ? Outlook.already("is partitioned like this already")
                    : Outlook.refused(
                            "it is partitioned already, in another way", "Take the change out of the proposal.");
        }
        Optional<Outlook> missing = Privileges.notExtensible(table, change.subject());
        if (missing.isPresent()) {
            return missing.get();
        }
        return design(server);
    }

    /** A step that was begun goes on with what it began with. */
    private Outlook goingOn(Server server, Before before) {
        if (before.stage() != Stage.PREPARING || byHash()) {
            return ready(before);
        }
        boolean passed = change.scheme() instanceof PartitionTable.Ranges
                && server.handle()
                        .createQuery(Sql.tag("passed", "SELECT now() AT TIME ZONE 'UTC' >= CAST(:upper AS timestamp)"))
                        .bind("upper", before.upper())
                        .mapTo(Boolean.class)
                        .one();
        if (passed) {
            return Outlook.refused(
                    "the time at which the rows of before were to end, " + before.upper() + " UTC, has passed",
                    "Undo the deployment, then apply the changes again.");
        }
        // Where the bound is checked already, the sooner the swap the better.
        boolean bounded =
                Constraint.find(server, change.schema(), change.table(), BOUND).isPresent();
        return !bounded && near(server, before)
                ? Outlook.refused(tooNear(before), "Undo the deployment, then apply the changes again.")
                : ready(before);
    }

    /** Whether rows are about to reach the bound: nothing may be kept from it then. */
    private boolean near(Server server, Before before) {
        return PartitionDesign.nearQuery(change, before.upper())
                .map(query -> server.read(
                        LONGEST_LOOK,
                        handle -> handle.createQuery(Sql.tag("near", query))
                                .mapTo(Boolean.class)
                                .one()))
                .orElse(false);
    }

    private static String tooNear(Before before) {
        return "rows have come near to " + before.upper() + ", where those of before were to end";
    }

    boolean partitionedLikeThis(Server server) {
        return server.handle()
                .createQuery(Sql.tag("partitioned", """
                        SELECT p.partnatts = 1 AND p.partstrat = :strategy AND a.attname = :column
                        FROM pg_partitioned_table p
                        JOIN pg_class c ON c.oid = p.partrelid
                        JOIN pg_namespace n ON n.oid = c.relnamespace
                        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0]
                        WHERE n.nspname = :schema AND c.relname = :table"""))
                .bind("strategy", byHash() ? "h" : "r")
                .bind("column", change.column())
                .bind("schema", change.schema())
                .bind("table", change.table())
                .mapTo(Boolean.class)
                .findOne()
                .orElse(false);
    }

    private Outlook design(Server server) {
        // The type must fit before the greatest value is asked for.
        PartitionDesign unbounded = PartitionDesign.read(server, change, null);
        if (unbounded.of("name").isEmpty()) {
            return Outlook.refused("it has no column " + Sql.identifier(change.column()), "Correct the change.");
        }
        Optional<Outlook> refusal = unbounded.refusal();
        if (refusal.isPresent()) {
            return refusal.get();
        }
        @Nullable String upper = PartitionDesign.upperQuery(change)
                .map(query -> server.read(
                        LONGEST_LOOK,
                        handle -> handle.createQuery(Sql.tag("upper", query))
                                .mapTo(String.class)
                                .one()))
                .orElse(null);
        PartitionDesign design = PartitionDesign.read(server, change, upper);
        refusal = design.refusal();
        if (refusal.isPresent()) {
            return refusal.get();
        }
        try {
            Trial.rolledBack(server, design.of("shell"), "SELECT 1");
        } catch (SQLException e) {
            return Outlook.refused(
                    "the server cannot make such a partitioned table: " + Failure.text(e), "Correct the change.");
        }
        return ready(new Before(Stage.PREPARING, upper, List.of(), List.of(), List.of(), design));
    }

    private Outlook ready(Before before) {
        PartitionDesign design = before.design();
        List<String> notes = new ArrayList<>();
        notes.add(
                byHash()
                        ? "copies all rows, for which it needs as much disk space again; the table of before stays as "
                                + design.old()
                        : "no row is copied; the table becomes " + design.old() + ", with all rows up to "
                                + before.upper());
        notes.addAll(design.of("tell"));
        return new Outlook(
                Outlook.Kind.READY,
                design.index(),
                Json.MAPPER.convertValue(before, OBJECT),
                sql(design),
                undoSql(design),
                String.join("; ", notes),
                "");
    }

    private List<String> sql(PartitionDesign design) {
        List<String> sql = new ArrayList<>();
        if (byHash()) {
            sql.addAll(design.of("dirty", "shell", "note"));
            sql.add("INSERT INTO " + design.staged() + " (" + design.columns() + ") OVERRIDING SYSTEM VALUE SELECT "
                    + design.columns() + " FROM " + change.subject());
            sql.add("ANALYZE " + design.staged());
            sql.addAll(design.of("ready"));
            design.childChecks().forEach(check -> sql.addAll(check.sql()));
            sql.add("BEGIN");
            sql.addAll(design.of("early", "lock"));
            sql.add(OnlineCopy.bring(design, change.subject(), design.staged(), Long.MAX_VALUE));
        } else {
            sql.addAll(IndexWork.sql(design.index()));
            if (!design.of("nullable").isEmpty()) {
                sql.addAll(notNull());
            }
            sql.add(addBound(design));
            sql.add(validate(BOUND));
            design.childChecks().forEach(check -> sql.addAll(check.sql()));
            sql.add("BEGIN");
            sql.addAll(design.of("early", "shell", "lock"));
        }
        sql.addAll(design.of("swap"));
        sql.add("COMMIT");
        sql.addAll(design.of("valid"));
        return sql;
    }

    private List<String> undoSql(PartitionDesign design) {
        List<String> sql = new ArrayList<>(IndexWork.sql(design.indexBack()));
        sql.add("BEGIN");
        sql.addAll(design.of("lock_back", "columns"));
        if (byHash()) {
            sql.add(OnlineCopy.bring(design, change.subject(), design.old(), Long.MAX_VALUE));
        }
        sql.addAll(design.of("back"));
        sql.add("COMMIT");
        sql.addAll(design.of("remains", "valid_back"));
        return sql;
    }

    private String alter() {
        return "ALTER TABLE " + change.subject() + " ";
    }

    private String addBound(PartitionDesign design) {
        return alter() + "ADD CONSTRAINT " + BOUND + " CHECK ("
                + design.of("check").getFirst() + ") NOT VALID";
    }

    private String validate(String constraint) {
        return alter() + "VALIDATE CONSTRAINT " + constraint;
    }

    /** Without reading the table behind a lock: a valid CHECK says already what SET NOT NULL would look for. */
    private List<String> notNull() {
        String column = Sql.identifier(change.column());
        return List.of(
                alter() + "ADD CONSTRAINT " + NOT_NULL + " CHECK (" + column + " IS NOT NULL) NOT VALID",
                validate(NOT_NULL),
                alter() + "ALTER COLUMN " + column + " SET NOT NULL, DROP CONSTRAINT " + NOT_NULL);
    }

    @Override
    public void apply(Workbench workbench, Outlook outlook) throws SQLException {
        Before before = new Journaled(true, List.of(), outlook.before())
                .before(Before.class)
                .orElseThrow();
        if (before.stage() != Stage.SWAPPED) {
            if (byHash()) {
                copyAndSwap(workbench, before);
            } else {
                prepareAndSwap(workbench, before);
            }
        }
        finish(workbench, before.design().of("valid"));
    }

    /** What may take its time: constraints are checked while reads and writes go on. */
    static void finish(Workbench workbench, List<String> statements) throws SQLException {
        for (String sql : statements) {
            if (sql.contains(" VALIDATE CONSTRAINT ") || sql.startsWith("ANALYZE ")) {
                workbench.runPatiently(sql);
            } else {
                workbench.runQueueing(sql);
            }
        }
    }

    private void prepareAndSwap(Workbench workbench, Before before) throws SQLException {
        PartitionDesign design = before.design();
        try {
            // Nothing is built, and nobody kept from writing, for a swap that cannot be made.
            design.guard(workbench.control());
            new IndexWork(workbench).build(design.index());
            if (!design.of("nullable").isEmpty() && nullable(workbench)) {
                drop(workbench, NOT_NULL);
                workbench.runQueueing(notNull().get(0));
                workbench.runPatiently(notNull().get(1));
                workbench.runQueueing(notNull().get(2));
            }
            Optional<Constraint> bound = find(workbench, BOUND);
            if (bound.isEmpty()) {
                if (near(workbench.control(), before)) {
                    throw new SQLException(tooNear(before) + ": undo, then apply again", OBJECT_NOT_IN_STATE);
                }
                workbench.runQueueing(addBound(design));
            }
            if (bound.filter(Constraint::validated).isEmpty()) {
                workbench.runPatiently(validate(BOUND));
            }
            checkChildren(workbench, design);
            design.guard(workbench.control());
            workbench.swap(
                    design.of("early", "unchanged", "shell"),
                    design.of("lock", "still", "swap"),
                    before.at(Stage.SWAPPED));
        } catch (Pacing.Expired e) {
            // What is prepared is whole, and the next run goes on after it.
            throw e;
        } catch (SQLException failure) {
            try {
                workbench.revive();
                removePreparations(workbench, design);
            } catch (SQLException | RuntimeException e) {
                throw new Workbench.Leftover(failure, e);
            }
            throw failure;
        }
    }

    private Optional<Constraint> find(Workbench workbench, String constraint) {
        return Constraint.find(workbench.control(), change.schema(), change.table(), constraint);
    }

    private void drop(Workbench workbench, String constraint) throws SQLException {
        if (find(workbench, constraint).isPresent()) {
            workbench.runQueueing(alter() + "DROP CONSTRAINT " + constraint);
        }
    }

    private boolean nullable(Workbench workbench) {
        return workbench
                .control()
                .handle()
                .createQuery(Sql.tag("nullable", """
                        SELECT NOT a.attnotnull FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                        JOIN pg_namespace n ON n.oid = c.relnamespace
                        WHERE n.nspname = :schema AND c.relname = :table AND a.attname = :column"""))
                .bind("schema", change.schema())
                .bind("table", change.table())
                .bind("column", change.column())
                .mapTo(Boolean.class)
                .one();
    }

    private Optional<Schema.Table> table(Workbench workbench) {
        return workbench.schema().table(change.schema(), change.table());
    }

    private boolean swapped(Workbench workbench) {
        return table(workbench).map(Schema.Table::partitioned).orElse(true);
    }

    /** Before the swap: from here on no row comes that the foreign keys of after it would pass by. */
    private static void checkChildren(Workbench workbench, PartitionDesign design) throws SQLException {
        for (ChildCheck check : design.childChecks()) {
            check.put(workbench);
        }
    }

    private static void removeChildChecks(Workbench workbench, PartitionDesign design) throws SQLException {
        for (ChildCheck check : design.childChecks()) {
            check.remove(workbench);
        }
    }

    /** As if nothing had been; nothing to do once the swap is made. */
    private void removePreparations(Workbench workbench, PartitionDesign design) throws SQLException {
        if (swapped(workbench)) {
            return;
        }
        removeChildChecks(workbench, design);
        drop(workbench, BOUND);
        drop(workbench, NOT_NULL);
        if (!design.of("nullable").isEmpty() && !nullable(workbench)) {
            workbench.runQueueing(alter() + "ALTER COLUMN " + Sql.identifier(change.column()) + " DROP NOT NULL");
        }
        new IndexWork(workbench).remove(design.index());
    }

    private void copyAndSwap(Workbench workbench, Before before) throws SQLException {
        PartitionDesign design = before.design();
        if (before.stage() == Stage.PREPARING) {
            design.guard(workbench.control());
            workbench.swap(design.of("dirty", "shell"), design.of("note"), before.at(Stage.COPYING));
        }
        OnlineCopy copy = new OnlineCopy(workbench, design, change.subject(), design.staged());
        copy.rows(before.copied(), rows(workbench), "copied");
        copy.noted();
        workbench.runPatiently("ANALYZE " + design.staged());
        workbench.runTogether(design.of("ready"));
        try {
            checkChildren(workbench, design);
            design.guard(workbench.control());
            copy.swap(
                    design.of("early", "unchanged"),
                    design.of("lock", "still"),
                    design.of("swap"),
                    before.at(Stage.SWAPPED));
        } catch (SQLException failure) {
            // The copy may wait for the next run; what refuses rows must not.
            try {
                workbench.revive();
                if (!swapped(workbench)) {
                    removeChildChecks(workbench, design);
                }
            } catch (SQLException | RuntimeException e) {
                throw new Workbench.Leftover(failure, e);
            }
            throw failure;
        }
    }

    /** About how many rows the table has, by its statistics. */
    long rows(Workbench workbench) {
        return workbench
                .control()
                .handle()
                .createQuery(Sql.tag("rows", """
                        SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint
                        FROM pg_partition_tree(to_regclass(:table)) t JOIN pg_class c ON c.oid = t.relid
                        WHERE t.isleaf OR c.relkind = 'r'"""))
                .bind("table", change.subject())
                .mapTo(Long.class)
                .one();
    }

    @Override
    public Outcome verify(Workbench workbench, Outlook outlook) throws SQLException {
        PartitionDesign design = new Journaled(true, List.of(), outlook.before())
                .before(Before.class)
                .orElseThrow()
                .design();
        if (!partitionedLikeThis(workbench.control()) || !there(workbench, design.old())) {
            throw new SQLException("after the swap, " + change.subject() + " is not partitioned", "XX000");
        }
        return Outcome.applied(
                byHash()
                        ? "the table of before is " + design.old() + "; what is written from now on is noted in "
                                + design.dirty()
                                + ", so that undo can bring it there. To give undo up: DROP FUNCTION " + design.note()
                                + "() CASCADE; DROP TABLE " + design.dirty() + ", " + design.old()
                        : "the rows of before are in " + design.old() + "; next partitions: "
                                + String.join(", ", design.of("partition")));
    }

    static boolean there(Workbench workbench, String table) {
        return workbench
                .control()
                .handle()
                .createQuery(Sql.tag("there", "SELECT to_regclass(:table) IS NOT NULL"))
                .bind("table", table)
                .mapTo(Boolean.class)
                .one();
    }

    @Override
    public Outcome undo(Workbench workbench, Journaled journaled) throws SQLException {
        Before before = journaled.before(Before.class).orElse(null);
        if (before == null) {
            return Outcome.undone("had not begun");
        }
        return switch (before.stage()) {
            case PREPARING -> {
                if (!byHash()) {
                    removePreparations(workbench, before.design());
                }
                yield Outcome.undone("was not partitioned yet");
            }
            case COPYING -> {
                workbench.runTogether(copyRemoval(before.design()));
                removeChildChecks(workbench, before.design());
                yield Outcome.undone("was not partitioned yet");
            }
            case SWAPPED, COPYING_BACK, RETURNED -> new PartitionReturn(this, workbench, before).make();
        };
    }

    /** The statements after which nothing of a copy is there. */
    static List<String> copyRemoval(PartitionDesign design) {
        return List.of(
                "DROP FUNCTION IF EXISTS " + design.note() + "() CASCADE",
                "DROP TABLE IF EXISTS " + design.dirty(),
                "DROP TABLE IF EXISTS " + design.staged());
    }
}
