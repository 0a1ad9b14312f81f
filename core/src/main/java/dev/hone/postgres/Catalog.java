package dev.hone.postgres;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a database consists of, as its system catalogs say: user objects only, those of extensions left out. The order
 * of every list is that of creation.
 */
public record Catalog(
        List<String> schemas,
        List<Extension> extensions,
        List<TypeDefinition> types,
        List<Collation> collations,
        List<Function> functions,
        List<Sequence> sequences,
        List<Relation> relations,
        List<Column> columns,
        List<Constraint> constraints,
        List<Index> indexes,
        List<View> views,
        List<Trigger> triggers,
        List<StatisticsObject> statisticsObjects) {

    public static final Catalog EMPTY = new Catalog(
            List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), List.of(),
            List.of(), List.of(), List.of(), List.of());

    public Catalog {
        schemas = List.copyOf(schemas);
        extensions = List.copyOf(extensions);
        types = List.copyOf(types);
        collations = List.copyOf(collations);
        functions = List.copyOf(functions);
        sequences = List.copyOf(sequences);
        relations = List.copyOf(relations);
        columns = List.copyOf(columns);
        constraints = List.copyOf(constraints);
        indexes = List.copyOf(indexes);
        views = List.copyOf(views);
        triggers = List.copyOf(triggers);
        statisticsObjects = List.copyOf(statisticsObjects);
    }

    public record Extension(String name, String schema, String version) {}

    /**
     * An enum, domain, range or composite type.
     *
     * @param definition what follows {@code CREATE TYPE name} or, for a domain, {@code CREATE DOMAIN name}
     * @param kind {@code e} enum, {@code d} domain, {@code r} range, {@code c} composite, as pg_type.typtype
     */
    public record TypeDefinition(String schema, String name, String kind, String definition) {}

    /**
     * A collation.
     *
     * @param provider {@code c} libc, {@code i} ICU, {@code b} builtin, {@code d} the database's default
     */
    public record Collation(
            String schema,
            String name,
            String provider,
            boolean deterministic,
            @Nullable String locale) {}

    /**
     * A function or procedure.
     *
     * @param definition the whole statement, from pg_get_functiondef
     */
    public record Function(long oid, String schema, String name, String definition) {}

    public record Sequence(String schema, String name) {}

    /**
     * A table, partitioned table, materialized view, foreign table, index or partitioned index.
     *
     * @param kind pg_class.relkind
     * @param pages pg_class.relpages: 8 kB pages at the last ANALYZE or VACUUM
     * @param tuples pg_class.reltuples: rows then; -1 when never analysed
     * @param currentPages pages of the main fork now
     * @param totalBytes size with indexes and TOAST now, in bytes; 0 for what has no storage
     * @param options pg_class.reloptions as {@code name=value}
     * @param partitionKey what follows {@code PARTITION BY}; null if it is not a partitioned table
     * @param partitionBound what follows {@code PARTITION OF parent}; null if it is not a partition
     * @param parents oids of the tables or index it inherits from, in order
     * @param accessMethod pg_am.amname; null for what has none
     */
    public record Relation(
            long oid,
            String schema,
            String name,
            String kind,
            String persistence,
            int pages,
            double tuples,
            int allVisiblePages,
            int allFrozenPages,
            long currentPages,
            long totalBytes,
            List<String> options,
            @Nullable String partitionKey,
            @Nullable String partitionBound,
            List<Long> parents,
            @Nullable String accessMethod) {

        public String qualifiedName() {
            return Sql.identifier(schema, name);
        }
    }

    /**
     * A column of a table or view, or of an index (its expressions have columns of their own).
     *
     * @param relation oid of the relation
     * @param number pg_attribute.attnum
     * @param type format_type's text, with the type modifier
     * @param length pg_attribute.attlen: bytes, or -1 for variable length
     * @param generated {@code s} stored, {@code v} virtual, empty for an ordinary column
     * @param identity {@code a} always, {@code d} by default, empty for none
     * @param defaultExpression the default or generation expression
     * @param collation qualified name where it is not the type's own
     * @param setDistinct n_distinct as somebody set it; null where ANALYZE's own number holds
     */
    public record Column(
            long relation,
            int number,
            String name,
            String type,
            int length,
            boolean notNull,
            boolean local,
            String generated,
            String identity,
            @Nullable String defaultExpression,
            @Nullable String collation,
            @Nullable Double setDistinct) {}

    /**
     * A constraint of a table.
     *
     * @param kind pg_constraint.contype
     * @param index oid of the index behind it; 0 for none
     * @param referenced oid of the table a foreign key points to; 0 for none
     * @param columns numbers of the constrained columns
     * @param inherited whether it came from a parent table or partitioned table
     * @param definition pg_get_constraintdef's text
     */
    public record Constraint(
            long relation,
            String name,
            String kind,
            long index,
            long referenced,
            List<Integer> columns,
            List<Integer> referencedColumns,
            boolean inherited,
            boolean validated,
            String definition) {}

    /**
     * An index.
     *
     * @param relation oid of its table
     * @param definition pg_get_indexdef's text
     * @param constraint whether a primary key, unique or exclusion constraint rests on it
     * @param parent oid of the partitioned index it is attached to; 0 for none
     * @param keys numbers of the key columns in order; 0 stands for an expression
     * @param included numbers of the INCLUDE columns
     */
    public record Index(
            long oid,
            long relation,
            String definition,
            boolean valid,
            boolean unique,
            boolean primary,
            boolean constraint,
            boolean replicaIdentity,
            long parent,
            List<Integer> keys,
            List<Integer> included,
            @Nullable String predicate) {}

    /**
     * A view or materialized view.
     *
     * @param definition the query, from pg_get_viewdef
     */
    public record View(String schema, String name, boolean materialized, String definition) {}

    /**
     * A trigger.
     *
     * @param definition the whole statement, from pg_get_triggerdef
     */
    public record Trigger(long relation, String name, String enabled, String definition) {}

    /**
     * An extended statistics object.
     *
     * @param definition the whole statement, from pg_get_statisticsobjdef
     */
    public record StatisticsObject(long oid, String schema, String name, long relation, String definition) {}
}
