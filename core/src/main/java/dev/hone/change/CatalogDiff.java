package dev.hone.change;

import dev.hone.postgres.Catalog;
import dev.hone.postgres.Sql;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * How the schemas of two Catalogs differ, told by names: oids, sizes and row counts do not matter, nor does Hone's own
 * journal.
 */
public final class CatalogDiff {

    private CatalogDiff() {}

    /** One line a difference, in alphabetical order; empty if the schemas are equal. */
    public static List<String> between(Catalog before, Catalog after) {
        Map<String, String> old = describe(before);
        Map<String, String> now = describe(after);
        TreeSet<String> keys = new TreeSet<>(old.keySet());
        keys.addAll(now.keySet());
        List<String> differences = new ArrayList<>();
        for (String key : keys) {
            String was = old.get(key);
            String is = now.get(key);
            if (was == null) {
                differences.add("added " + key + ": " + is);
            } else if (is == null) {
                differences.add("removed " + key + ": " + was);
            } else if (!was.equals(is)) {
                differences.add("changed " + key + ": " + was + " -> " + is);
            }
        }
        return List.copyOf(differences);
    }

    private static Map<String, String> describe(Catalog catalog) {
        Map<Long, String> names = new HashMap<>();
        Map<Long, Catalog.Relation> relations = new HashMap<>();
        for (Catalog.Relation relation : catalog.relations()) {
            names.put(relation.oid(), relation.qualifiedName());
            relations.put(relation.oid(), relation);
        }
        Map<String, String> all = new TreeMap<>();
        catalog.schemas().forEach(schema -> put(all, schema, "schema " + Sql.identifier(schema), ""));
        catalog.extensions()
                .forEach(one ->
                        put(all, "", "extension " + Sql.identifier(one.name()), one.schema() + " " + one.version()));
        catalog.types()
                .forEach(one -> put(
                        all,
                        one.schema(),
                        "type " + Sql.identifier(one.schema(), one.name()),
                        one.kind() + " " + one.definition()));
        catalog.collations()
                .forEach(one -> put(
                        all, one.schema(), "collation " + Sql.identifier(one.schema(), one.name()), one.toString()));
        catalog.functions()
                .forEach(one -> put(all, one.schema(), "function " + heading(one.definition()), one.definition()));
        catalog.sequences()
                .forEach(one -> put(all, one.schema(), "sequence " + Sql.identifier(one.schema(), one.name()), ""));
        for (Catalog.Relation one : catalog.relations()) {
            put(
                    all,
                    one.schema(),
                    "relation " + one.qualifiedName(),
                    String.join(
                            " | ",
                            one.kind(),
                            one.persistence(),
                            String.valueOf(one.options()),
                            String.valueOf(one.partitionKey()),
                            String.valueOf(one.partitionBound()),
                            String.valueOf(one.parents().stream()
                                    .map(parent -> names.getOrDefault(parent, "?"))
                                    .toList()),
                            String.valueOf(one.accessMethod())));
        }
        for (Catalog.Column one : catalog.columns()) {
            put(
                    all,
                    schemaOf(relations, one.relation()),
                    "column " + names.getOrDefault(one.relation(), "?") + "." + Sql.identifier(one.name()),
                    new Catalog.Column(
                                    0,
                                    one.number(),
                                    one.name(),
                                    one.type(),
                                    one.length(),
                                    one.notNull(),
                                    one.local(),
                                    one.generated(),
                                    one.identity(),
                                    one.defaultExpression(),
                                    one.collation(),
                                    one.setDistinct())
                            .toString());
        }
        for (Catalog.Constraint one : catalog.constraints()) {
            put(
                    all,
                    schemaOf(relations, one.relation()),
                    "constraint " + Sql.identifier(one.name()) + " of " + names.getOrDefault(one.relation(), "?"),
                    String.join(
                            " | ",
                            one.kind(),
                            one.definition(),
                            "inherited " + one.inherited(),
                            "validated " + one.validated(),
                            "index " + names.getOrDefault(one.index(), "none")));
        }
        for (Catalog.Index one : catalog.indexes()) {
            put(
                    all,
                    schemaOf(relations, one.oid()),
                    "index " + names.getOrDefault(one.oid(), "?"),
                    String.join(
                            " | ",
                            one.definition(),
                            "valid " + one.valid(),
                            "primary " + one.primary(),
                            "constraint " + one.constraint(),
                            "replica identity " + one.replicaIdentity(),
                            "attached to " + names.getOrDefault(one.parent(), "none")));
        }
        catalog.views()
                .forEach(one -> put(
                        all,
                        one.schema(),
                        "view " + Sql.identifier(one.schema(), one.name()),
                        "materialized " + one.materialized() + " " + one.definition()));
        for (Catalog.Trigger one : catalog.triggers()) {
            put(
                    all,
                    schemaOf(relations, one.relation()),
                    "trigger " + Sql.identifier(one.name()) + " on " + names.getOrDefault(one.relation(), "?"),
                    one.enabled() + " " + one.definition());
        }
        catalog.statisticsObjects()
                .forEach(one -> put(
                        all, one.schema(), "statistics " + Sql.identifier(one.schema(), one.name()), one.definition()));
        return all;
    }

    private static String schemaOf(Map<Long, Catalog.Relation> relations, long oid) {
        Catalog.Relation relation = relations.get(oid);
        return relation == null ? "" : relation.schema();
    }

    /** The first line names a function with its arguments, which tell overloads apart. */
    private static String heading(String definition) {
        int end = definition.indexOf('\n');
        return end < 0 ? definition : definition.substring(0, end);
    }

    private static void put(Map<String, String> all, String schema, String key, String text) {
        if (!schema.equals(Journal.SCHEMA)) {
            all.put(key, text);
        }
    }
}
