package dev.hone.check;

import dev.hone.change.Change;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Something wrong with a database.
 *
 * @param check id of the check that found it
 * @param subject the object it is about, qualified and quoted as in SQL
 * @param summary one sentence that says what is wrong with this subject
 * @param evidence what was measured; names carry their unit, such as {@code size_bytes}
 * @param why why it matters, the same for every finding of a check
 * @param remedy what to do about it, in words
 * @param sql statements ready to run, in order; empty where words have to do
 * @param change the change that Hone itself would make; null where there is none
 */
public record Finding(
        String check,
        Severity severity,
        String subject,
        String summary,
        Map<String, Object> evidence,
        String why,
        String remedy,
        List<String> sql,
        @Nullable Change change) {

    public Finding {
        sql = List.copyOf(sql);
    }
}
