package dev.hone.twin;

import dev.hone.postgres.Sql;
import dev.hone.twin.StatisticsImage.Dependencies;
import dev.hone.twin.StatisticsImage.Distinct;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Statistics objects that the source does not have. How its columns hang together only the data says: measured numbers
 * are taken as given, and besides them what is certain. A unique column makes every combination with it unique and
 * determines all others; a constant one adds nothing; and where (a, b) has as many values as a alone, a determines b.
 */
final class HypotheticalStatistics {

    /** A column of the object. */
    private record Key(int number, String name, double distinct, double nullFraction) {}

    private record Target(long oid, long table, String tableName, double tuples, String kinds) {}

    private final Session superuser;
    private final Session owner;

    HypotheticalStatistics(Session superuser, Session owner) {
        this.superuser = superuser;
        this.owner = owner;
    }

    Assumption create(WhatIf.NewStatistics whatIf) throws SQLException {
        if (!owner.command(whatIf.statement()).equals("CREATE STATISTICS")) {
            throw new IllegalArgumentException("that is no CREATE STATISTICS");
        }
        Set<Long> before = objects();
        owner.execute("BEGIN READ WRITE");
        try {
            owner.execute(whatIf.statement());
            owner.execute("COMMIT");
        } finally {
            owner.execute("ROLLBACK");
        }
        Set<Long> created = objects();
        created.removeAll(before);
        if (created.isEmpty()) {
            throw new IllegalArgumentException("there is an object of that name");
        }
        long oid = created.iterator().next();
        try {
            return new Assumption(
                    whatIf,
                    null,
                    fill(target(oid), whatIf.measured()),
                    () -> Assumptions.undo(whatIf, () -> drop(oid)));
        } catch (SQLException | RuntimeException e) {
            drop(oid);
            throw e;
        }
    }

    private void drop(long oid) throws SQLException {
        String name = superuser
                .text(
                        "SELECT format('%I.%I', n.nspname, s.stxname) FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid ="
                                + " s.stxnamespace WHERE s.oid = " + oid)
                .orElseThrow();
        owner.execute("BEGIN READ WRITE; DROP STATISTICS " + name + "; COMMIT");
    }

    private Set<Long> objects() throws SQLException {
        return new HashSet<>(superuser.query("SELECT oid::bigint FROM pg_statistic_ext", row -> row.getLong(1)));
    }

    private Target target(long oid) throws SQLException {
        return superuser
                .query(
                        "SELECT s.stxrelid::bigint, format('%I.%I', n.nspname, c.relname), c.reltuples,"
                                + " array_to_string(s.stxkind, '') || CASE WHEN to_jsonb(s) ->> 'stxexprs' IS NULL THEN ''"
                                + " ELSE 'x' END FROM pg_statistic_ext s JOIN pg_class c ON c.oid = s.stxrelid JOIN"
                                + " pg_namespace n ON n.oid = c.relnamespace WHERE s.oid = " + oid,
                        row -> new Target(
                                oid, row.getLong(1), row.getString(2), Math.max(1, row.getDouble(3)), row.getString(4)))
                .getFirst();
    }

