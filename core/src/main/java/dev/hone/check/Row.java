package dev.hone.check;

import dev.hone.Json;
import dev.hone.change.Change;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A row of a check's answer. A few columns have a meaning by their name, as docs/checks/README.md lists them; every other
 * one is evidence.
 */
record Row(Map<String, Object> values) {

    private static final List<String> NAMED =
            List.of("subject", "severity", "summary", "remedy", "sql", "change", "blind");

    /** What could not be seen; null if the row is a finding. */
    @Nullable String blindness() {
        return text("blind");
    }

    /**
     * The row as a finding.
     *
     * @throws IllegalArgumentException if the row lacks a subject or a summary: a defect of the check
     */
    Finding finding(Check check) {
        @Nullable String severity = text("severity");
        @Nullable String remedy = text("remedy");
        @Nullable Object change = values.get("change");
        @Nullable Change made = change == null ? null : Json.MAPPER.convertValue(change, Change.class);
        return new Finding(
                check.id(),
                severity == null ? check.severity() : Severity.of(severity),
                required(check, "subject"),
                required(check, "summary"),
                evidence(),
                check.why(),
                remedy == null ? check.remedy() : remedy,
                statements(made),
                made);
    }

    private Map<String, Object> evidence() {
        Map<String, Object> evidence = new LinkedHashMap<>();
        values.forEach((name, value) -> {
            if (value != null && !NAMED.contains(name)) {
                evidence.put(name, value);
            }
        });
        return Collections.unmodifiableMap(evidence);
    }

    private List<String> statements(@Nullable Change change) {
        if (values.get("sql") instanceof List<?> statements) {
            return statements.stream()
                    .filter(Objects::nonNull)
                    .map(String::valueOf)
                    .toList();
        }
        return change == null ? List.of() : change.sql();
    }

    private String required(Check check, String column) {
        String value = text(column);
        if (value == null) {
            throw new IllegalArgumentException("check " + check.id() + " returned a row without " + column);
        }
        return value;
    }

    private @Nullable String text(String column) {
        return values.get(column) instanceof String text ? text : null;
    }
}
