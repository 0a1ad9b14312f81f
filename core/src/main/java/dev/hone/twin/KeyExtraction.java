package dev.hone.twin;

import dev.hone.postgres.Sql;
import java.util.Optional;

/** How SQL takes values apart into the keys that an operator class of inverted indexes makes of them. */
final class KeyExtraction {

    /** Keys longer than this are hashed by jsonb_ops, to so many characters (JGIN_MAXLENGTH). */
    private static final int JSON_LONGEST = 125;

    private static final int JSON_HASH = 8;

    private static final String TRIGRAMS = "gin_trgm_ops";
    private static final String HSTORE = "gin_hstore_ops";

    private KeyExtraction() {}

    /** A query for the schema of the extension whose functions are called; empty if none is needed. */
    static Optional<String> schemaQuery(String operatorClass) {
        String extension = switch (operatorClass) {
            case TRIGRAMS -> "pg_trgm";
            case HSTORE -> "hstore";
            default -> "";
        };
        return extension.isEmpty()
                ? Optional.empty()
                : Optional.of("SELECT n.nspname FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace WHERE"
                        + " x.extname = '" + extension + "'");
    }

    /**
     * A query for the keys of each row: the row's number {@code n}; the {@code key}, NULL for one that is; the {@code
     * part} of the value that it is from, such as a path; its stored {@code width} in bytes; and the {@code kind} that
     * tells keys of the same text apart. A row may have a key several times. Values become texts by their types' own
     * output functions, never by a cast, which may be anybody's.
     *
     * @param value an expression of the relation's columns
     * @param relation to be put into FROM, with a column n
     * @param schema what {@link #schemaQuery} found
     * @return empty where the extension is not there, or it is not known what the operator class does
     */
    static Optional<String> sql(String operatorClass, String value, String relation, Optional<String> schema) {
        String from = " FROM " + relation;
        return switch (operatorClass) {
            case "array_ops", "gin__int_ops" ->
                Optional.of(columns(text("e"), "pg_column_size(ROW(e)) - 24") + from + ", unnest(" + value + ") e");
            case "tsvector_ops" ->
                Optional.of(columns("e.lexeme", "octet_length(e.lexeme) + 1") + from + ", unnest(" + value + ") e");
            case TRIGRAMS ->
                schema.map(Sql::identifier)
                        .map(in -> columns("e", "4") + from + ", unnest(" + in + ".show_trgm(" + text(value) + ")) e");
            case HSTORE ->
                schema.map(Sql::identifier)
                        .map(in -> columns("e", "octet_length(e) + 2") + from + ", unnest(" + in + ".akeys(" + value
                                + ") || " + in + ".avals(" + value + ")) e");
            case "jsonb_ops", "jsonb_path_ops" -> Optional.of(json(operatorClass.equals("jsonb_ops"), value, from));
            default ->
                // Those of btree_gin take a value as it is.
                operatorClass.startsWith("gin_")
                        ? Optional.empty()
                        : Optional.of(columns(text(value), "pg_column_size(ROW(" + value + ")) - 24") + from + " WHERE "
                                + value + " IS NOT NULL");
        };
    }

    private static String text(String value) {
        return "CASE WHEN " + value + " IS NOT NULL THEN format('%s', " + value + ") END";
    }

    private static String columns(String key, String width) {
        return "SELECT n, " + key + " AS key, '' AS part, " + width + " AS width, '' AS kind";
    }

    /**
     * The items of documents by their paths, to which arrays add nothing. With jsonb_ops names and values are keys of
     * their own, and texts in an array are as names are; with jsonb_path_ops each value is hashed with its path.
     */
    private static String json(boolean names, String value, String from) {
        String items = "WITH RECURSIVE item(n, path, name, value, listed) AS (SELECT n, '', NULL::text, " + value
                + ", true" + from + " WHERE " + value + " IS NOT NULL UNION ALL"
                + " SELECT i.n, i.path || coalesce('/' || c.name, ''), c.name, c.value, c.listed FROM item i, LATERAL ("
                + "SELECT e.key AS name, e.value, false AS listed FROM jsonb_each(CASE jsonb_typeof(i.value) WHEN"
                + " 'object' THEN i.value ELSE '{}' END) e UNION ALL SELECT NULL, e.value, true FROM"
                + " jsonb_array_elements(CASE jsonb_typeof(i.value) WHEN 'array' THEN i.value ELSE '[]' END) e) c)"
                + ", scalar AS (SELECT n, CASE jsonb_typeof(value) WHEN 'number' THEN trim_scale((value #>>"
                + " '{}')::numeric)::text ELSE value #>> '{}' END AS text, path, jsonb_typeof(value) AS type, listed"
                + " FROM item WHERE jsonb_typeof(value) NOT IN ('object', 'array')) ";
        if (!names) {
            return items + "SELECT n, coalesce(text, 'null') AS key, path AS part, 4 AS width, path || ' ' || type AS"
                    + " kind FROM scalar";
        }
        // A flag and a header of one byte each go before the text; a text too long is hashed.
        return items + "SELECT n, key, part, 2 + CASE WHEN bytes > " + JSON_LONGEST + " THEN " + JSON_HASH
                + " ELSE bytes END AS width, kind FROM (SELECT n, coalesce(text, 'null') AS key, path AS part,"
                + " CASE type WHEN 'null' THEN 0 WHEN 'boolean' THEN 1 ELSE octet_length(text) END AS bytes,"
                + " CASE WHEN type = 'string' AND listed THEN 'name' ELSE type END AS kind FROM scalar UNION ALL"
                + " SELECT n, name, ' names', octet_length(name), 'name' FROM item WHERE name IS NOT NULL) q";
    }
}
