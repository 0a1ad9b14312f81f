package dev.hone.change;

import dev.hone.Json;
import dev.hone.postgres.ServerVersion;
import dev.hone.postgres.Sql;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Partitioning by one statement that needs no Hone, and another that takes it back. What is to be done is known only on
 * the server; so the statement asks partitioning.sql there, and does what it says. What takes it back it leaves in a
 * table, for the other.
 */
final class PartitionScript {

    private static final String WAY_BACK = Journal.SCHEMA + ".way_back";
    private static final Pattern PARAMETER = Pattern.compile("(?<!:):([a-z_]+)");
    private static final Pattern COMMENT = Pattern.compile("(?m)^\\s*--.*\\n");
    private static final String QUOTE = "$hone$";

    /** Statements out of this table are run with the rights of who runs the script: no stranger may have written them. */
    private static final String TRUSTED = """
                IF EXISTS (SELECT FROM pg_catalog.pg_roles r
                           WHERE r.oid IN (SELECT n.nspowner FROM pg_catalog.pg_namespace n WHERE n.nspname = 'performance_monitoring'
                                           UNION ALL SELECT c.relowner FROM pg_catalog.pg_class c
                                           WHERE c.oid = pg_catalog.to_regclass('performance_monitoring.way_back'))
                             AND NOT r.rolsuper AND r.rolname <> current_user
                             AND r.oid <> (SELECT d.datdba FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())) THEN
                    RAISE EXCEPTION 'performance_monitoring.way_back, or its schema, belongs to another role, whose statements are not to be run here';
                END IF;
            """;

    private PartitionScript() {}

    static String forth(PartitionTable change) {
        boolean byHash = change.scheme() instanceof PartitionTable.Hashes;
        String order = byHash
                ? "'lock', 'guard', 'child_check', 'dirty', 'shell', 'note', 'copy', 'ready', 'swap', 'valid'"
                : "'lock', 'guard', 'child_check', 'index', 'nullable', 'check', 'shell', 'swap', 'valid'";
        String upper = PartitionDesign.upperQuery(change)
                .map(query -> "    EXECUTE " + Sql.literal(query) + " INTO hone_upper;\n")
                .orElse("");
        String subject = Sql.literal(change.subject());
        return block("""
                DECLARE
                    hone_upper text;
                    hone_wrong text;
                    hone_name text[];
                    hone_step record;
                BEGIN
                    PERFORM pg_catalog.set_config('search_path', 'pg_catalog', true), pg_catalog.set_config('jit', 'off', true);
                    EXECUTE 'LOCK TABLE ' || %1$s || ' IN ACCESS EXCLUSIVE MODE';
                %2$s    CREATE TEMPORARY TABLE hone_steps ON COMMIT DROP AS
                %3$s;
                    SELECT statement INTO hone_wrong FROM pg_temp.hone_steps WHERE phase = 'refuse' LIMIT 1;
                    IF FOUND THEN
                        RAISE EXCEPTION '%% cannot be partitioned: %%', %1$s, hone_wrong;
                    END IF;
                    SELECT array_agg(statement ORDER BY n) INTO hone_name FROM pg_temp.hone_steps WHERE phase = 'name';
                    INSERT INTO pg_temp.hone_steps SELECT 'copy', 0, format('INSERT INTO %%s (%%s) OVERRIDING SYSTEM VALUE SELECT %%2$s FROM %%s', hone_name[1], hone_name[5], %1$s);
                    UPDATE pg_temp.hone_steps SET statement = CASE phase
                        WHEN 'nullable' THEN format('ALTER TABLE %%s ALTER %%s SET NOT NULL', %1$s, statement)
                        WHEN 'check' THEN format('ALTER TABLE %%s ADD CONSTRAINT hone_partition_bound CHECK (%%s)', %1$s, statement)
                        WHEN 'child_check' THEN (SELECT format('ALTER TABLE ONLY %%I.%%I ADD CONSTRAINT %%I CHECK (%%s) NO INHERIT', c.schema, c."table", c.name, c.condition)
                                                 FROM jsonb_to_record(statement::jsonb) c(schema text, "table" text, name text, condition text))
                        ELSE statement::jsonb ->> 'definition' END
                    WHERE phase IN ('nullable', 'check', 'child_check', 'index', 'index_back');
                    IF to_regnamespace('performance_monitoring') IS NULL THEN
                        CREATE SCHEMA performance_monitoring;
                    END IF;
                    CREATE TABLE IF NOT EXISTS %4$s (subject text, number bigint, statement text, PRIMARY KEY (subject, number));
                %7$s                    INSERT INTO %4$s
                    SELECT %1$s, row_number() OVER (ORDER BY array_position(ARRAY['index_back', 'lock_back', 'columns', 'bring', 'back', 'remains', 'valid_back'], phase), n, statement), statement
                    FROM (SELECT phase, n, statement FROM pg_temp.hone_steps
                          UNION ALL SELECT 'bring', 0, %5$s) s
                    WHERE phase IN ('index_back', 'lock_back', 'columns', 'bring', 'back', 'remains', 'valid_back') AND statement IS NOT NULL;
                    FOR hone_step IN
                        SELECT phase, statement FROM pg_temp.hone_steps WHERE phase IN (%6$s)
                        ORDER BY array_position(ARRAY[%6$s], phase), n, statement
                    LOOP
                        IF hone_step.phase = 'guard' THEN
                            EXECUTE hone_step.statement INTO hone_wrong;
                            IF hone_wrong IS NOT NULL THEN
                                RAISE EXCEPTION '%%', hone_wrong;
                            END IF;
                        ELSE
                            EXECUTE hone_step.statement;
                        END IF;
                    END LOOP;
                END""".formatted(
                subject, upper, generator(change), WAY_BACK, byHash ? bringing(subject) : "NULL", order, TRUSTED));
    }

