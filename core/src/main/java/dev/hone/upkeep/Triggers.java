package dev.hone.upkeep;

import dev.hone.change.Change;
import dev.hone.change.CreateTrigger;
import dev.hone.postgres.Sql;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The four trigger functions of a table, and their triggers: one for each event, since transition tables are had for one
 * event only; that for updates may fire for single rows instead. They run with the rights of the table's owner, so that who writes to the table needs none on the queue; nobody may
 * call them or hang them on another table. Each appends to the queue, and how long it took. The planner knows nothing of
 * transition tables: it would compile a join of a few rows, and sort one of many on disk.
 *
 * @param name beginning of the functions' and triggers' names
 * @param queue qualified and quoted
 * @param onInsert the statement that appends what a statement inserted, from {@code new_rows}
 * @param updatedRow the condition under which the trigger for updates fires for a row, on {@code OLD} and {@code NEW}; null
 *     for one that fires once a statement
 * @param onUpdate the same for an update, from {@code old_rows} and {@code new_rows}, or from {@code OLD} and {@code NEW}
 * @param onDelete the same for a delete, from {@code old_rows}
 * @param onTruncate the same before the table is emptied, from {@link #EMPTIED}
 * @param afterAppending PL/pgSQL to run if something was appended; possibly empty
 */
record Triggers(
        TableShape table,
        String name,
        String queue,
        String onInsert,
        @Nullable String updatedRow,
        String onUpdate,
        String onDelete,
        String onTruncate,
        String afterAppending) {

    /** Stands for the table in a statement; whatever its name has become. */
    static final String EMPTIED = "/*hone: emptied*/";

    private static final List<String> EVENTS = List.of("insert", "update", "delete", "truncate");

    private String function(String event) {
        return Sql.identifier(table.schema(), TableShape.named(name, "_" + event));
    }

    /** The statements that create the functions. */
    List<String> functions() {
        List<String> sql = new ArrayList<>();
        for (String event : EVENTS) {
            sql.add(function(
                    event,
                    switch (event) {
                        case "insert" -> onInsert;
                        case "update" -> onUpdate;
                        case "delete" -> onDelete;
                        default -> truncated();
                    }));
            sql.add("REVOKE ALL ON FUNCTION " + function(event) + "() FROM PUBLIC");
            sql.add(table.given("FUNCTION " + function(event) + "()"));
        }
        return sql;
    }

    private String truncated() {
        return "EXECUTE "
                + Arrays.stream(onTruncate.split(Pattern.quote(EMPTIED), -1))
                        .map(Sql::literal)
                        .collect(Collectors.joining(" || TG_RELID::regclass || "));
    }

    private String function(String event, String append) {
        return """
                CREATE FUNCTION %s() RETURNS trigger
                LANGUAGE plpgsql SECURITY DEFINER
                SET search_path = pg_catalog, pg_temp
                AS %s""".formatted(
                        function(event), body("""

                #variable_conflict use_column
                <<hone>>
                DECLARE
                    began timestamptz := clock_timestamp();
                    appended bigint;
                BEGIN
                %s;
                    GET DIAGNOSTICS appended = ROW_COUNT;
                %s    INSERT INTO %s (spent_ms) VALUES (extract(epoch FROM clock_timestamp() - hone.began) * 1000);
                    RETURN NULL;
                END
                """.formatted(append.indent(4).stripTrailing(), afterAppending, queue)));
    }

    /** A function's body as a string, in dollars where nothing in it could end them. */
    static String body(String text) {
        return text.contains("$hone") ? Sql.literal(text) : "$hone$" + text + "$hone$";
    }

    List<String> dropFunctions() {
        return EVENTS.reversed().stream()
                .map(event -> "DROP FUNCTION IF EXISTS " + function(event) + "()")
                .toList();
    }

    List<Change> triggers() {
        return EVENTS.stream()
                .map(event -> (Change) new CreateTrigger(
                        table.schema(),
                        table.name(),
                        TableShape.named(name, "_" + event),
                        switch (event) {
                            case "insert" -> "AFTER INSERT";
                            case "update" -> "AFTER UPDATE";
                            case "delete" -> "AFTER DELETE";
                            default -> "BEFORE TRUNCATE";
                        },
                        event.equals("update") && updatedRow != null
                                ? "FOR EACH ROW WHEN (" + updatedRow + ") EXECUTE FUNCTION " + function(event) + "()"
                                : switch (event) {
                                            case "insert" -> "REFERENCING NEW TABLE AS new_rows ";
                                            case "update" -> "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows ";
                                            case "delete" -> "REFERENCING OLD TABLE AS old_rows ";
                                            default -> "";
                                        }
                                        + "FOR EACH STATEMENT EXECUTE FUNCTION " + function(event) + "()"))
                .toList();
    }
}
