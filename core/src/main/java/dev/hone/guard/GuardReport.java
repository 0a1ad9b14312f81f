package dev.hone.guard;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.hone.measure.Interval;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What the guard found.
 *
 * @param reasons why the deployment is taken back; empty if it is not
 * @param notes what a reader should know: what could not be seen, what could not be decided
 * @param rows the queries that could be compared, those that got worst first, then those that have too few requests, or
 *     none any more, untouched ones last
 * @param windowsBefore slices of time before
 * @param windowsAfter and after
 */
public record GuardReport(
        Verdict verdict,
        List<String> reasons,
        List<String> notes,
        List<Row> rows,
        int windowsBefore,
        int windowsAfter) {

    public GuardReport {
        reasons = List.copyOf(reasons);
        notes = List.copyOf(notes);
        rows = List.copyOf(rows);
    }

    /** What is to become of the deployment. */
    public enum Verdict {
        /** It stays: what it touches got no slower than it may, and it does what it promised. */
        KEPT,
        /** It stays, and the evidence does not tell whether that is right. */
        INCONCLUSIVE,
        /** It is taken back. */
        ROLLED_BACK;

        @JsonValue
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What a comparison says of a query. */
    public enum Change {
        FASTER("faster"),
        WITHIN("within the limit"),
        SLOWER("too slow"),
        /** It writes, and was announced to get slower for the sake of others, which got faster by more. */
        ANNOUNCED("slower, as announced"),
        UNCERTAIN("uncertain"),
        TOO_FEW("too few requests"),
        CONTROL("control");

        private final String words;

        Change(String words) {
            this.words = words;
        }

        @JsonValue
        public String words() {
            return words;
        }
    }

    /**
     * One query.
     *
     * @param query its id in the source
     * @param figure mean or p95
     * @param before milliseconds
     * @param after milliseconds; null if it was not called any more, or never came to its end
     * @param load by how much untouched queries changed meanwhile: 1.1 for 10 % slower; 1 if there are none
     * @param ratio after divided by before, and by what the load did; null if there is no after
     * @param interval where the ratio lies; the intervals of all queries at all looks hold together with 95 % confidence.
     *     Null if there is too little to say
     */
    public record Row(
            String source,
            String query,
            String text,
            Role role,
            String figure,
            long requestsBefore,
            long requestsAfter,
            long errorsBefore,
            long errorsAfter,
            double before,
            @Nullable Double after,
            double load,
            @Nullable Double ratio,
            @Nullable Interval interval,
            Change change) {}
}
