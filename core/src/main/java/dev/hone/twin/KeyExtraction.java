package dev.hone.twin;

import dev.hone.postgres.Sql;
import java.util.Optional;

/** How SQL takes values apart into the keys that an operator class of inverted indexes makes of them. */
final class KeyExtraction {

    static final String TRIGRAMS = "gin_trgm_ops";

    /** Where pg_trgm is, if it is there. */
    static final String TRIGRAM_SCHEMA =
            "SELECT n.nspname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.proname = 'show_trgm'";

    /** Keys longer than this are hashed by jsonb_ops, to so many characters. */
    private static final int JSON_LONGEST = 125;

    private static final int JSON_HASH = 8;

    private KeyExtraction() {}

    /**
     * A query for the keys of each row: the row's number {@code n}; the {@code key}, NULL for one that is; the {@code
     * part} of the value that it is from, such as a path; its stored {@code width} in bytes; and the {@code kind} that
     * tells keys of the same text apart. A row may have a key several times.
     *
     * @param value an expression of the relation's columns
     * @param relation to be put into FROM, with a column n
     * @param trigrams schema of pg_trgm
     * @return empty where that is needed and not there
     */
    static Optional<String> sql(String operatorClass, String value, String relation, Optional<String> trigrams) {
        String from = " FROM " + relation;
        return switch (operatorClass) {
            case "array_ops", "gin__int_ops" ->
                Optional.of(
                        columns("e::text", "pg_column_size(ROW(e)) - 24", "''") + from + ", unnest(" + value + ") e");
            case "tsvector_ops" ->
                Optional.of(
                        columns("e.lexeme", "octet_length(e.lexeme) + 1", "''") + from + ", unnest(" + value + ") e");
            case TRIGRAMS ->
                trigrams.map(schema -> columns("e", "4", "''") + from + ", unnest(" + Sql.identifier(schema)
                        + ".show_trgm(" + value + "::text)) e");
            case "jsonb_ops", "jsonb_path_ops" -> Optional.of(json(operatorClass.equals("jsonb_ops"), value, from));
            case "gin_hstore_ops" ->
                Optional.of(columns("e", "octet_length(e) + 2", "''") + from + ", unnest(akeys(" + value + ") || avals("
                        + value + ")) e");
            default ->
                Optional.of(columns(value + "::text", "pg_column_size(ROW(" + value + ")) - 24", "''") + from
                        + " WHERE " + value + " IS NOT NULL");
        };
    }

    private static String columns(String key, String width, String kind) {
        return "SELECT n, " + key + " AS key, '' AS part, " + width + " AS width, " + kind + " AS kind";
    }

    /**
     * The items of documents by their paths. With jsonb_ops names and values are keys of their own, and texts in an array
     * are as names are; with jsonb_path_ops each value is hashed with its path.
     */
    private static String json(boolean names, String value, String from) {
        String items = "WITH RECURSIVE item(n, path, name, value, listed) AS (SELECT n, '', NULL::text, " + value
                + "::jsonb, false" + from + " WHERE " + value + " IS NOT NULL UNION ALL"
                + " SELECT i.n, i.path || coalesce('/' || c.name, '/'), c.name, c.value, c.listed FROM item i, LATERAL ("
                + "SELECT e.key AS name, e.value, false AS listed FROM jsonb_each(CASE jsonb_typeof(i.value) WHEN"
                + " 'object' THEN i.value ELSE '{}' END) e UNION ALL SELECT NULL, e.value, true FROM"
                + " jsonb_array_elements(CASE jsonb_typeof(i.value) WHEN 'array' THEN i.value ELSE '[]' END) e) c)"
                + ", scalar AS (SELECT n, value #>> '{}' AS text, path, jsonb_typeof(value) AS type, listed FROM item"
                + " WHERE jsonb_typeof(value) NOT IN ('object', 'array')) ";
        if (!names) {
            return items + "SELECT n, coalesce(text, 'null') AS key, path AS part, 4 AS width, path || ' ' || type AS"
                    + " kind FROM scalar";
        }
        // A flag and a header of one byte each go before the text; a text too long is hashed.
        return items + "SELECT n, key, part, 2 + CASE WHEN bytes >= " + JSON_LONGEST + " THEN " + JSON_HASH
                + " ELSE bytes END AS width, kind FROM (SELECT n, coalesce(text, 'null') AS key, path AS part,"
                + " CASE type WHEN 'null' THEN 0 WHEN 'boolean' THEN 1 ELSE octet_length(text) END AS bytes,"
                + " CASE WHEN type = 'string' AND listed THEN 'name' ELSE type END AS kind FROM scalar UNION ALL"
                + " SELECT n, name, ' names', octet_length(name), 'name' FROM item WHERE name IS NOT NULL) q";
    }
}
