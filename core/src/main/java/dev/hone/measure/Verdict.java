package dev.hone.measure;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What a measurement says of a target. */
public enum Verdict {
    /** The whole confidence interval is within the limit. */
    PASS,
    /** The whole confidence interval is beyond the limit. */
    FAIL,
    /** The interval contains the limit: measure longer. */
    INCONCLUSIVE;

    @JsonValue
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
