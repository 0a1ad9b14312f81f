package dev.hone.verify;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.postgres.Catalog.Column;
import dev.hone.postgres.Catalog.Constraint;
import dev.hone.postgres.Catalog.Relation;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.Sql;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyOut;

/**
 * Brings rows of tables from one database into the same tables of another, in one read-only transaction of the source.
 * Tables that are too large together are sampled by blocks; of a table that sampled rows refer to, the rows referred to
 * come too, so that joins along foreign keys find their partners.
 */
final class RowCopy {

    private static final int BLOCK = 8192;
    private static final int KEYS_AT_ONCE = 5000;
    private static final int SEED = 20_260_101;

    /** Below it a table is always whole, in bytes. */
    private static final long SMALL = 8L << 20;

    private final Snapshot snapshot;
    private final List<Relation> tables;
    private final long sizeBytes;
    private final Progress progress;
    private final Map<Long, List<Column>> columns;

    RowCopy(Snapshot snapshot, Set<String> names, long sizeBytes, Progress progress) {
        this.snapshot = snapshot;
        this.sizeBytes = sizeBytes;
        this.progress = progress;
        columns = snapshot.catalog().columns().stream().collect(Collectors.groupingBy(Column::relation));
        tables = withPartitions(names);
    }

    /** The tables that hold the rows of those named. */
    private List<Relation> withPartitions(Set<String> names) {
        Map<Long, Relation> all = new HashMap<>();
        snapshot.catalog().relations().forEach(relation -> all.put(relation.oid(), relation));
        Set<Long> wanted = new TreeSet<>();
        for (Relation relation : all.values()) {
            if (names.contains(relation.qualifiedName())) {
                Relation top = relation;
                while (!top.parents().isEmpty() && all.containsKey(top.parents().getFirst())) {
                    top = all.get(top.parents().getFirst());
                }
                wanted.add(top.oid());
            }
        }
        boolean grown = true;
        while (grown) {
            grown = false;
            for (Relation relation : all.values()) {
                grown |= relation.parents().stream().anyMatch(wanted::contains) && wanted.add(relation.oid());
            }
        }
        return all.values().stream()
                .filter(relation -> wanted.contains(relation.oid()))
                .filter(relation ->
                        relation.kind().equals("r") || relation.kind().equals("m"))
                .sorted(Comparator.comparingLong(Relation::oid))
                .toList();
    }

    private static long bytes(Relation table) {
        return Math.max(table.currentPages(), table.pages()) * BLOCK;
    }

    /** Whether no table is sampled. */
    boolean whole() {
        return tables.stream().mapToLong(RowCopy::bytes).sum() <= sizeBytes;
    }

