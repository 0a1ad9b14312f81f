package dev.hone.advise;

import dev.hone.change.CreateIndex;
import dev.hone.postgres.Sql;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An index that might help.
 *
 * @param method access method, such as {@code btree}
 * @param keys as the statement writes them, with operator class and {@code DESC} where it matters
 * @param include names of columns carried along, unquoted
 * @param predicate condition of a partial index; null for a full one
 * @param sampled true if the condition comes from sampled parameters, not from a statement's text
 * @param extension whose operator class it needs; null for none
 */
record Candidate(
        Schema.Table table,
        String method,
        List<String> keys,
        List<String> include,
        @Nullable String predicate,
        boolean sampled,
        @Nullable String extension) {

    static final String BTREE = "btree";

    private static final Pattern OPERATOR_CLASS = Pattern.compile(" \\S+ \\. (\\S+_ops)$");

    Candidate {
        keys = List.copyOf(keys);
        include = List.copyOf(include);
    }

    /** A btree. */
    Candidate(
            Schema.Table table, List<String> keys, List<String> include, @Nullable String predicate, boolean sampled) {
        this(table, BTREE, keys, include, predicate, sampled, null);
    }

    /** The same index on another table. */
    Candidate on(Schema.Table other) {
        return new Candidate(other, method, keys, include, predicate, sampled, extension);
    }

    CreateIndex index(String name) {
        return index(name, List.of());
    }

    CreateIndex index(String name, List<CreateIndex.Partition> partitions) {
        return new CreateIndex(
                table.name().schema(),
                table.name().table(),
                name,
                false,
                method,
                keys,
                include.stream().map(Sql::identifier).toList(),
                predicate,
                partitions);
    }

    /** What tells it from other candidates. */
    String identity() {
        return table.relation().qualifiedName() + method + keys + include + predicate;
    }

    /** Names of the columns whose change makes a new entry necessary. */
    Set<String> columns() {
        Set<String> names = new LinkedHashSet<>(include);
        for (String column : table.columns().keySet()) {
            String quoted = Sql.identifier(column);
            if (keys.stream().anyMatch(key -> key.contains(quoted))
                    || (predicate != null && predicate.contains(quoted))) {
                names.add(column);
            }
        }
        return names;
    }

    /**
     * How many of the leading keys the other index has in another order, if that is all that tells them apart; else 0.
     */
    int reorderedKeys(Candidate other) {
        if (!table.name().equals(other.table.name())
                || !isBtree()
                || !other.isBtree()
                || !include.equals(other.include)
                || !Objects.equals(predicate, other.predicate)
                || keys.size() != other.keys.size()
                || !Set.copyOf(keys).equals(Set.copyOf(other.keys))) {
            return 0;
        }
        int leading = keys.size();
        while (leading > 0 && keys.get(leading - 1).equals(other.keys.get(leading - 1))) {
            leading--;
        }
        return leading;
    }

    /**
     * The indexes that could do the work of both: the keys of one before what the other has besides, and those that
     * both have before the rest.
     *
     * @param width the most keys
     */
    List<Candidate> merged(Candidate other, int width) {
        if (!table.name().equals(other.table.name())
                || !isBtree()
                || !other.isBtree()
                || !Objects.equals(predicate, other.predicate)) {
            return List.of();
        }
        List<String> common = new ArrayList<>(keys);
        common.retainAll(other.keys);
        Set<List<String>> orders = new LinkedHashSet<>();
        for (List<List<String>> parts : List.of(
                List.of(keys, other.keys),
                List.of(other.keys, keys),
                List.of(common, keys, other.keys),
                List.of(common, other.keys, keys))) {
            Set<String> order = new LinkedHashSet<>();
            parts.forEach(order::addAll);
            if (order.size() <= width) {
                orders.add(List.copyOf(order));
            }
        }
        Set<List<String>> included = new LinkedHashSet<>(List.of(include, other.include));
        List<Candidate> all = new ArrayList<>();
        for (List<String> order : orders) {
            Set<String> both = new LinkedHashSet<>(include);
            both.addAll(other.include);
            included.add(List.copyOf(both));
            for (List<String> carried : included) {
                List<String> beside = carried.stream()
                        .filter(name -> !order.contains(Sql.identifier(name)))
                        .toList();
                all.add(new Candidate(table, order, beside, predicate, sampled && other.sampled));
            }
        }
        return all;
    }

    /** True if an index of the source already does all that this one would. */
    boolean isServed() {
        for (Schema.Existing existing : table.indexes()) {
            String condition = existing.index().predicate();
            boolean sameRows = condition == null
                    || (predicate != null && Deparsed.canonical(condition).equals(Deparsed.canonical(predicate)));
            if (sameRows && isServedBy(existing)) {
                return true;
            }
        }
        return false;
    }

    private boolean isServedBy(Schema.Existing existing) {
        return switch (method) {
            case BTREE -> startsWith(existing) && carries(existing);
            // A btree does what they do, if larger.
            case "hash", "brin" ->
                (existing.method().equals(BTREE) || existing.method().equals(method))
                        && !existing.methodKeys().isEmpty()
                        && existing.methodKeys().getFirst().equals(Deparsed.canonical(keys.getFirst()));
            default ->
                existing.method().equals(method)
                        && keys.stream()
                                .map(Candidate::withoutSchema)
                                .allMatch(key -> existing.methodKeys().stream()
                                        .map(Candidate::withoutSchema)
                                        .anyMatch(held -> held.equals(key)
                                                // The default operator class of jsonb does all that this one can.
                                                || key.equals(held + " jsonb_path_ops")));
        };
    }

    private boolean isBtree() {
        return method.equals(BTREE);
    }

    /** A key in canonical form, with the bare name of its operator class. */
    private static String withoutSchema(String key) {
        return OPERATOR_CLASS.matcher(Deparsed.canonical(key)).replaceFirst(" $1");
    }

    private boolean startsWith(Schema.Existing existing) {
        List<String> wanted = keys.stream().map(Deparsed::canonical).toList();
        if (existing.index().unique()
                && existing.index().predicate() == null
                && !existing.keys().isEmpty()
                && wanted.size() >= existing.keys().size()
                && wanted.subList(0, existing.keys().size()).equals(existing.keys())) {
            // One row per key is all there is: nothing can be narrower.
            return true;
        }
        return existing.keys().size() >= wanted.size()
                && existing.keys().subList(0, wanted.size()).equals(wanted);
    }

    private boolean carries(Schema.Existing existing) {
        List<String> held = new ArrayList<>();
        existing.index().keys().forEach(number -> held.add(String.valueOf(table.columnName(number))));
        existing.index().included().forEach(number -> held.add(String.valueOf(table.columnName(number))));
        return held.containsAll(include);
    }
}
