package dev.hone.advise;

import dev.hone.change.CreateIndex;
import dev.hone.postgres.Activity.TableActivity;
import dev.hone.postgres.Catalog;
import dev.hone.postgres.Catalog.Column;
import dev.hone.postgres.Catalog.Constraint;
import dev.hone.postgres.Catalog.Index;
import dev.hone.postgres.Catalog.Relation;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.Sql;
import dev.hone.postgres.Statistics.ColumnStatistics;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
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

        /** Whether somebody set the number of a column's distinct values. */
        boolean isSetDistinct(String key) {
            return columns.values().stream()
                    .anyMatch(column -> Sql.identifier(column.name()).equals(key) && column.setDistinct() != null);
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
     * @param method its access method
     * @param methodKeys its keys in that form, whatever the method
     */
    record Existing(String name, Index index, List<String> keys, String method, List<String> methodKeys) {}

    /**
     * A foreign key, seen from the table it refers to.
     *
     * @param columns that refer, in order
     * @param referenced the columns they refer to
     */
    record Reference(String constraint, Table table, List<String> columns, List<String> referenced) {}

    private static final Set<String> BYTE_ORDER = Set.of("C", "POSIX", "ucs_basic");
    private static final Pattern RANGE = Pattern.compile("(int4|int8|num|ts|tstz|date)(multi)?range");

    private final Map<Name, Table> tables = new HashMap<>();
    private final Map<Long, Relation> relations = new HashMap<>();
    private final Set<String> relationNames = new HashSet<>();
    private final Snapshot.Database database;
    private final Catalog catalog;

    Schema(Snapshot snapshot) {
        database = snapshot.database();
        catalog = snapshot.catalog();
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
                        .add(existing(relation, index));
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

    private static Existing existing(Relation relation, Index index) {
        String method = relation.accessMethod() == null ? "btree" : relation.accessMethod();
        List<String> keys = Deparsed.indexKeys(index.definition(), method);
        return new Existing(relation.name(), index, method.equals("btree") ? keys : List.of(), method, keys);
    }

    @Nullable Table table(Name name) {
        return tables.get(name);
    }

    /** The partitioned table at the top, if the table is a partition; else the table itself. */
    Table root(Table table) {
        return table.relation().partitionBound() == null ? table : ancestor(table);
    }

    /** The table at the top of those it inherits from; the table itself if it inherits from none. */
    Table ancestor(Table table) {
        Table current = table;
        while (!current.relation().parents().isEmpty()) {
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
                .filter(one -> isPartitionOf(one, table))
                .sorted((a, b) -> Long.compare(a.oid(), b.oid()))
                .forEach(one -> {
                    Table leaf = tables.get(new Name(one.schema(), one.name()));
                    if (leaf != null) {
                        found.addAll(leaves(leaf));
                    }
                });
        return found;
    }

    /**
     * The partitions of a table, those of partitions below them; empty if it has none, or if one is a foreign table, so
     * that there can be no index on the whole.
     */
    List<CreateIndex.Partition> partitions(Table table) {
        List<CreateIndex.Partition> found = new ArrayList<>();
        for (Relation one : relations.values().stream()
                .filter(one -> isPartitionOf(one, table))
                .sorted(Comparator.comparingLong(Relation::oid))
                .toList()) {
            Table child = tables.get(new Name(one.schema(), one.name()));
            if (child == null) {
                return List.of();
            }
            boolean partitioned = one.kind().equals("p");
            List<CreateIndex.Partition> below = partitioned ? partitions(child) : List.of();
            if (below.isEmpty() && relations.values().stream().anyMatch(other -> isPartitionOf(other, child))) {
                return List.of();
            }
            found.add(new CreateIndex.Partition(one.schema(), one.name(), partitioned, below));
        }
        return found;
    }

    private static boolean isPartitionOf(Relation one, Table table) {
        // Indexes have parents too.
        return one.partitionBound() != null
                && one.parents().contains(table.relation().oid());
    }

    /** The foreign keys that refer to a table, each once however many partitions it has. */
    List<Reference> references(Table table) {
        List<Reference> found = new ArrayList<>();
        for (Constraint constraint : catalog.constraints()) {
            Relation relation = relations.get(constraint.relation());
            Table from = relation == null ? null : tables.get(new Name(relation.schema(), relation.name()));
            if (from != null
                    && constraint.kind().equals("f")
                    && constraint.referenced() == table.relation().oid()
                    && !constraint.inherited()) {
                found.add(new Reference(
                        constraint.name(),
                        from,
                        columnNames(from, constraint.columns()),
                        columnNames(table, constraint.referencedColumns())));
            }
        }
        return found;
    }

    private static List<String> columnNames(Table table, List<Integer> numbers) {
        return numbers.stream().map(table::columnName).map(String::valueOf).toList();
    }

    /** The schema an extension is installed in; null if it is not. */
    @Nullable String extensionSchema(String extension) {
        return catalog.extensions().stream()
                .filter(one -> one.name().equals(extension))
                .map(Catalog.Extension::schema)
                .findFirst()
                .orElse(null);
    }

    /** Where an extension for a table would go: where everybody finds it, if there is such a schema. */
    String homeOfExtensions(Table table) {
        return catalog.schemas().contains("public") ? "public" : table.name().schema();
    }

    /** Whether texts are compared byte by byte under a collation. */
    boolean sortsByBytes(@Nullable String collation) {
        if (collation != null) {
            return BYTE_ORDER.contains(collation.replaceFirst(".*\\.", "").replace("\"", ""));
        }
        String locale = database.locale();
        return database.localeProvider().equals("b")
                ? locale == null || !locale.equals("PG_UNICODE_FAST")
                : database.localeProvider().equals("c") && BYTE_ORDER.contains(database.collate());
    }

    /** Whether a type is one of ranges or multiranges. */
    boolean isRange(String type) {
        return RANGE.matcher(type).matches()
                || catalog.types().stream()
                        .anyMatch(one -> one.kind().equals("r")
                                && (type.equals(one.name())
                                        || type.endsWith("." + Sql.identifier(one.name()))
                                        || type.endsWith("." + one.name())));
    }

    /** Whether a relation of this qualified, quoted name exists. */
    boolean exists(String qualifiedName) {
        return relationNames.contains(qualifiedName);
    }
}
