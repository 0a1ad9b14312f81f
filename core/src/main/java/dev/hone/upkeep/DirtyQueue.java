package dev.hone.upkeep;

import dev.hone.HoneException;
import dev.hone.change.Change;
import dev.hone.change.RunSql;
import dev.hone.postgres.Sql;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Triggers that notice changes of the columns that matter, a queue that they append to, and the function that brings up
 * to date what is derived. The triggers fire once a statement and compare the rows before and after by the primary key, and
 * one that changes nothing of significance appends nothing but its time; or updates fire them for each row that matters. The queue is only ever appended to: a
 * unique key on it would make writers wait for each other. Needs {@code hone install}.
 *
 * @param name beginning of the objects' names, unquoted; also the name in {@code refresh_target}, with the schema before
 *     it
 * @param significant unquoted columns whose change matters; the keys of a {@link Derived.Batch} always do
 */
public record DirtyQueue(
        String name, TableShape table, List<String> significant, Derived derived, Pace pace, Firing firing) {

    /** What a worker listens to. */
    public static final String CHANNEL = "hone_refresh";

    public DirtyQueue {
        significant = List.copyOf(significant);
        if (name.isEmpty()) {
            throw HoneException.usage("The name is empty", "Nothing was changed. Give a name.");
        }
        if (significant.isEmpty()) {
            throw HoneException.usage(
                    "No column of " + table.qualifiedName() + " is said to matter",
                    "Nothing was changed. Name the columns whose change matters.");
        }
        if (table.primaryKey().isEmpty()) {
            throw HoneException.usage(
                    "Table " + table.qualifiedName() + " has no primary key: rows before and after cannot be matched",
                    "Nothing was changed. Give it one.");
        }
        if (firing == Firing.ROW && table.partitioned()) {
            throw HoneException.usage(
                    "Table " + table.qualifiedName()
                            + " is partitioned: a row that moves to another partition is no update"
                            + " to a trigger for each row",
                    "Nothing was changed. Let the triggers fire once a statement.");
        }
        significant.forEach(table::column);
        keys(derived).forEach(table::column);
    }

    /** With triggers that fire once a statement. */
    public DirtyQueue(String name, TableShape table, List<String> significant, Derived derived, Pace pace) {
        this(name, table, significant, derived, pace, Firing.STATEMENT);
    }

    private static List<String> keys(Derived derived) {
        return switch (derived) {
            case Derived.View view -> List.of();
            case Derived.Batch batch -> batch.keys();
        };
    }

    /** Its name in {@code refresh_target}. */
    public String target() {
        return table.schema() + "." + name;
    }

    private String queue() {
        return TableShape.named(name, "_dirty");
    }

    private String queueName() {
        return Sql.identifier(table.schema(), queue());
    }

    private String refresh() {
        return TableShape.named(name, "_refresh");
    }

    private Registration registration() {
        String runs = switch (derived) {
            // What refreshes the view runs with the rights of the view's owner and under PostgreSQL's own restrictions.
            case Derived.View view -> taken();
            case Derived.Batch batch -> statement(batch);
        };
        return new Registration(target(), table.schema(), refresh(), queue(), pace, List.of(runs), List.of());
    }

    /** The changes that make it, in order; each with its undo. */
    public List<Change> changes() {
        Triggers triggers = triggers();
        List<String> sql = new ArrayList<>();
        if (derived instanceof Derived.Batch batch) {
            // Fails here, and not in somebody's write, where a key has no equality.
            sql.add("SELECT DISTINCT " + list("", batch.keys()) + " FROM " + table.qualifiedName() + " WHERE false");
        }
        sql.add("CREATE TABLE " + queueName() + " ("
                + keys(derived).stream()
                        .map(key -> Sql.identifier("k_" + number(key)) + " "
                                + table.column(key).type() + ", ")
                        .collect(Collectors.joining())
                + "at timestamptz NOT NULL DEFAULT clock_timestamp(), spent_ms real)"
                + Registration.queueOptions());
        sql.add("COMMENT ON TABLE " + queueName() + " IS "
                + Sql.literal("hone: what changed in " + table.qualifiedName() + " and waits for " + refresh()
                        + "; rows with spent_ms say how long a trigger took"));
        sql.addAll(triggers.functions());
        sql.add(refreshFunction());
        sql.add("REVOKE ALL ON FUNCTION " + refreshName() + " FROM PUBLIC");
        sql.add(table.given("TABLE " + queueName()));
        sql.add(table.given("FUNCTION " + refreshName()));
        List<String> undo = new ArrayList<>();
        undo.add("DROP FUNCTION IF EXISTS " + refreshName());
        undo.addAll(triggers.dropFunctions());
        undo.add("DROP TABLE IF EXISTS " + queueName());

        List<Change> changes = new ArrayList<>();
        changes.add(new RunSql("create queue and functions of " + target(), sql, undo, true));
        changes.addAll(triggers.triggers());
        changes.add(new RunSql(
                "register " + target(),
                List.of(registration().insert(), everything()),
                List.of(registration().delete()),
                true));
        return changes;
    }

    private String refreshName() {
        return Sql.identifier(table.schema(), refresh()) + "(integer)";
    }

    private int number(String key) {
        return keys(derived).indexOf(key) + 1;
    }

    private String keyColumns() {
        return keys(derived).stream()
                .map(key -> Sql.identifier("k_" + number(key)))
                .collect(Collectors.joining(", "));
    }

    /** Queues all there is, since nobody knows how far what is derived has fallen behind. */
    private String everything() {
        return switch (derived) {
            case Derived.View view -> "INSERT INTO " + queueName() + " (at) VALUES (clock_timestamp())";
            case Derived.Batch batch ->
                "INSERT INTO " + queueName() + " (" + keyColumns() + ") SELECT DISTINCT " + list("", batch.keys())
                        + " FROM " + table.qualifiedName();
        };
    }

    private static String list(String from, List<String> columns) {
        return columns.stream().map(column -> from + Sql.identifier(column)).collect(Collectors.joining(", "));
    }

    private Triggers triggers() {
        return new Triggers(
                table,
                TableShape.named(name, "_dirty"),
                queueName(),
                append("new_rows"),
                firing == Firing.ROW ? changedRow() : null,
                firing == Firing.ROW ? appendRow() : appendChanged(),
                append("old_rows"),
                append(Triggers.EMPTIED),
                notification());
    }

    private String append(String rows) {
        return switch (derived) {
            case Derived.View view ->
                "INSERT INTO " + queueName() + " (at) SELECT clock_timestamp() WHERE EXISTS (SELECT FROM " + rows + ")";
            case Derived.Batch batch ->
                "INSERT INTO " + queueName() + " (" + keyColumns() + ")\nSELECT DISTINCT " + list("", batch.keys())
                        + "\nFROM " + rows;
        };
    }

    private String appendChanged() {
        // A row whose primary key was updated is one that went and one that came.
        String first = Sql.identifier(table.primaryKey().getFirst());
        String pairs = "FROM old_rows o FULL JOIN new_rows n ON "
                + table.primaryKey().stream()
                        .map(column -> value("o.", column) + " = " + value("n.", column))
                        .collect(Collectors.joining(" AND "));
        Set<String> matter = new LinkedHashSet<>(significant);
        matter.addAll(keys(derived));
        matter.removeAll(table.primaryKey());
        String changed = "(o." + first + " IS NULL OR n." + first + " IS NULL"
                + matter.stream()
                        .map(column -> "\n   OR " + value("o.", column) + " IS DISTINCT FROM " + value("n.", column))
                        .collect(Collectors.joining())
                + ")";
        return switch (derived) {
            case Derived.View view ->
                "INSERT INTO " + queueName() + " (at) SELECT clock_timestamp() WHERE EXISTS (\nSELECT " + pairs
                        + "\nWHERE " + changed + ")";
            // Pairs of keys first, each once: far fewer than rows.
            case Derived.Batch batch ->
                "INSERT INTO " + queueName() + " (" + keyColumns()
                        + ")\nWITH changed AS MATERIALIZED (\nSELECT DISTINCT o."
                        + first + " IS NOT NULL AS was, n." + first + " IS NOT NULL AS came, "
                        + renamed("o.", batch.keys(), "o_") + ", " + renamed("n.", batch.keys(), "n_") + "\n" + pairs
                        + "\nWHERE " + changed + ")\nSELECT " + numbered("o_", batch.keys())
                        + " FROM changed WHERE was\nUNION SELECT " + numbered("n_", batch.keys())
                        + " FROM changed WHERE came";
        };
    }

    /** Whether a row changed in what matters: its primary key, which is what it is, too. */
    private String changedRow() {
        Set<String> matter = new LinkedHashSet<>(significant);
        matter.addAll(keys(derived));
        matter.addAll(table.primaryKey());
        return differ(List.copyOf(matter));
    }

    private String differ(List<String> columns) {
        return columns.stream()
                .map(column -> value("OLD.", column) + " IS DISTINCT FROM " + value("NEW.", column))
                .collect(Collectors.joining(" OR "));
    }

    private String appendRow() {
        return switch (derived) {
            case Derived.View view -> "INSERT INTO " + queueName() + " (at) VALUES (clock_timestamp())";
            case Derived.Batch batch -> {
                String into = "INSERT INTO " + queueName() + " (" + keyColumns() + ") VALUES (";
                yield "IF " + differ(batch.keys()) + " THEN\n    " + into + list("OLD.", batch.keys()) + ");\nEND IF;\n"
                        + into + list("NEW.", batch.keys()) + ")";
            }
        };
    }

    private static String renamed(String from, List<String> columns, String prefix) {
        return IntStream.range(0, columns.size())
                .mapToObj(i -> from + Sql.identifier(columns.get(i)) + " AS " + prefix + (i + 1))
                .collect(Collectors.joining(", "));
    }

    private static String numbered(String prefix, List<String> columns) {
        return IntStream.rangeClosed(1, columns.size())
                .mapToObj(i -> prefix + i)
                .collect(Collectors.joining(", "));
    }

    /** The column, as something that pg_catalog's own operators compare. */
    private String value(String from, String column) {
        String name = from + Sql.identifier(column);
        return table.column(column).comparable() ? name : name + "::text";
    }

    /** A session tells the worker at most once a second: notifications make committing sessions wait for each other. */
    private String notification() {
        String setting = Sql.literal("hone.notified_" + Integer.toHexString(target().hashCode()));
        return """
                    IF hone.appended > 0 AND coalesce(nullif(current_setting(%1$s, true), '')::numeric, 0)
                       NOT BETWEEN extract(epoch FROM clock_timestamp())::numeric - 1 AND extract(epoch FROM clock_timestamp())::numeric THEN
                        PERFORM set_config(%1$s, extract(epoch FROM clock_timestamp())::text, false),
                                pg_notify('%2$s', %3$s);
                    END IF;
                """.formatted(setting, CHANNEL, Sql.literal(target()));
    }

    private String statement(Derived.Batch batch) {
        return batch.after(
                """
                %1$s,
                dirty (%2$s) AS (SELECT DISTINCT %3$s FROM gone)""".formatted(Registration.taken(target(), queueName()), list("", batch.keys()), keyColumns()));
    }

    /** Takes all changes, and counts them. */
    private String taken() {
        return """
                WITH gone AS (DELETE FROM %1$s RETURNING at, spent_ms),
                %2$s
                SELECT count(*) FROM gone WHERE spent_ms IS NULL""".formatted(queueName(), Registration.notedTimes(target(), "gone"));
    }

    private String refreshFunction() {
        String body = switch (derived) {
            // Taken from the queue in a statement before, and so in an earlier snapshot, than the one that reads the
            // tables.
            case Derived.View view ->
                """
                    %1$s INTO done;
                    -- Times alone change nothing.
                    IF done > 0 THEN
                        %2$s
                    END IF;
                """.formatted(taken(), view.refreshSql().indent(8).strip());
            // Taken and acted on in one statement, and so in one snapshot.
            // A comment may be its end.
            case Derived.Batch batch -> "    " + statement(batch) + "\n    ;\n    GET DIAGNOSTICS done = ROW_COUNT;\n";
        };
        return """
                CREATE FUNCTION %s RETURNS bigint
                LANGUAGE plpgsql VOLATILE
                SET search_path = pg_catalog, %s, pg_temp
                AS %s""".formatted(
                        Sql.identifier(table.schema(), refresh()) + "(batch_rows integer)",
                        Sql.identifier(table.schema()),
                        Triggers.body("\n#variable_conflict use_column\nDECLARE\n    done bigint;\nBEGIN\n" + body
                                + "    RETURN done;\nEND\n"));
    }
}
