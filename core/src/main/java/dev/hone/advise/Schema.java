package dev.hone.advise;

import dev.hone.postgres.Activity.TableActivity;
import dev.hone.postgres.Catalog.Column;
import dev.hone.postgres.Catalog.Constraint;
import dev.hone.postgres.Catalog.Index;
import dev.hone.postgres.Catalog.Relation;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.Sql;
import dev.hone.postgres.Statistics.ColumnStatistics;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a Snapshot says of tables, looked up by name. */
final class Schema {

    /** A table's name, both parts unquoted. */
    record Name(String schema, String table) implements Comparable<Name> {
        @Override
        public int compareTo(Name other) {
            int bySchema = schema.compareTo(other.schema);
            return bySchema != 0 ? bySchema : table.compareTo(other.table);
        }
    }

    /**
     * A table.
     *
     * @param columns by name, in order
     * @param indexes the valid ones
     * @param foreignKeys the columns of each, quoted
     */
    record Table(
            Name name,
            Relation relation,
            Map<String, Column> columns,
            List<Existing> indexes,
            List<Set<String>> foreignKeys,
            Map<String, ColumnStatistics> statistics,
            @Nullable TableActivity activity) {

        /** True if an index with these keys finds the rows that refer to a row of another table. */
        boolean servesForeignKey(List<String> keys) {
            return foreignKeys.stream()
                    .anyMatch(one -> keys.size() >= one.size()
                            && Set.copyOf(keys.subList(0, one.size())).equals(one));
        }

        /** Names of the columns in an index's list of numbers; null for an expression. */
        @Nullable String columnName(int number) {
            for (Column column : columns.values()) {
                if (column.number() == number) {
                    return column.name();
                }
            }
            return null;
        }

        /** Distinct values of a key that is a column; 0 if it is none, or that is not known. */
        double distinctKey(String key) {
            return distinct(columns.keySet().stream()
                    .filter(name -> Sql.identifier(name).equals(key))
                    .findFirst()
                    .orElse(null));
        }

        /** Distinct values of a column; 0 if not known. */
        double distinct(@Nullable String column) {
            ColumnStatistics known = column == null ? null : statistics.get(column);
            if (known == null) {
                return 0;
            }
            return known.distinct() >= 0 ? known.distinct() : -known.distinct() * Math.max(1, relation.tuples());
        }
    }

    /**
     * An index of the source.
     *
     * @param keys in the form of {@link Deparsed#canonical}; empty if it is not a btree
     */
    record Existing(String name, Index index, List<String> keys) {}

    private final Map<Name, Table> tables = new HashMap<>();
    private final Map<Long, Relation> relations = new HashMap<>();
    private final Set<String> relationNames = new HashSet<>();

    Schema(Snapshot snapshot) {
        Map<Long, Map<String, Column>> columns = new HashMap<>();
        Map<Long, List<Existing>> indexes = new HashMap<>();
        Map<Name, Map<String, ColumnStatistics>> statistics = new HashMap<>();
        Map<Name, TableActivity> activity = new HashMap<>();
        for (Relation relation : snapshot.catalog().relations()) {
            relations.put(relation.oid(), relation);
            relationNames.add(relation.qualifiedName());
        }
        for (Column column : snapshot.catalog().columns()) {
            columns.computeIfAbsent(column.relation(), any -> new LinkedHashMap<>())
                    .put(column.name(), column);
        }
        for (Index index : snapshot.catalog().indexes()) {
            Relation relation = relations.get(index.oid());
            if (index.valid() && relation != null) {
                indexes.computeIfAbsent(index.relation(), any -> new ArrayList<>())
                        .add(new Existing(relation.name(), index, Deparsed.btreeKeys(index.definition())));
            }
        }
        Map<Long, List<Set<String>>> foreignKeys = new HashMap<>();
        for (Constraint constraint : snapshot.catalog().constraints()) {
            if (constraint.kind().equals("f")) {
                Set<String> names = new HashSet<>();
                columns.getOrDefault(constraint.relation(), Map.of()).values().stream()
                        .filter(column -> constraint.columns().contains(column.number()))
                        .forEach(column -> names.add(Sql.identifier(column.name())));
                foreignKeys
                        .computeIfAbsent(constraint.relation(), any -> new ArrayList<>())
                        .add(names);
            }
        }
        for (ColumnStatistics column : snapshot.statistics().columns()) {
            Map<String, ColumnStatistics> known =
                    statistics.computeIfAbsent(new Name(column.schema(), column.relation()), any -> new HashMap<>());
            // Of a partitioned table only the inherited ones exist; of others the table's own come first.
            if (!column.inherited() || !known.containsKey(column.column())) {
                known.put(column.column(), column);
            }
        }
        snapshot.activity().tables().forEach(table -> activity.put(new Name(table.schema(), table.name()), table));
        for (Relation relation : snapshot.catalog().relations()) {
            if (Set.of("r", "p", "m").contains(relation.kind())) {
                Name name = new Name(relation.schema(), relation.name());
                tables.put(
                        name,
                        new Table(
                                name,
                                relation,
                                columns.getOrDefault(relation.oid(), Map.of()),
                                indexes.getOrDefault(relation.oid(), List.of()),
                                foreignKeys.getOrDefault(relation.oid(), List.of()),
                                statistics.getOrDefault(name, Map.of()),
                                activity.get(name)));
            }
        }
    }

    @Nullable Table table(Name name) {
        return tables.get(name);
    }

    /** The partitioned table at the top, if the table is a partition; else the table itself. */
    Table root(Table table) {
        Table current = table;
        while (current.relation().partitionBound() != null
                && !current.relation().parents().isEmpty()) {
            Relation parent = relations.get(current.relation().parents().getFirst());
            Table above = parent == null ? null : tables.get(new Name(parent.schema(), parent.name()));
            if (above == null) {
                return current;
            }
            current = above;
        }
        return current;
    }

    /** The partitions at the bottom of a partitioned table, in the order of creation; the table itself if it is none. */
    List<Table> leaves(Table table) {
        if (!table.relation().kind().equals("p")) {
            return List.of(table);
        }
        List<Table> found = new ArrayList<>();
        relations.values().stream()
                .filter(one -> one.partitionBound() != null
                        && one.parents().contains(table.relation().oid()))
                .sorted((a, b) -> Long.compare(a.oid(), b.oid()))
                .forEach(one -> {
                    Table leaf = tables.get(new Name(one.schema(), one.name()));
                    if (leaf != null) {
                        found.addAll(leaves(leaf));
                    }
                });
        return found;
    }

    /** Whether a relation of this qualified, quoted name exists. */
    boolean exists(String qualifiedName) {
        return relationNames.contains(qualifiedName);
    }
}