    /** Gives the object what can be known; says what cannot. */
    private List<String> fill(Target target, WhatIf.Measured measured) throws SQLException {
        List<Key> keys = superuser.query(
                "SELECT a.attnum, a.attname, coalesce(t.stadistinct, 0), coalesce(t.stanullfrac, 0) FROM pg_statistic_ext s"
                        + " CROSS JOIN unnest(s.stxkeys::int2[]) k JOIN pg_attribute a ON a.attrelid = s.stxrelid AND"
                        + " a.attnum = k LEFT JOIN pg_statistic t ON t.starelid = a.attrelid AND t.staattnum = a.attnum AND"
                        + " NOT t.stainherit WHERE s.oid = " + target.oid() + " ORDER BY a.attnum",
                row -> new Key(
                        row.getInt(1),
                        row.getString(2),
                        absolute(row.getDouble(3), target.tuples()),
                        row.getDouble(4)));
        requireNamed(measured, keys);
        List<String> notes = new ArrayList<>();
        String columns = String.join(
                ", ", keys.stream().map(key -> Sql.identifier(key.name())).toList());
        Map<Set<Integer>, Double> distinct = new LinkedHashMap<>();
        List<List<Key>> unknown = new ArrayList<>();
        for (List<Key> combination : combinations(keys)) {
            Double known = distinct(combination, measured, target);
            if (known == null) {
                unknown.add(combination);
            } else {
                distinct.put(numbers(combination), known);
            }
        }
        boolean hasDistinct = target.kinds().contains("d") && !target.kinds().contains("x");
        // The planner expects a number for each combination: with one missing, it gets none.
        String distinctImage = hasDistinct && unknown.isEmpty() && keys.size() > 1
                ? StatisticsImage.distinct(distinct.entrySet().stream()
                        .map(entry -> new Distinct(sorted(entry.getKey()), entry.getValue()))
                        .toList())
                : null;
        if (target.kinds().contains("d") && keys.size() > 1 && distinctImage == null) {
            notes.add("How many combinations of " + columns
                    + " there are is not known: SELECT count(*) FROM (SELECT DISTINCT " + columns + " FROM "
                    + target.tableName() + ") d says it on the source.");
        }
        List<Dependencies> dependencies = dependencies(keys, distinct, measured);
        String dependencyImage = target.kinds().contains("f") && !dependencies.isEmpty()
                ? StatisticsImage.dependencies(dependencies)
                : null;
        if (target.kinds().contains("f") && dependencyImage == null) {
            notes.add("Whether one of " + columns + " determines another is not known.");
        }
        if (target.kinds().contains("m")) {
            notes.add("The most common combinations of " + columns
                    + " are not known: only ANALYZE on the source finds them.");
        }
        if (target.kinds().contains("e")) {
            notes.add("Statistics of expressions are not derived here; with an index on the expression they are.");
        }
        if (distinctImage != null || dependencyImage != null) {
            insert(target, distinctImage, dependencyImage);
        }
        return notes;
    }

    private void insert(Target target, @Nullable String distinct, @Nullable String dependencies) throws SQLException {
        List<String> casts = List.of("bytea AS pg_ndistinct", "bytea AS pg_dependencies");
        StringBuilder sql = new StringBuilder("BEGIN");
        casts.forEach(cast -> sql.append("; CREATE CAST (").append(cast).append(") WITHOUT FUNCTION"));
        // Before version 15 there is one row for the table with its children; then one for each.
        sql.append("; DELETE FROM pg_statistic_ext_data WHERE stxoid = ").append(target.oid());
        boolean inheritable = superuser
                .text("SELECT 1 FROM pg_attribute WHERE attrelid = 'pg_statistic_ext_data'::regclass AND attname ="
                        + " 'stxdinherit'")
                .isPresent();
        boolean partitioned = superuser
                .text("SELECT 1 FROM pg_class WHERE relkind = 'p' AND oid = " + target.table())
                .isPresent();
        sql.append("; INSERT INTO pg_statistic_ext_data (stxoid, stxdndistinct, stxddependencies")
                .append(inheritable ? ", stxdinherit" : "")
                .append(") VALUES (")
                .append(target.oid())
                .append(", ")
                .append(bytes(distinct))
                .append("::pg_ndistinct, ")
                .append(bytes(dependencies))
                .append("::pg_dependencies")
                .append(inheritable ? ", " + partitioned : "")
                .append(')');
        casts.forEach(cast -> sql.append("; DROP CAST (").append(cast).append(')'));
        // The relation's cached list of statistics knows which kinds have data.
        sql.append("; UPDATE pg_class SET relname = relname WHERE oid = ").append(target.table());
        try {
            superuser.execute(sql.append("; COMMIT").toString());
        } catch (SQLException e) {
            superuser.execute("ROLLBACK");
            throw e;
        }
    }

