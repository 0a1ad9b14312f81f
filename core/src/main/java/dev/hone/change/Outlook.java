package dev.hone.change;

import dev.hone.Json;
import java.util.List;
import java.util.Map;
import tools.jackson.core.type.TypeReference;

/**
 * What a look at the database says of a change before it is made.
 *
 * @param indexes the indexes it would build or remove
 * @param before what is there now and undo will need; empty for nothing
 * @param sql the statements that would run, in order
 * @param undoSql those that would take it back
 * @param note why it is there already, or why not; empty if it is ready
 */
record Outlook(
        Kind kind,
        List<IndexPart> indexes,
        Map<String, Object> before,
        List<String> sql,
        List<String> undoSql,
        String note,
        String advice) {

    enum Kind {
        READY,
        ALREADY,
        REFUSED
    }

    private static final TypeReference<Map<String, Object>> OBJECT = new TypeReference<>() {};

    static Outlook ready(List<IndexPart> indexes, List<String> sql, List<String> undoSql, String note) {
        return new Outlook(Kind.READY, indexes, Map.of(), sql, undoSql, note, "");
    }

    /** Ready, with a record of what is there now. */
    static Outlook ready(Record before, List<String> sql, List<String> undoSql, String note) {
        return new Outlook(Kind.READY, List.of(), Json.MAPPER.convertValue(before, OBJECT), sql, undoSql, note, "");
    }

    static Outlook already(String note) {
        return new Outlook(Kind.ALREADY, List.of(), Map.of(), List.of(), List.of(), note, "");
    }

    static Outlook refused(String note, String advice) {
        return new Outlook(Kind.REFUSED, List.of(), Map.of(), List.of(), List.of(), note, advice);
    }
}
