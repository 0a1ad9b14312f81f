package dev.hone.twin;

import dev.hone.postgres.Catalog;
import dev.hone.postgres.Catalog.Column;
import dev.hone.postgres.Catalog.Constraint;
import dev.hone.postgres.Catalog.Index;
import dev.hone.postgres.Catalog.Relation;
import dev.hone.postgres.Sql;
import dev.hone.twin.Session.Step;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Rebuilds the objects of a Catalog, empty. What cannot be rebuilt is an Omission; what hangs on it then is one too.
 */
final class SchemaBuilder {

    /** A type's name, without its modifier, and how many dimensions its arrays have. */
    private static final Pattern TYPE =
            Pattern.compile("((?:\"(?:[^\"]|\"\")*\"|[^\"(\\[])+)(?:\\([^\"]*\\))?((?:\\[\\])*)");

    private final Catalog catalog;
    private final Session superuser;
    private final Session owner;
    private final Consumer<Omission> omissions;
    private final Map<Long, Relation> relations;
    private final Map<Long, List<Column>> columns;

    SchemaBuilder(Catalog catalog, Session superuser, Session owner, Consumer<Omission> omissions) {
        this.catalog = catalog;
        this.superuser = superuser;
        this.owner = owner;
        this.omissions = omissions;
        relations = catalog.relations().stream()
                .collect(Collectors.toMap(Relation::oid, r -> r, (first, second) -> first, LinkedHashMap::new));
        columns = catalog.columns().stream().collect(Collectors.groupingBy(Column::relation));
    }

    void build() throws SQLException {
        namespaces();
        owner.execute("BEGIN");
        rest(tables());
        owner.execute("COMMIT");
    }

    /** Schemas, types, functions and tables; gives what still lacks something. To be followed by {@link #finish}. */
    List<Step> begin() throws SQLException {
        namespaces();
        owner.execute("BEGIN");
        List<Step> pending = tables();
        owner.execute("COMMIT");
        return pending;
    }

    /** Keys, indexes and all that rests on tables. */
    void finish(List<Step> pending) throws SQLException {
        owner.execute("BEGIN");
        rest(pending);
        owner.execute("COMMIT");
    }

    private List<Step> tables() throws SQLException {
        owner.execute("SET check_function_bodies = off; SET search_path = pg_catalog; SET client_min_messages = error");
        collations();
        List<Step> early = new ArrayList<>(types());
        early.addAll(functions());
        return tables(untilStable(early).keySet().stream().toList());
    }

    private void rest(List<Step> pending) throws SQLException {
        List<Step> late = new ArrayList<>(keysAndChecks());
        late.addAll(indexes());
        late.addAll(attachments());
        late.addAll(foreignKeys());
        all(late);
        List<Step> views = new ArrayList<>(pending);
        views.addAll(views());
        untilStable(views).forEach(this::omit);
        all(statisticsObjects());
    }

    private void namespaces() throws SQLException {
        List<Step> steps = new ArrayList<>();
        for (String schema : catalog.schemas()) {
            steps.add(new Step(
                    "schema " + Sql.identifier(schema),
                    schema.equals("public")
                            ? "SELECT 1"
                            : "CREATE SCHEMA " + Sql.identifier(schema) + " AUTHORIZATION " + TwinServer.ROLE));
        }
        for (Catalog.Extension extension : catalog.extensions()) {
            steps.add(new Step(
                    "extension " + Sql.identifier(extension.name()),
                    "CREATE EXTENSION IF NOT EXISTS " + Sql.identifier(extension.name()) + " SCHEMA "
                            + Sql.identifier(extension.schema()) + " CASCADE"));
        }
        superuser.execute("BEGIN");
        superuser.attempt(steps, this::omit);
        superuser.execute("COMMIT");
    }

    private void collations() throws SQLException {
        all(catalog.collations().stream()
                .map(c -> new Step(
                        "collation " + Sql.identifier(c.schema(), c.name()),
                        "CREATE COLLATION " + Sql.identifier(c.schema(), c.name()) + " (" + collation(c) + ")"))
                .toList());
    }

