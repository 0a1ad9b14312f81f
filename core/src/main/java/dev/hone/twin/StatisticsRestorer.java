package dev.hone.twin;

import dev.hone.postgres.Catalog.Column;
import dev.hone.postgres.Catalog.Relation;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.Sql;
import dev.hone.postgres.Statistics.ColumnStatistics;
import dev.hone.twin.TwinRelation.Name;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Gives the twin's relations the statistics of the source. What PostgreSQL would trust, {@link StatisticsCheck} looks
 * at before; how the rest gets in depends on the version.
 */
abstract sealed class StatisticsRestorer permits StatisticsByFunction, StatisticsByRow {

    /**
     * A row and whose it is in the twin.
     *
     * @param column name of the twin's column
     * @param number of the twin's column, which counts if it is not 0
     */
    record Entry(ColumnStatistics row, String column, int number) {

        Name relation() {
            return new Name(row.schema(), row.relation());
        }

        String object() {
            return "statistics of column " + Sql.identifier(row.column()) + " of "
                    + Sql.identifier(row.schema(), row.relation());
        }
    }

    private final Consumer<Omission> omissions;

    StatisticsRestorer(Consumer<Omission> omissions) {
        this.omissions = omissions;
    }

    /**
     * The way that the twin's version has.
     *
     * @param owner between transactions whenever something is restored
     */
    static StatisticsRestorer of(Session superuser, Session owner, Consumer<Omission> omissions) throws SQLException {
        return superuser.version().isAtLeast(18)
                ? new StatisticsByFunction(superuser.version(), owner, omissions)
                : new StatisticsByRow(superuser, owner, omissions);
    }

    /** Restores sizes of relations and statistics of columns, wherever the twin has them. */
    final void restore(Snapshot snapshot, Map<Name, TwinRelation> twin) throws SQLException {
        List<Relation> relations = new ArrayList<>();
        for (Relation relation : snapshot.catalog().relations()) {
            if (!twin.containsKey(new Name(relation.schema(), relation.name()))) {
                continue;
            }
            if (!Double.isFinite(relation.tuples()) || relation.tuples() < -1 || relation.pages() < -1) {
                omit(size(relation), "malformed: rows or pages below zero, or no number");
            } else {
                relations.add(relation);
            }
        }
        writeSizes(relations, twin);
        Map<Name, Map<String, Integer>> indexColumns = indexColumns(snapshot);
        List<Entry> entries = new ArrayList<>();
        for (ColumnStatistics row : snapshot.statistics().columns()) {
            Name name = new Name(row.schema(), row.relation());
            TwinRelation relation = twin.get(name);
            if (relation == null) {
                continue;
            }
            if (relation.kind().equalsIgnoreCase("i")) {
                // The columns of an index are named by the server, and not always alike: their numbers are.
                Integer number = indexColumns.getOrDefault(name, Map.of()).get(row.column());
                if (number != null) {
                    entries.add(new Entry(row, row.column(), number));
                }
            } else {
                entries.add(new Entry(row, row.column(), 0));
            }
        }
        restore(entries);
    }

    /** Restores rows of columns that exist in the twin. */
    final void restore(List<Entry> entries) throws SQLException {
        List<Entry> sound = new ArrayList<>();
        for (Entry entry : entries) {
            Optional<String> problem = StatisticsCheck.problem(entry.row());
            if (problem.isPresent()) {
                omit(entry.object(), problem.get());
            } else {
                sound.add(entry);
            }
        }
        if (!sound.isEmpty()) {
            writeColumns(sound);
        }
    }

    abstract void writeSizes(List<Relation> relations, Map<Name, TwinRelation> twin) throws SQLException;

    abstract void writeColumns(List<Entry> entries) throws SQLException;

    final void omit(String object, String reason) {
        omissions.accept(new Omission(object, reason));
    }

    static String size(Relation relation) {
        return "size of " + relation.qualifiedName();
    }

    static int pages(Relation relation) {
        return Math.max(0, relation.pages());
    }

    static int allVisible(Relation relation) {
        return Math.clamp(relation.allVisiblePages(), 0, pages(relation));
    }

    private static Map<Name, Map<String, Integer>> indexColumns(Snapshot snapshot) {
        Map<Long, Name> indexes = snapshot.catalog().relations().stream()
                .filter(relation -> relation.kind().equalsIgnoreCase("i"))
                .collect(Collectors.toMap(Relation::oid, r -> new Name(r.schema(), r.name()), (a, b) -> a));
        Map<Name, Map<String, Integer>> numbers = new HashMap<>();
        for (Column column : snapshot.catalog().columns()) {
            Name index = indexes.get(column.relation());
            if (index != null) {
                numbers.computeIfAbsent(index, name -> new HashMap<>()).put(column.name(), column.number());
            }
        }
        return numbers;
    }
}
