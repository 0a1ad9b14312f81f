package dev.hone.verify;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.Sql;
import dev.hone.twin.SchemaCopy;
import java.lang.management.ManagementFactory;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/**
 * A copy of the tables that a workload touches, in a PostgreSQL of our own on this machine. It is gone, with all that was
 * built in it, when it is closed.
 */
final class RestoredCopy implements Stage {

    private static final long LEAST_BUFFERS = 256L << 20;

    private final SchemaCopy copy;
    private final Connection superuser;
    private final Runner runner;
    private final boolean writes;
    private final boolean whole;
    private final List<String> notes;
    private final List<Option> options = new ArrayList<>();
    private final BitSet shown = new BitSet();
    private int number;

    private RestoredCopy(
            SchemaCopy copy, Connection superuser, Runner runner, boolean writes, boolean whole, List<String> notes) {
        this.copy = copy;
        this.superuser = superuser;
        this.runner = runner;
        this.writes = writes;
        this.whole = whole;
        this.notes = notes;
    }

    /**
     * Makes the copy.
     *
     * @param tables qualified and quoted names of the tables to copy rows of
     * @param sizeBytes up to which size they are copied whole, and otherwise sampled
     * @throws HoneException if the source cannot be read, or there is no room on this machine
     */
    static RestoredCopy make(
            ServerAddress source,
            Snapshot snapshot,
            Set<String> tables,
            long sizeBytes,
            boolean writes,
            Progress progress)
            throws SQLException {
        SchemaCopy copy = SchemaCopy.start(snapshot, settings(snapshot, sizeBytes), progress);
        try {
            RowCopy rows = new RowCopy(snapshot, tables, sizeBytes, progress);
            List<String> notes = new ArrayList<>(rows.copy(source, copy.owner()));
            try (Progress.Task task = progress.begin("Building the copy's own indexes", -1)) {
                task.at(0, "");
                copy.finish();
            }
            if (!copy.omissions().isEmpty()) {
                notes.add("The copy does without "
                        + copy.omissions().stream()
                                .limit(5)
                                .map(omission -> omission.object() + " (" + omission.reason() + ")")
                                .toList()
                        + (copy.omissions().size() > 5 ? " and more." : "."));
            }
            Connection superuser = Server.open(copy.superuser(), "hone verify");
            Runner runner = Runner.open(copy.owner(), false);
            return new RestoredCopy(copy, superuser, runner, writes, rows.whole(), notes);
        } catch (SQLException | RuntimeException e) {
            copy.close();
            throw e;
        }
    }

    /** Room in memory for the data if there is, and workers as the source has them. */
    private static Map<String, String> settings(Snapshot snapshot, long sizeBytes) {
        long memory =
                ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean os
                        ? os.getTotalMemorySize()
                        : 2L << 30;
        long buffers = Math.clamp(sizeBytes * 3 / 2, LEAST_BUFFERS, Math.max(LEAST_BUFFERS, memory / 4));
        Map<String, String> settings = new TreeMap<>(Map.of(
                "shared_buffers",
                (buffers >> 20) + "MB",
                "maintenance_work_mem",
                Math.max(64, (memory >> 20) / 16) + "MB",
                "max_wal_size",
                "4GB",
                "track_activities",
                "on"));
        for (String name : List.of("max_parallel_workers", "max_worker_processes")) {
            snapshot.setting(name).ifPresent(value -> settings.put(name, value));
        }
        return settings;
    }

    @Override
    public String name() {
        return "a copy on this machine";
    }

    @Override
    public List<String> notes() {
        return notes;
    }

    @Override
    public Runner runner() {
        return runner;
    }

    @Override
    public void build(List<CreateIndex> wanted, BiConsumer<CreateIndex, String> failed, Progress progress)
            throws SQLException {
        runner.execute("ROLLBACK");
        // The source's functions in an expression must not run as superuser.
        try (Connection owner = Server.open(copy.owner(), "hone verify");
                Statement statement = owner.createStatement();
                Progress.Task task = progress.begin("Building candidate indexes", wanted.size())) {
            statement.setEscapeProcessing(false);
            int done = 0;
            for (CreateIndex index : wanted) {
                task.at(done++, Sql.identifier(index.schema(), index.table()));
                CreateIndex named = index.named(Staging.PREFIX + ++number);
                try {
                    statement.execute(named.statement(false));
                } catch (SQLException e) {
                    failed.accept(index, String.valueOf(e.getMessage()));
                    continue;
                }
                try (ResultSet row =
                        statement.executeQuery("SELECT indexrelid, indrelid, pg_relation_size(indexrelid) FROM"
                                + " pg_catalog.pg_index WHERE indexrelid = " + Sql.literal(named.subject())
                                + "::regclass")) {
                    row.next();
                    shown.set(options.size());
                    options.add(new Option.Index(index, named.name(), row.getLong(1), row.getLong(2), row.getLong(3)));
                }
            }
            task.at(wanted.size(), "");
            // An index on an expression has statistics of its own.
            if (wanted.stream().anyMatch(index -> index.keys().stream().anyMatch(key -> key.startsWith("(")))) {
                statement.execute("ANALYZE");
            }
        }
        runner.begin();
    }

    @Override
    public boolean tells() {
        return whole;
    }

    @Override
    public void offer(List<? extends Option> others) {
        options.addAll(others);
    }

    @Override
    public List<Option> options() {
        return options;
    }

    @Override
    public void show(BitSet visible) throws SQLException {
        // Marks must not wait for a lock that our own transaction holds.
        runner.execute("ROLLBACK");
        for (boolean show : new boolean[] {false, true}) {
            List<Option> changed = new ArrayList<>();
            for (int i = 0; i < options.size(); i++) {
                if (visible.get(i) == show && shown.get(i) != show) {
                    changed.add(options.get(i));
                    shown.set(i, show);
                }
            }
            List<Option.Index> indexes = Option.indexes(changed);
            String sql = Option.telling(changed, show) + (indexes.isEmpty() ? "" : Option.flags(indexes, show, writes));
            if (!sql.isEmpty()) {
                try (Statement statement = superuser.createStatement()) {
                    statement.execute(sql);
                }
            }
        }
        runner.begin(Option.settings(visible.stream().mapToObj(options::get).toList()));
    }

    @Override
    public void close() {
        runner.close();
        try {
            superuser.close();
        } catch (SQLException e) {
            // It is gone, which is what was wanted.
        }
        copy.close();
    }
}