    private static String collation(Catalog.Collation collation) {
        String locale = collation.locale() == null ? "C" : collation.locale();
        return switch (collation.provider()) {
            case "i" ->
                "PROVIDER = icu, LOCALE = " + Sql.literal(locale) + ", DETERMINISTIC = " + collation.deterministic();
            case "b" -> "PROVIDER = builtin, LOCALE = " + Sql.literal(locale);
            default ->
                // The libc of the source knows locales that this machine need not have; ICU has them all.
                Set.of("C", "POSIX", "C.UTF-8", "C.utf8").contains(locale)
                        ? "PROVIDER = libc, LOCALE = 'C'"
                        : "PROVIDER = icu, LOCALE = "
                                + Sql.literal(locale.replaceFirst("[.@].*", "").replace('_', '-'));
        };
    }

    private List<Step> types() {
        return catalog.types().stream()
                .map(t -> {
                    String name = Sql.identifier(t.schema(), t.name());
                    return new Step(
                            "type " + name,
                            "CREATE " + (t.kind().equals("d") ? "DOMAIN " : "TYPE ") + name + " " + t.definition());
                })
                .toList();
    }

    private List<Step> functions() {
        return catalog.functions().stream()
                .map(f -> new Step("function " + Sql.identifier(f.schema(), f.name()), f.definition()))
                .toList();
    }

    /** Creates sequences and tables, and again what needed a table; gives what still does not work. */
    private List<Step> tables(List<Step> pending) throws SQLException {
        all(catalog.sequences().stream()
                .map(s -> new Step(
                        "sequence " + Sql.identifier(s.schema(), s.name()),
                        "CREATE SEQUENCE " + Sql.identifier(s.schema(), s.name())))
                .toList());
        Map<Step, Relation> byStep = new HashMap<>();
        List<Step> steps = new ArrayList<>();
        for (Relation table : parentsFirst()) {
            Step step = new Step(describe(table), createTable(table, Column::type, true), of(table));
            byStep.put(step, table);
            steps.add(step);
        }
        Map<Step, String> failed = untilStable(steps);
        List<Step> left = new ArrayList<>(untilStable(pending).keySet());
        failed = untilStable(List.copyOf(failed.keySet()));
        if (!failed.isEmpty()) {
            List<Relation> poor = failed.keySet().stream()
                    .map(byStep::get)
                    .filter(Objects::nonNull)
                    .toList();
            Map<String, String> standIns = standIns(poor);
            Map<Step, Relation> poorer = new LinkedHashMap<>();
            for (Relation table : poor) {
                poorer.put(
                        new Step(
                                describe(table),
                                createTable(table, column -> standIns.getOrDefault(column.type(), column.type()), true),
                                of(table)),
                        table);
            }
            List<Step> poorest = new ArrayList<>();
            untilStable(List.copyOf(poorer.keySet())).forEach((step, reason) -> {
                Relation table = Objects.requireNonNull(poorer.get(step));
                poorest.add(new Step(
                        step.object(),
                        createTable(table, column -> standIns.getOrDefault(column.type(), column.type()), false),
                        step.relations()));
            });
            untilStable(poorest).forEach(this::omit);
            left = new ArrayList<>(untilStable(left).keySet());
        }
        return left;
    }

    /**
     * Stand-ins for types that the twin lacks, as those of an extension which does not come with Hone: domains over
     * text of the same name, so that tables keep their columns, functions and views that name the type can be had, and
     * statistics have somewhere to go.
     *
     * @return by the type as the source writes it, with its modifier
     */
    private Map<String, String> standIns(List<Relation> tables) throws SQLException {
        Map<String, String> standIns = new LinkedHashMap<>();
        Map<String, Set<String>> users = new LinkedHashMap<>();
        for (Relation table : tables) {
            for (Column column : columns.getOrDefault(table.oid(), List.of())) {
                Matcher type = TYPE.matcher(column.type());
                if (!type.matches() || (isType(column.type()) && !users.containsKey(type.group(1)))) {
                    continue;
                }
                String name = type.group(1);
                if (users.containsKey(name) || standIn(name)) {
                    standIns.put(column.type(), name + type.group(2));
                    users.computeIfAbsent(name, any -> new LinkedHashSet<>()).add(table.qualifiedName());
                }
            }
        }
        users.forEach((type, of) -> omissions.accept(new Omission(
                "type " + type,
                "not in the twin; columns of it are treated as text, and its functions, operators and indexes are"
                        + " missing",
                List.copyOf(of))));
        return standIns;
    }