    private static String bytes(@Nullable String hex) {
        return hex == null ? "NULL::bytea" : "'\\x" + hex + "'::bytea";
    }

    private static double absolute(double distinct, double tuples) {
        return distinct < 0 ? -distinct * tuples : distinct;
    }

    private static void requireNamed(WhatIf.Measured measured, List<Key> keys) {
        Set<String> names = new HashSet<>(keys.stream().map(Key::name).toList());
        Set<String> asked = new HashSet<>();
        measured.distinct().keySet().forEach(asked::addAll);
        measured.dependencies().keySet().forEach(dependency -> {
            asked.addAll(dependency.columns());
            asked.add(dependency.determined());
        });
        asked.removeAll(names);
        if (!asked.isEmpty()) {
            throw new IllegalArgumentException("the object has no column " + String.join(", ", asked));
        }
    }

    /** All sets of two or more. */
    private static List<List<Key>> combinations(List<Key> keys) {
        List<List<Key>> all = new ArrayList<>();
        for (int bits = 0; bits < 1 << keys.size(); bits++) {
            if (Integer.bitCount(bits) >= 2) {
                List<Key> some = new ArrayList<>();
                for (int i = 0; i < keys.size(); i++) {
                    if ((bits & 1 << i) != 0) {
                        some.add(keys.get(i));
                    }
                }
                all.add(some);
            }
        }
        return all;
    }

    private static @Nullable Double distinct(List<Key> combination, WhatIf.Measured measured, Target target) {
        Set<String> names = new HashSet<>(combination.stream().map(Key::name).toList());
        for (Map.Entry<List<String>, Double> given : measured.distinct().entrySet()) {
            if (names.equals(new HashSet<>(given.getKey()))) {
                return Math.max(1, Math.min(given.getValue(), target.tuples()));
            }
        }
        List<Key> varying = combination.stream()
                .filter(key -> !(key.distinct() == 1 && key.nullFraction() == 0))
                .toList();
        if (varying.stream().anyMatch(key -> unique(key, target.tuples()))) {
            return target.tuples();
        }
        return varying.size() <= 1
                ? Double.valueOf(varying.isEmpty() ? 1 : varying.getFirst().distinct())
                : null;
    }

    private static boolean unique(Key key, double tuples) {
        return key.distinct() >= tuples && key.nullFraction() == 0;
    }

    private static List<Dependencies> dependencies(
            List<Key> keys, Map<Set<Integer>, Double> distinct, WhatIf.Measured measured) {
        Map<String, Integer> numbers = new HashMap<>();
        keys.forEach(key -> numbers.put(key.name(), key.number()));
        Map<List<Integer>, Double> degrees = new LinkedHashMap<>();
        for (Key from : keys) {
            for (Key to : keys) {
                Double both = from.number() == to.number() ? null : distinct.get(numbers(List.of(from, to)));
                if (both != null && from.distinct() > 0 && both <= from.distinct()) {
                    degrees.put(List.of(from.number(), to.number()), 1.0);
                }
            }
        }
        measured.dependencies().forEach((dependency, degree) -> {
            List<Integer> attributes = new ArrayList<>();
            dependency.columns().forEach(column -> attributes.add(numbers.getOrDefault(column, 0)));
            attributes.sort(null);
            attributes.add(numbers.getOrDefault(dependency.determined(), 0));
            degrees.put(attributes, degree);
        });
        return degrees.entrySet().stream()
                .filter(entry -> entry.getValue() > 0)
                .map(entry -> new Dependencies(entry.getKey(), entry.getValue()))
                .toList();
    }

    private static Set<Integer> numbers(List<Key> keys) {
        return new HashSet<>(keys.stream().map(Key::number).toList());
    }

    private static List<Integer> sorted(Set<Integer> numbers) {
        return numbers.stream().sorted().toList();
    }
}