    /** Copies the rows; gives what should be known of the copy. */
    List<String> copy(ServerAddress from, ServerAddress to) throws SQLException {
        long total = tables.stream().mapToLong(RowCopy::bytes).sum();
        long small = tables.stream()
                .mapToLong(RowCopy::bytes)
                .filter(one -> one <= SMALL)
                .sum();
        double share = total <= sizeBytes ? 1 : Math.max(0.001, (double) (sizeBytes - small) / (total - small));
        List<String> notes = new ArrayList<>();
        if (share < 1) {
            notes.add(String.format(
                    Locale.ROOT,
                    "Measured on a sample: the tables take %,d MB, of which %,d were allowed (--verify-size), so that %.1f %%"
                            + " of the blocks of the large ones were copied. With more rows the planner may choose other"
                            + " plans.",
                    total >> 20,
                    sizeBytes >> 20,
                    share * 100));
        }
        try (Connection source = Server.open(from, "hone verify");
                Connection target = Server.open(to, "hone verify");
                Progress.Task task = progress.begin("Copying tables", Math.max(1, (long) (total * share) >> 20))) {
            execute(source, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
            execute(
                    source,
                    "SET LOCAL statement_timeout = '30min'; SET LOCAL lock_timeout = '2s'; SET LOCAL"
                            + " idle_in_transaction_session_timeout = '5min'");
            execute(target, "SET synchronous_commit = off");
            long done = 0;
            for (Relation table : children()) {
                boolean sampled = share < 1 && bytes(table) > SMALL;
                done = rows(
                        source,
                        target,
                        table,
                        sampled
                                ? String.format(
                                        Locale.ROOT,
                                        " TABLESAMPLE SYSTEM (%.4f) REPEATABLE (%d)",
                                        Math.min(100, share * 100),
                                        SEED)
                                : "",
                        task,
                        done);
                if (sampled) {
                    for (Constraint key : referringTo(table)) {
                        partners(source, target, table, key, task, done);
                    }
                }
            }
            execute(source, "ROLLBACK");
            task.at(Math.max(1, (long) (total * share) >> 20), "");
            return notes;
        } catch (SQLException e) {
            throw HoneException.failed(
                    "Cannot copy the tables that the workload touches: " + e.getMessage(),
                    "The database is unchanged. Reading them needs SELECT on each; or give a copy by --verify-on URL.",
                    e);
        }
    }

    /** The tables in an order in which those that refer to others come first. */
    private List<Relation> children() {
        List<Relation> left = new ArrayList<>(tables);
        List<Relation> ordered = new ArrayList<>();
        while (!left.isEmpty()) {
            Relation next = left.stream()
                    .filter(table -> referringTo(table).stream()
                            .noneMatch(key -> key.relation() != table.oid()
                                    && left.stream().anyMatch(other -> other.oid() == key.relation())))
                    .findFirst()
                    .orElse(left.getFirst());
            left.remove(next);
            ordered.add(next);
        }
        return ordered;
    }

    private List<Constraint> referringTo(Relation table) {
        return snapshot.catalog().constraints().stream()
                .filter(key -> key.kind().equals("f")
                        && key.referenced() == table.oid()
                        && key.columns().size() == 1)
                .filter(key -> tables.stream().anyMatch(one -> one.oid() == key.relation()))
                .toList();
    }

    private String list(Relation table) {
        return columns.getOrDefault(table.oid(), List.of()).stream()
                .filter(column -> column.generated().isEmpty())
                .map(column -> Sql.identifier(column.name()))
                .collect(Collectors.joining(", "));
    }

    private long rows(
            Connection source, Connection target, Relation table, String clause, Progress.Task task, long done)
            throws SQLException {
        String names = list(table);
        if (names.isEmpty()) {
            return done;
        }
        return transfer(
                source,
                target,
                "SELECT " + names + " FROM ONLY " + table.qualifiedName() + clause,
                table.qualifiedName() + " (" + names + ")",
                table.qualifiedName(),
                task,
                done);
    }

    private static long transfer(
            Connection source,
            Connection target,
            String select,
            String into,
            String name,
            Progress.Task task,
            long doneBytes)
            throws SQLException {
        long done = doneBytes;
        CopyOut out = source.unwrap(PGConnection.class).getCopyAPI().copyOut("COPY (" + select + ") TO STDOUT");
        CopyIn in = target.unwrap(PGConnection.class).getCopyAPI().copyIn("COPY " + into + " FROM STDIN");
        try {
            for (byte[] row = out.readFromCopy(); row != null; row = out.readFromCopy()) {
                in.writeToCopy(row, 0, row.length);
                done += row.length;
                if (done >> 20 != (done - row.length) >> 20) {
                    task.at(done >> 20, name);
                }
            }
            in.endCopy();
            return done;
        } finally {
            if (in.isActive()) {
                in.cancelCopy();
            }
            if (out.isActive()) {
                out.cancelCopy();
            }
        }
    }

    /** Brings the rows that a key's sampled rows refer to, unless they are there. */
    private void partners(
            Connection source, Connection target, Relation table, Constraint key, Progress.Task task, long done)
            throws SQLException {
        Relation child = tables.stream()
                .filter(one -> one.oid() == key.relation())
                .findFirst()
                .orElseThrow();
        String from = column(child, key.columns().getFirst());
        String to = column(table, key.referencedColumns().getFirst());
        List<String> keys = new ArrayList<>();
        try (Statement statement = target.createStatement();
                ResultSet rows = statement.executeQuery("SELECT DISTINCT c." + from + "::text FROM "
                        + child.qualifiedName() + " c LEFT JOIN " + table.qualifiedName() + " p ON p." + to + " = c."
                        + from
                        + " WHERE c." + from + " IS NOT NULL AND p." + to + " IS NULL")) {
            while (rows.next()) {
                keys.add(Sql.literal(rows.getString(1)));
            }
        }
        String names = list(table);
        for (int i = 0; i < keys.size(); i += KEYS_AT_ONCE) {
            transfer(
                    source,
                    target,
                    "SELECT " + names + " FROM ONLY " + table.qualifiedName() + " WHERE " + to + " IN ("
                            + String.join(", ", keys.subList(i, Math.min(keys.size(), i + KEYS_AT_ONCE))) + ")",
                    table.qualifiedName() + " (" + names + ")",
                    table.qualifiedName(),
                    task,
                    done);
        }
    }

    private String column(Relation table, int number) {
        return columns.getOrDefault(table.oid(), List.of()).stream()
                .filter(column -> column.number() == number)
                .map(column -> Sql.identifier(column.name()))
                .findFirst()
                .orElseThrow();
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