    private boolean isType(String name) throws SQLException {
        return owner.text("SELECT to_regtype(" + Sql.literal(name) + ")::text").isPresent();
    }

    private boolean standIn(String name) throws SQLException {
        List<String> parts =
                owner.query("SELECT unnest(parse_ident(" + Sql.literal(name) + "))", row -> row.getString(1));
        String schema =
                parts.size() == 2 ? "CREATE SCHEMA IF NOT EXISTS " + Sql.identifier(parts.getFirst()) + "; " : "";
        return owner.attempt(
                new Step("type " + name, schema + "CREATE DOMAIN " + name + " AS text"), (step, reason) -> {});
    }

    private static List<String> of(Relation table) {
        return List.of(table.qualifiedName());
    }

    private List<Relation> parentsFirst() {
        Set<Relation> ordered = new LinkedHashSet<>();
        Set<Long> visiting = new HashSet<>();
        for (Relation relation : relations.values()) {
            visit(relation, visiting, ordered);
        }
        return List.copyOf(ordered);
    }

    private void visit(Relation relation, Set<Long> visiting, Set<Relation> ordered) {
        if (!Set.of("r", "p", "m", "f").contains(relation.kind()) || !visiting.add(relation.oid())) {
            return;
        }
        for (long parent : relation.parents()) {
            Relation above = relations.get(parent);
            if (above != null) {
                visit(above, visiting, ordered);
            }
        }
        ordered.add(relation);
    }

    private String createTable(Relation table, Function<Column, String> type, boolean generated) {
        StringBuilder sql = new StringBuilder("CREATE TABLE ").append(table.qualifiedName());
        List<String> parents = table.parents().stream()
                .map(relations::get)
                .filter(Objects::nonNull)
                .map(Relation::qualifiedName)
                .toList();
        if (table.partitionBound() != null && !parents.isEmpty()) {
            sql.append(" PARTITION OF ").append(parents.getFirst()).append(' ').append(table.partitionBound());
        } else {
            sql.append(columns.getOrDefault(table.oid(), List.of()).stream()
                    .filter(column -> parents.isEmpty() || column.local())
                    .map(column -> define(column, type.apply(column), generated))
                    .collect(Collectors.joining(", ", " (", ")")));
            if (!parents.isEmpty()) {
                sql.append(" INHERITS (").append(String.join(", ", parents)).append(')');
            }
        }
        if (table.partitionKey() != null) {
            sql.append(" PARTITION BY ").append(table.partitionKey());
        }
        String options = table.options().stream()
                .filter(option -> option.matches("(parallel_workers|fillfactor)=\\d+"))
                .collect(Collectors.joining(", "));
        if (!options.isEmpty() && Set.of("r", "m").contains(table.kind())) {
            sql.append(" WITH (").append(options).append(')');
        }
        if (table.partitionBound() != null) {
            // A partition may be stricter than its parent.
            columns.getOrDefault(table.oid(), List.of()).stream()
                    .filter(Column::notNull)
                    .forEach(column -> sql.append("; ALTER TABLE ")
                            .append(table.qualifiedName())
                            .append(" ALTER COLUMN ")
                            .append(Sql.identifier(column.name()))
                            .append(" SET NOT NULL"));
        }
        return sql.toString();
    }

    /** Defaults and identity do not matter to the planner. */
    private static String define(Column column, String type, boolean generated) {
        StringBuilder sql =
                new StringBuilder(Sql.identifier(column.name())).append(' ').append(type);
        if (column.collation() != null) {
            sql.append(" COLLATE ").append(column.collation());
        }
        boolean known = type.equals(column.type());
        if (generated && known && !column.generated().isEmpty() && column.defaultExpression() != null) {
            sql.append(" GENERATED ALWAYS AS (")
                    .append(column.defaultExpression())
                    .append(column.generated().equals("v") ? ") VIRTUAL" : ") STORED");
        }
        return sql.append(column.notNull() ? " NOT NULL" : "").toString();
    }