    /** Writes on the server what brings noted rows over to the table of before. */
    private static String bringing(String subject) {
        PartitionDesign names = new PartitionDesign(
                Map.of("name", java.util.List.of("", "<old>", "<dirty>", "", "<columns>", "<keys>", "")));
        String template = OnlineCopy.bring(names, "<table>", "<old>", Long.MAX_VALUE);
        // A literal within the statement: what is put into it must not end it.
        return "replace(replace(replace(replace(replace(" + Sql.literal(template)
                + ", '<old>', replace(hone_name[2], '''', '''''')), '<dirty>', replace(hone_name[3], '''', ''''''))"
                + ", '<columns>', replace(hone_name[5], '''', '''''')), '<keys>', replace(hone_name[6], '''', ''''''))"
                + ", '<table>', replace(" + subject + ", '''', ''''''))";
    }

    private static String generator(PartitionTable change) {
        PartitionDesign.Parameters given = PartitionDesign.Parameters.of(change);
        Map<String, String> values = Map.of(
                "schema", Sql.literal(change.schema()),
                "table", Sql.literal(change.table()),
                "key", Sql.literal(change.column()),
                "kind", Sql.literal(given.kind()),
                "unit", Sql.literal(given.unit()),
                "width", Sql.literal(given.width()),
                "count", String.valueOf(given.count()),
                "upper", "hone_upper",
                "foreign_keys", Sql.literal(Json.MAPPER.writeValueAsString(change.foreignKeys())));
        // It asks for the version itself: there is one text for all.
        String text =
                Sql.text(PartitionScript.class, "partitioning", new ServerVersion(ServerVersion.OLDEST_MAJOR * 10_000));
        return PARAMETER
                .matcher(COMMENT.matcher(text).replaceAll(""))
                .replaceAll(found -> Matcher.quoteReplacement(value(values, found.group(1), found.group())))
                .strip();
    }

    private static String value(Map<String, String> values, String name, String otherwise) {
        @Nullable String value = values.get(name);
        return value == null ? otherwise : value;
    }

    static String back(PartitionTable change) {
        String subject = Sql.literal(change.subject());
        return block("""
                DECLARE
                    hone_step record;
                    hone_done boolean := false;
                BEGIN
                %3$s    FOR hone_step IN SELECT statement FROM %2$s WHERE subject = %1$s ORDER BY number LOOP
                        EXECUTE hone_step.statement;
                        hone_done := true;
                    END LOOP;
                    IF NOT hone_done THEN
                        RAISE EXCEPTION 'nothing is known of how to take %% back', %1$s;
                    END IF;
                    DELETE FROM %2$s WHERE subject = %1$s;
                END""".formatted(subject, WAY_BACK, TRUSTED));
    }

    private static String block(String body) {
        String all = "#variable_conflict use_column\n" + body;
        return all.contains(QUOTE) ? "DO " + Sql.literal(all) : "DO " + QUOTE + "\n" + all + "\n" + QUOTE;
    }
}
