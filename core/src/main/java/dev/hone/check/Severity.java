package dev.hone.check;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** How much a finding matters. */
public enum Severity {
    /** Worth knowing. */
    INFO,
    /** Costs time or space now, or will. */
    WARNING,
    /** Endangers the database's work. */
    CRITICAL;

    /** The name in lower case, as it is written everywhere. */
    @JsonValue
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Reads a label.
     *
     * @throws IllegalArgumentException if it is none
     */
    @JsonCreator
    public static Severity of(String label) {
        return valueOf(label.toUpperCase(Locale.ROOT));
    }
}
