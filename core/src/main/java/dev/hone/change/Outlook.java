package dev.hone.change;

import java.util.List;

/**
 * What a look at the database says of a change before it is made.
 *
 * @param indexes the indexes it would build or remove
 * @param sql the statements that would run, in order
 * @param undoSql those that would take it back
 * @param note why it is there already, or why not; empty if it is ready
 */
record Outlook(Kind kind, List<IndexPart> indexes, List<String> sql, List<String> undoSql, String note, String advice) {

    enum Kind {
        READY,
        ALREADY,
        REFUSED
    }

    static Outlook ready(List<IndexPart> indexes, List<String> sql, List<String> undoSql, String note) {
        return new Outlook(Kind.READY, indexes, sql, undoSql, note, "");
    }

    static Outlook already(String note) {
        return new Outlook(Kind.ALREADY, List.of(), List.of(), List.of(), note, "");
    }

    static Outlook refused(String note, String advice) {
        return new Outlook(Kind.REFUSED, List.of(), List.of(), List.of(), note, advice);
    }
}