    private List<Step> keysAndChecks() {
        return constraints(k -> !k.kind().equals("f") && !(k.kind().equals("c") && k.inherited()));
    }

    private List<Step> foreignKeys() {
        return constraints(k -> k.kind().equals("f") && !k.inherited());
    }

    private List<Step> constraints(Predicate<Constraint> which) {
        List<Step> steps = new ArrayList<>();
        for (Constraint constraint : catalog.constraints()) {
            Relation table = relations.get(constraint.relation());
            if (table == null || !which.test(constraint)) {
                continue;
            }
            // Each partition's key is created alone and then attached, so that it keeps its name.
            boolean alone = table.kind().equals("p") && Set.of("p", "u", "x").contains(constraint.kind());
            steps.add(new Step(
                    "constraint " + Sql.identifier(constraint.name()) + " of " + table.qualifiedName(),
                    "ALTER TABLE " + (alone ? "ONLY " : "") + table.qualifiedName() + " ADD CONSTRAINT "
                            + Sql.identifier(constraint.name()) + " " + constraint.definition(),
                    of(table)));
        }
        return steps;
    }

    private List<Step> indexes() {
        List<Step> steps = new ArrayList<>();
        usableIndexes((index, relation) -> {
            if (!index.constraint()) {
                Relation table = relations.get(index.relation());
                steps.add(new Step(describe(relation), index.definition(), table == null ? List.of() : of(table)));
            }
        });
        return steps;
    }

    private List<Step> attachments() {
        List<Step> steps = new ArrayList<>();
        usableIndexes((index, relation) -> {
            Relation parent = relations.get(index.parent());
            if (parent != null) {
                steps.add(new Step(
                        "place of " + describe(relation),
                        "ALTER INDEX " + parent.qualifiedName() + " ATTACH PARTITION " + relation.qualifiedName()));
            }
        });
        return steps;
    }

    /** An index that is not valid serves no query of the source either. */
    private void usableIndexes(BiConsumer<Index, Relation> action) {
        for (Index index : catalog.indexes()) {
            Relation relation = relations.get(index.oid());
            if (relation != null && (index.valid() || relation.kind().equals("I"))) {
                action.accept(index, relation);
            }
        }
    }

    private List<Step> views() {
        return catalog.views().stream()
                .filter(view -> !view.materialized())
                .map(view -> new Step(
                        "view " + Sql.identifier(view.schema(), view.name()),
                        "CREATE VIEW " + Sql.identifier(view.schema(), view.name()) + " AS " + view.definition()))
                .toList();
    }

    private List<Step> statisticsObjects() {
        return catalog.statisticsObjects().stream()
                .map(s -> {
                    Relation table = relations.get(s.relation());
                    return new Step(
                            "statistics " + Sql.identifier(s.schema(), s.name()),
                            s.definition(),
                            table == null ? List.of() : of(table));
                })
                .toList();
    }

    private void all(List<Step> steps) throws SQLException {
        owner.attempt(steps, this::omit);
    }

    /** Tries what failed again for as long as that helps: one object may need another that comes later. */
    private Map<Step, String> untilStable(List<Step> steps) throws SQLException {
        List<Step> left = steps;
        while (true) {
            Map<Step, String> failed = new LinkedHashMap<>();
            owner.attempt(left, failed::put);
            if (failed.isEmpty() || failed.size() == left.size()) {
                return failed;
            }
            left = List.copyOf(failed.keySet());
        }
    }

    private void omit(Step step, String reason) {
        omissions.accept(new Omission(step.object(), reason, step.relations()));
    }

    private static String describe(Relation relation) {
        String kind = switch (relation.kind()) {
            case "i", "I" -> "index";
            case "m" -> "materialized view";
            case "f" -> "foreign table";
            default -> "table";
        };
        return kind.toLowerCase(Locale.ROOT) + " " + relation.qualifiedName();
    }
}
