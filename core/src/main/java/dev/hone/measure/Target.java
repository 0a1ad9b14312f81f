package dev.hone.measure;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What must hold after a change: {@code p95 below 500 ms}.
 *
 * @param request the request of the script that it is about; null for all together
 * @param limit in the metric's unit
 */
public record Target(@Nullable String request, Metric metric, Comparator comparator, double limit) {

    /** On which side of the limit the figure must be. */
    public enum Comparator {
        BELOW,
        ABOVE;

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
        public static Comparator of(String label) {
            return valueOf(label.toUpperCase(Locale.ROOT));
        }
    }

    public Target {
        if (!Double.isFinite(limit) || limit < 0) {
            throw new IllegalArgumentException("a limit of " + limit);
        }
    }

    /** The figure of all requests together must be below a limit. */
    public static Target below(Metric metric, double limit) {
        return new Target(null, metric, Comparator.BELOW, limit);
    }

    /** The figure of all requests together must be above a limit. */
    public static Target above(Metric metric, double limit) {
        return new Target(null, metric, Comparator.ABOVE, limit);
    }

    /** The unit of the limit, as {@link Metric#unit} has it. */
    public String unit() {
        return metric.unit();
    }

    /** The target in words: "p95 below 500 ms", "sequential scans below 10 %". */
    public String describe() {
        String figure = switch (metric.unit()) {
            case "share" -> number(limit * 100) + " %";
            case "x" -> number(limit) + "×";
            case "/s" -> number(limit);
            default -> number(limit) + " " + metric.unit();
        };
        return (request == null ? "" : request + ": ") + metric.title() + " " + comparator.label() + " " + figure;
    }

    private static String number(double value) {
        return value == Math.rint(value)
                ? String.format(Locale.ROOT, "%.0f", value)
                : String.format(Locale.ROOT, "%.4g", value).replaceFirst("0+$", "");
    }
}
