package dev.hone.change;

import dev.hone.postgres.Sql;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Sets storage parameters of a table: {@code fillfactor}, {@code autovacuum_…}, {@code toast.…}.
 *
 * @param set values by name; empty for none
 * @param reset names of parameters to be taken away; empty for none
 */
public record AlterTable(
        String schema,
        String table,
        @MayBeAbsent Map<String, String> set,
        @MayBeAbsent List<String> reset) implements Change {

    private static final Pattern NAME = Pattern.compile("(toast\\.)?[a-z_]+");
    private static final Pattern VALUE = Pattern.compile("[A-Za-z0-9_.+-]+");

    public AlterTable {
        // They come from files too.
        Objects.requireNonNull(schema, "schema");
        Objects.requireNonNull(table, "table");
        set = Collections.unmodifiableMap(new TreeMap<>(Objects.requireNonNullElse(set, Map.of())));
        reset = List.copyOf(Objects.requireNonNullElse(reset, List.of()));
        if (set.isEmpty() && reset.isEmpty()) {
            throw new IllegalArgumentException("nothing to alter of table " + table);
        }
        set.values().forEach(value -> require(VALUE, value));
        set.keySet().forEach(name -> require(NAME, name));
        reset.forEach(name -> require(NAME, name));
    }

    private static void require(Pattern pattern, String text) {
        if (!pattern.matcher(text).matches()) {
            throw new IllegalArgumentException("not a storage parameter or its value: " + text);
        }
    }

    @Override
    public String title() {
        List<String> what = new ArrayList<>();
        set.forEach((name, value) -> what.add(name + " = " + value));
        reset.forEach(name -> what.add(name + " to its default"));
        return "set " + String.join(", ", what) + " of " + subject();
    }

    @Override
    public String subject() {
        return Sql.identifier(schema, table);
    }

    @Override
    public List<String> sql() {
        return List.of(statement(subject(), set, reset));
    }

    static String statement(String on, Map<String, String> set, List<String> reset) {
        List<String> actions = new ArrayList<>();
        if (!set.isEmpty()) {
            actions.add(set.entrySet().stream()
                    .map(one -> one.getKey() + " = " + one.getValue())
                    .collect(Collectors.joining(", ", "SET (", ")")));
        }
        if (!reset.isEmpty()) {
            actions.add("RESET (" + String.join(", ", reset) + ")");
        }
        return "ALTER TABLE " + on + " " + String.join(", ", actions);
    }

    /** Back to the server's defaults, since what was there before is known to a deployment only. */
    @Override
    public List<String> undoSql() {
        return set.isEmpty() ? List.of() : List.of(statement(subject(), Map.of(), List.copyOf(set.keySet())));
    }

    @Override
    public String byHand() {
        return "Its undo is the server's defaults: note first what is set (reloptions in pg_class).";
    }

    @Override
    public List<Proof> proofs() {
        String wanted = set.entrySet().stream()
                .map(one -> Sql.literal(one.getKey() + "=" + one.getValue()))
                .collect(Collectors.joining(", ", "ARRAY[", "]::text[]"));
        String unwanted = reset.stream().map(Sql::literal).collect(Collectors.joining(", ", "ARRAY[", "]::text[]"));
        return List.of(Proof.inPlace(
                "The table has them",
                "EXISTS (SELECT FROM (SELECT array_agg(CASE WHEN r.oid = c.oid THEN '' ELSE 'toast.' END || o) AS options"
                        + " FROM pg_class c JOIN pg_class r ON r.oid IN (c.oid, c.reltoastrelid), unnest(r.reloptions) o"
                        + " WHERE c.oid = " + Proof.relation(schema, table)
                        + ") AS has WHERE coalesce(has.options, '{}') @> " + wanted
                        + " AND NOT EXISTS (SELECT FROM unnest(has.options) o WHERE split_part(o, '=', 1) = ANY ("
                        + unwanted + ")))"));
    }

    @Override
    public String locks() {
        return "SHARE UPDATE EXCLUSIVE on the table for a moment: reads and writes go on. It rewrites nothing: fillfactor holds"
                + " for pages that are written from then on.";
    }

    @Override
    public Optional<List<Touched>> touched() {
        return Optional.of(List.of(new Touched(schema, table)));
    }
}
